"""`step 10 loss 2.31`, `step=10, loss=2.31`, `Epoch 3/100: train_loss=-1.2`, `iter 40: loss 3.1, time 12ms`.

A line counts only when it names a metric that is known to be one; `port: 8080` is nothing.
"""

from __future__ import annotations

import re

from engine.dialects.reading import EPOCHS, METRICS, STEPS, Reading
from engine.events.base import Row, number

_PAIR = re.compile(
    r"(?<![\w./-])([A-Za-z_][\w/.-]{0,63}?)[\"']?(?:\s*[=:]\s*|\s+)[\"']?"
    r"([-+]?(?:\d[\d_]{0,30}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][-+]?\d{1,4})?|[-+]?(?:nan|inf(?:inity)?)(?![a-z]))"
    r"(?:\s{0,2}/\s{0,2}(\d{1,18}))?",
    re.IGNORECASE,
)
LINE_CAP = 4096
"""Characters of a line that are looked at: a metric line is short, and a long one must not cost time."""


def read(line: str) -> Reading | None:
    """The metrics a line names, in the order it names them; a name that comes twice keeps its first value."""
    step: int | None = None
    epoch: float | None = None
    total: int | None = None
    values: dict[str, float] = {}
    known = False
    for name, text, of in _PAIR.findall(line[:LINE_CAP]):
        key = name.lower().rstrip(".-")
        value = _value(text)
        if value is None:
            continue
        if key in STEPS and value == value and step is None and abs(value) < 2**53:
            step, total = int(value), int(of) if of else None
        elif key in EPOCHS:
            epoch = value if epoch is None else epoch
        elif key in METRICS:
            known = True
            values.setdefault(METRICS[key], value)
        else:
            values.setdefault(key, value)
    if not known:
        return Reading(None, total) if total else None
    return Reading(Row(None, step, values, epoch), total)


def _value(text: str) -> float | None:
    found = number(text)
    if found is None:
        try:
            found = float(text)
        except ValueError:
            return None
    return found
