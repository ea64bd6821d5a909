"""For scripts of others: `Trainer(…, callbacks=[CockpitCallback()])` makes transformers and TRL speak events.

Lightning and plain loops need no class: their lines stand in this folder's README.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from engine.emit import emit, event

SUMMARY = ("train_runtime", "total_flos")
"""Keys of the last log, which is a summary and no step."""


class CockpitCallback(TrainerCallback):
    """Full-precision rows with their step, at every log; plans, checkpoints and the end as events."""

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **more: Any
    ) -> None:
        if state.is_world_process_zero:
            event("planned", total=state.max_steps, start_step=state.global_step or None)

    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **more: Any
    ) -> None:
        logs: dict[str, Any] = more.get("logs") or {}
        if not state.is_world_process_zero or any(key in logs for key in SUMMARY):
            return
        numbers = {k: v for k, v in logs.items() if isinstance(v, (int, float))}
        emit(step=state.global_step, **numbers)

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **more: Any
    ) -> None:
        if state.is_world_process_zero:
            path = Path(args.output_dir or ".") / f"checkpoint-{state.global_step}"
            event("saved", step=state.global_step, path=str(path.resolve()))

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **more: Any
    ) -> None:
        if state.is_world_process_zero and state.global_step >= state.max_steps:
            event("finished", step=state.global_step)
