"""A console that prints one JSON object a line, with a metric in it."""

from __future__ import annotations

from engine.dialects.reading import METRICS, STEPS, Reading
from engine.events.base import Row, whole
from engine.events.wire import parse, row


def read(line: str) -> Reading | None:
    """The row of an object that names a known metric; anything else is nothing."""
    text = line.strip()
    if not text.startswith("{") or '"' not in text:
        return None
    found = parse(text.encode("utf-8", "replace"))
    if found is None or not any(str(key).lower() in METRICS for key in found):
        return None
    plain = row(
        {_name(key): value for key, value in found.items() if str(key).lower() not in STEPS}
    )
    if plain is None:
        return None
    steps = [whole(value) for key, value in found.items() if str(key).lower() in STEPS]
    step = next((value for value in steps if value is not None), None)
    return Reading(Row(plain.t, step, plain.values, plain.epoch, plain.phase, plain.rank))


def _name(key: str) -> str:
    return METRICS.get(key.lower(), key)
