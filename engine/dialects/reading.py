"""What a dialect returns for a line, and the names it may use for metrics."""

from __future__ import annotations

from typing import Callable, NamedTuple, Optional

from engine.events.base import Row


class Reading(NamedTuple):
    """A row, the steps of the whole run as the line tells them, both, or neither: then no other dialect is asked."""

    row: Row | None
    total: int | None = None


Dialect = Callable[[str], Optional[Reading]]

METRICS: dict[str, str] = {
    "loss": "loss",
    "train_loss": "loss",
    "train/loss": "loss",
    "training_loss": "loss",
    "learning_rate": "learning_rate",
    "lr": "learning_rate",
    "grad_norm": "grad_norm",
    "gnorm": "grad_norm",
    "eval_loss": "eval_loss",
    "val_loss": "eval_loss",
    "valid_loss": "eval_loss",
    "validation_loss": "eval_loss",
    "accuracy": "accuracy",
    "acc": "accuracy",
    "perplexity": "perplexity",
    "ppl": "perplexity",
    "mfu": "mfu",
}
"""Names by which a line is known to be about training, and what the cockpit calls them."""

STEPS = frozenset(("step", "steps", "iter", "iteration", "iters", "global_step", "batch"))
EPOCHS = frozenset(("epoch", "epochs"))
