"""How to read a foreign trainer: from its output lines to rows of metrics.

Pure and standard library only, Python 3.8: readers use it on the user's side and the runner's rules use it on the
machine. A dialect is one function from a line of text to a row, a total, both or nothing; it keeps no state and never
evaluates text. `Reader` cuts the bytes, chooses the dialect by the first lines that one understands, and stays with it.
"""

from __future__ import annotations

from engine.dialects.reader import DIALECTS, Reader

__all__ = ["DIALECTS", "Reader"]
