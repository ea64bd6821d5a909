"""The seven answers: is it alive, is it learning, when is it done, what does it cost, what is at
risk, is the GPU used, does anything need me.

Pure: a Frame and the Terms go in, a Status comes out. No file, no process, no clock.
"""

from __future__ import annotations

from engine.status.answers import Status
from engine.status.describe import describe
from engine.status.risk import Disk, Seen
from engine.status.terms import Terms

__all__ = ["Disk", "Seen", "Status", "Terms", "describe"]
