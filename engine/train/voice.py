"""How the trainer tells: rows and events to the cockpit, one line for a person to the console. Only rank 0 speaks."""

from __future__ import annotations

from typing import Any

from engine.emit import emit, event


class Voice:
    def __init__(self, speaks: bool = True) -> None:
        self._speaks = speaks

    def row(self, **metrics: Any) -> None:
        """Metrics of one step; a None is left out."""
        if self._speaks:
            known = {key: value for key, value in metrics.items() if value is not None}
            emit(**known)
            print(_line(known), flush=True)

    def event(self, name: str, **fields: Any) -> None:
        if self._speaks:
            event(name, **{k: v for k, v in fields.items() if v is not None})

    def say(self, text: str, level: str = "info") -> None:
        if self._speaks:
            event("said", text=text, level=level)
            print(text if level == "info" else f"{level}: {text}", flush=True)


def _line(row: dict[str, Any]) -> str:
    shown = ("step", "phase", "loss", "eval_loss", "learning_rate", "grad_norm", "tokens_s", "mfu")
    return "  ".join(f"{key} {_number(row[key])}" for key in shown if key in row)


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
