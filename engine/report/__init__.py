"""The session log of runs: an entry for each, and the tables over all, made again from journals at any time.

What a person typed is marked as typed; what a person wrote between the marks of a log stays as it is.
"""

from __future__ import annotations
