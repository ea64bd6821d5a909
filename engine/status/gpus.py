"""The runner's pulse to one value a GPU. The only place that knows the pulse's short keys.

A pulse carries its GPUs as columns of equal length. No value is trusted to have the right type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.events.base import number, whole
from engine.scalars import RunnerFacts
from engine.status.answers import Gpu

MIB = 1 << 20
WELL = "ok"


def gpus(facts: RunnerFacts, ahead_s: float = 0.0) -> tuple[Gpu, ...]:
    """Every GPU that was found or read, as last read."""
    read: dict[int, Gpu] = {}
    for index, card in facts.gpus.items():
        read[index] = _gpu(index, card, {}, None)
    pulse = facts.pulse
    if pulse is None:
        return tuple(read[index] for index in sorted(read))
    as_of = None if pulse.t is None else pulse.t - ahead_s
    for values in _rows(pulse.gpus or {}):
        at = whole(values.get("i"))
        if at is not None:
            read[at] = _gpu(at, facts.gpus.get(at, {}), values, as_of)
    return tuple(read[index] for index in sorted(read))


def _gpu(
    index: int, card: Mapping[str, Any], values: Mapping[str, Any], as_of: float | None
) -> Gpu:
    age = number(values.get("age"))
    return Gpu(
        index=index,
        name=_text(card.get("name")),
        util=number(values.get("util")),
        mem_used=_bytes(values.get("mem")),
        mem_total=_bytes(card.get("mem")),
        temp_c=number(values.get("temp")),
        power_w=number(values.get("watt")),
        throttle=_text(values.get("thr")),
        as_of=as_of if as_of is None or age is None else as_of - age,
        state=_text(values.get("state")) or (WELL if values else None),
    )


def _rows(told: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """One mapping a GPU."""
    columns = {name: column for name, column in told.items() if isinstance(column, list)}
    for place in range(len(columns.get("i", ()))):
        yield {name: col[place] for name, col in columns.items() if place < len(col)}


def _bytes(mebibytes: object) -> int | None:
    found = whole(mebibytes)
    return None if found is None else found * MIB


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
