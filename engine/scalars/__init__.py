"""The scalar fold: last values and windows, no columns. What `ls`, `status`, the runner and its rules know of a run.

Standard library, Python 3.8: the runner carries it. Each segment folds on its own, in the order of its bytes, so the
segments of a run can be read in any interleaving. Nothing here reads a file or looks at a clock.
"""

from __future__ import annotations

from engine.scalars.attempt import SEGMENTS, Ahead, AttemptFacts, AttemptFold
from engine.scalars.keeper import KeeperFacts
from engine.scalars.runner import ExitFacts, RunnerFacts
from engine.scalars.spans import Span, joined
from engine.scalars.tally import Sample, Tally
from engine.scalars.trainer import TrainerFacts

__all__ = [
    "SEGMENTS",
    "Ahead",
    "AttemptFacts",
    "AttemptFold",
    "ExitFacts",
    "KeeperFacts",
    "RunnerFacts",
    "Sample",
    "Span",
    "Tally",
    "TrainerFacts",
    "joined",
]
