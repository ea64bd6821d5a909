"""Which checkpoints a run has, what is in them, which can be trusted, and what a resume from one must show.

Nothing here unpickles, and nothing changes what a script wrote: what is torn is set aside by a fact, never deleted.
"""

from __future__ import annotations

from engine.checkpoints.checkpoint import HERE, Checkpoint, Place
from engine.checkpoints.listing import announced, matched, newest, of_run, resumable
from engine.shelf import step_in

__all__ = [
    "HERE",
    "Checkpoint",
    "Place",
    "announced",
    "matched",
    "newest",
    "of_run",
    "resumable",
    "step_in",
]
