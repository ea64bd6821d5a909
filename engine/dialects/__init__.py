"""How to read a foreign trainer: from its output lines to rows of metrics.

Pure and standard library only, Python 3.8: readers use it on the user's side and the runner's rules use it on the
machine. A dialect is one function from a line of text to what it tells; it keeps no state and never evaluates text.
`Reader` cuts the bytes, chooses the dialect by the first lines that prove one, and `Stepping` gives each row its step.
"""

from __future__ import annotations

from engine.dialects.lens import Lens, lens
from engine.dialects.reader import Claim, Reader
from engine.dialects.registry import DIALECTS, known

__all__ = ["DIALECTS", "Claim", "Lens", "Reader", "known", "lens"]
