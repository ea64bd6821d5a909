"""Other programs' records of a training as runs of ours, read without those programs and their libraries.

    tfevents   TensorBoard's event files: scalars of any writer
    wandb      W&B's transaction log (`run-*.wandb`), also of a run that was never uploaded
    trackio    Trackio's SQLite
    table      CSV, JSON lines, `trainer_state.json`
    console    what a trainer printed: kept as it is, and read by a dialect as always

`plan` looks at a path and says what would become of it; `record` makes the run. What a file does not say (how a run
ended, for instance) stays unknown. Files are read in pieces, so that their size does not matter; what cannot be read
is counted.
"""

from __future__ import annotations

from engine.imports.plan import Plan, plan
from engine.imports.record import record

__all__ = ["Plan", "plan", "record"]
