"""One line of JSON to one event or row, and back.

Lines of a newer version are read as far as they are understood: unknown fields are ignored, an unknown event is
`None` like any unreadable line, and the caller counts it. Nothing here raises for anything a file can contain.
"""

from __future__ import annotations

import dataclasses
import json
from enum import Enum
from typing import Any, Mapping, Tuple, Type

from engine.events import keeper, runner, trainer
from engine.events.base import Event, Row, Slot, Unfit, number, plain, slots, whole

SCHEMA = 1
"""Version of the journal's format; raised when a reader of the old one would misread the new."""

KEY_CAP = 128
METRICS_CAP = 256
"""A row's longest metric name and largest number of metrics; what is beyond is ignored."""

ALIASES = {"lr": "learning_rate", "val_loss": "eval_loss", "gnorm": "grad_norm"}
"""Names that mean a canonical metric wherever they are found."""

_RESERVED = frozenset(("e", "t", "step", "epoch", "phase", "rank"))
_Spec = Tuple[Type[Event], Tuple[Slot, ...]]


class Segment(str, Enum):
    """Who writes a segment decides what can be in it."""

    KEEPER = "keeper"
    RUNNER = "runner"
    TRAINER = "trainer"


def _specs(kinds: tuple[type[Event], ...]) -> dict[str, _Spec]:
    return {kind.name: (kind, slots(kind)) for kind in kinds}


VOCABULARY: Mapping[Segment, Mapping[str, _Spec]] = {
    Segment.KEEPER: _specs(keeper.KINDS),
    Segment.RUNNER: _specs(runner.KINDS),
    Segment.TRAINER: _specs(trainer.KINDS),
}


def parse(line: bytes) -> dict[str, Any] | None:
    """A JSON object, or `None`. Bare NaN and Infinity, which Python's writer makes, are understood."""
    try:
        found = _object(str(line, "utf-8", "surrogatepass"))
    except RecursionError:
        return None
    except ValueError:
        return _odd(line)
    return found if isinstance(found, dict) else None


_object = json.JSONDecoder().decode


def _odd(line: bytes) -> dict[str, Any] | None:
    """`json.loads` looks at each line for its encoding, which takes a third of its time and finds UTF-8."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def decode(line: bytes, segment: Segment) -> Event | Row | None:
    """The fact on this line, or `None` when it is not one that this segment can hold."""
    found = parse(line)
    return None if found is None else interpret(found, segment)


def interpret(found: Mapping[str, Any], segment: Segment) -> Event | Row | None:
    """The fact in a parsed object."""
    name = found.get("e")
    if name is None:
        return row(found) if segment is Segment.TRAINER else None
    spec = VOCABULARY[segment].get(name) if isinstance(name, str) else None
    return None if spec is None else _event(found, spec)


def _event(found: Mapping[str, Any], spec: _Spec) -> Event | None:
    kind, declared = spec
    values: dict[str, Any] = {}
    try:
        for name, read, required, default in declared:
            value = found.get(name)
            if value is None and required:
                return None
            values[name] = default if value is None else read(value)
    except Unfit:
        return None
    # All fields are there and read: `__init__` of a frozen class would set each by itself, at half of the whole price.
    event: Event = object.__new__(kind)
    event.__dict__.update(values)
    return event


def row(found: Mapping[str, Any]) -> Row | None:
    """A row of metrics; `None` when the object holds neither a step nor a number."""
    values: dict[str, float] = {}
    for key, raw in found.items():
        if key in _RESERVED or len(key) > KEY_CAP or len(values) >= METRICS_CAP:
            continue
        value = raw if type(raw) is float else number(raw)
        if value is not None:
            values[ALIASES.get(key, key)] = value
    step = whole(found.get("step"))
    if step is None and not values:
        return None
    phase = found.get("phase")
    return Row(
        t=number(found.get("t")),
        step=step,
        values=values,
        epoch=number(found.get("epoch")),
        phase=phase if isinstance(phase, str) else None,
        rank=whole(found.get("rank")),
    )


def encode(event: Event | Row) -> bytes:
    """The line of an event or row, with its end. Fields that are `None` are left out."""
    body: dict[str, Any]
    if isinstance(event, Row):
        body = {"t": event.t, "step": event.step, "epoch": event.epoch, "phase": event.phase}
        body.update(rank=event.rank, **event.values)
    else:
        body = {"e": event.name}
        body.update((f.name, getattr(event, f.name)) for f in dataclasses.fields(event))
    kept = {key: plain(value) for key, value in body.items() if value is not None}
    return (
        json.dumps(kept, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode() + b"\n"
    )
