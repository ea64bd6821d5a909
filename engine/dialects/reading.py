"""What a dialect returns for a line, and the names it may use for metrics."""

from __future__ import annotations

import re
from typing import Callable, Mapping, NamedTuple, Optional

LINE_CAP = 4096
"""Characters of a line that are looked at: a metric line is short, and a long one must not cost time."""
NUMBER = (
    r"[-+]?(?:\d[\d_]{0,30}(?:,\d{3}){0,6}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][-+]?\d{1,4})?"
    r"|[-+]?(?:nan|inf(?:inity)?)(?![A-Za-z])"
)
"""A number as trainers print them, bounded, so that no line costs more than its length."""

NO_VALUES: Mapping[str, float] = {}


class Reading(NamedTuple):
    """What one line tells. A line that is understood and tells nothing is an empty one: no other dialect is asked."""

    step: int | None = None
    values: Mapping[str, float] = NO_VALUES
    epoch: float | None = None
    total: int | None = None
    """Steps of the whole run."""
    epochs: int | None = None
    """Epochs of the whole run; then `epoch` counts them from 1."""
    batch: tuple[int, int] | None = None
    """The step inside this epoch, and how many an epoch has."""
    saved: str | None = None
    """A checkpoint that the trainer says it writes; a claim, not a proof."""
    rank: int | None = None


NOTHING = Reading()
PROOF = 2
"""One such line settles the choice."""
Read = Callable[[str], Optional[Reading]]


class Dialect(NamedTuple):
    """How to read one family of trainers. `read` keeps no state and never evaluates text."""

    name: str
    about: str
    read: Read
    hints: tuple[str, ...]
    """A line without any of these is never one of this dialect; in lower case."""
    weight: int = PROOF
    """How much it proves when it reads a line; one that weighs more takes over."""
    bars: bool = False
    """Its progress bars count steps."""


METRICS: dict[str, str] = {
    "loss": "loss",
    "train_loss": "loss",
    "train/loss": "loss",
    "training_loss": "loss",
    "lm_loss": "loss",
    "trl": "loss",
    "learning_rate": "learning_rate",
    "lr": "learning_rate",
    "train/lr": "learning_rate",
    "train/learning_rate": "learning_rate",
    "grad_norm": "grad_norm",
    "train/grad_norm": "grad_norm",
    "gradient_norm": "grad_norm",
    "gnorm": "grad_norm",
    "grdn": "grad_norm",
    "norm": "grad_norm",
    "eval_loss": "eval_loss",
    "eval/loss": "eval_loss",
    "val_loss": "eval_loss",
    "val/loss": "eval_loss",
    "valid_loss": "eval_loss",
    "validation_loss": "eval_loss",
    "test_loss": "eval_loss",
    "tel": "eval_loss",
    "accuracy": "accuracy",
    "acc": "accuracy",
    "val_accuracy": "eval_accuracy",
    "val_acc": "eval_accuracy",
    "perplexity": "perplexity",
    "ppl": "perplexity",
    "val_bpb": "eval_bpb",
    "mfu": "mfu",
    "bf16_mfu": "mfu",
    "tok/sec": "tokens_per_s",
    "tok/s": "tokens_per_s",
    "tokens_per_second": "tokens_per_s",
    "tokens_per_second_per_gpu": "tokens_per_s",
    "time_ms": "step_ms",
    "dt": "step_ms",
}
"""The names that are known to be about training, and what the cockpit calls them."""

TELLING = frozenset(METRICS) - {"norm", "trl", "tel", "dt", "time_ms"}
"""By these a line of any script is known to be a metric line; the rest are too short to prove anything."""

STEPS = frozenset(
    "step steps iter iteration iters global_step current_steps optimizer_step train_step".split()
)
BATCHES = frozenset(("batch", "batches"))
EPOCHS = frozenset(("epoch", "epochs", "current_epoch"))
TOTALS = frozenset(("total_steps", "max_steps", "num_steps", "total_optimization_steps"))
_TOTAL = re.compile(
    r"total (?:optimi[sz]\w{1,9} )?steps\s{0,3}[=:]\s{0,3}(\d[\d,]{0,20})", re.IGNORECASE
)
_SAVED = re.compile(
    r"\bsav(?:ing|ed)\s(?:\w{1,12}\s){0,3}?checkpoint(?:\s\w{1,12})?(?:\s(?:to|in|at|as)|:)\s{1,2}([^\s,;'\"]{1,400})",
    re.IGNORECASE,
)


def canonical(name: str) -> str:
    """What the cockpit calls a metric."""
    return METRICS.get(name.lower(), name)


def value(text: str) -> float | None:
    """A number as text to a float; `None` for anything else."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None


def whole(text: str) -> int | None:
    """The whole number in a short text."""
    found = value(text)
    return (
        int(found)
        if found is not None and found == found and abs(found) < 2**53 and found == int(found)
        else None
    )


def aside(line: str) -> Reading | None:
    """What any trainer may say beside its metrics: how many steps there will be, and where it saves."""
    low = line[:LINE_CAP].lower()
    if "checkpoint" in low and "sav" in low:
        found = _SAVED.search(line[:LINE_CAP])
        if found is not None:
            return Reading(saved=found.group(1).rstrip(".:"))
    if "total" in low and "steps" in low:
        found = _TOTAL.search(line[:LINE_CAP])
        if found is not None:
            return Reading(total=whole(found.group(1)))
    return None
