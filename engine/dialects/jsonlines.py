"""One JSON object a line, with a metric in it, on a console or in a file like LLaMA-Factory's `trainer_log.jsonl`."""

from __future__ import annotations

from typing import Any, Mapping

from engine.dialects.reading import (
    EPOCHS,
    METRICS,
    STEPS,
    TELLING,
    TOTALS,
    Dialect,
    Reading,
    canonical,
)
from engine.events.base import number, whole
from engine.events.wire import KEY_CAP, METRICS_CAP, parse


def read(line: str) -> Reading | None:
    """The row of an object that names a known metric; anything else is nothing."""
    text = line.strip()
    if not text.startswith("{") or '"' not in text:
        return None
    found = parse(text.encode("utf-8", "replace"))
    if found is None or not any(
        str(key).lower() in TELLING or str(key).startswith("eval_") for key in found
    ):
        return None
    return row(found)


def row(found: Mapping[str, Any]) -> Reading | None:
    """Step, epoch, total and metrics of an object, whatever the script calls them."""
    values: dict[str, float] = {}
    step = total = None
    epoch = None
    for key, raw in found.items():
        low = key.lower()
        if low in STEPS:
            step = whole(raw) if step is None else step
        elif low in TOTALS:
            total = whole(raw)
        elif low in EPOCHS:
            epoch = number(raw)
        elif (
            len(key) <= KEY_CAP
            and len(values) < METRICS_CAP
            and low not in ("rank", "t", "timestamp")
        ):
            one = number(raw)
            if one is not None:
                values.setdefault(METRICS.get(low) or canonical(key), one)
    if step is None and not values:
        return None
    return Reading(step, values, epoch, total, rank=whole(found.get("rank")))


DIALECT = Dialect("jsonlines", 'JSON lines: {"step": 10, "loss": 2.3}', read, ('{"', '{ "'))
