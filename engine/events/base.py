"""What every event has in common, and how loose JSON values become typed fields.

A field that is absent is `None`. A field of the wrong type makes the whole event unreadable: better a counted
gap than a wrong fact.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Callable, ClassVar, Dict, Mapping, NamedTuple, Tuple

_WORDS = {
    "nan": math.nan,
    "inf": math.inf,
    "+inf": math.inf,
    "-inf": -math.inf,
    "infinity": math.inf,
    "-infinity": -math.inf,
}


class Unfit(ValueError):
    """A field's value is not of its declared type."""


@dataclass(frozen=True)
class Event:
    """A fact. `t` is Unix seconds by the clock of the machine that wrote it."""

    name: ClassVar[str] = ""
    t: float | None


class Row(NamedTuple):
    """The metrics of one training step, by canonical name. `values` never holds a step, a time or a boolean.

    A tuple, because consoles and segments hold them by the million.
    """

    t: float | None
    step: int | None
    values: Mapping[str, float]
    epoch: float | None = None
    phase: str | None = None
    rank: int | None = None


def number(value: object) -> float | None:
    """A float from a JSON value, `None` for anything else. The words nan, inf and -inf count, booleans do not."""
    if isinstance(value, float):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    if isinstance(value, str):
        return _WORDS.get(value.lower())
    return None


def whole(value: object) -> int | None:
    """An int from a JSON value, `None` for anything else; 3.0 counts as 3, because JSON knows no difference."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if abs(value) < 2**63 else None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return None


def plain(value: object) -> object:
    """A value as JSON can hold it: non-finite numbers become words, tuples become lists."""
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Unfit("text expected")
    return value


def _number(value: object) -> float:
    if type(value) is float:
        return value
    found = number(value)
    if found is None:
        raise Unfit("number expected")
    return found


def _whole(value: object) -> int:
    found = whole(value)
    if found is None:
        raise Unfit("whole number expected")
    return found


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise Unfit("true or false expected")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise Unfit("list of texts expected")
    return tuple(_text(item) for item in value)


def _wholes(value: object) -> tuple[int, ...]:
    if not isinstance(value, (list, tuple)):
        raise Unfit("list of whole numbers expected")
    return tuple(_whole(item) for item in value)


def _table(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unfit("object expected")
    return value


def _tables(value: object) -> tuple[dict[str, Any], ...]:
    if not isinstance(value, (list, tuple)):
        raise Unfit("list of objects expected")
    return tuple(_table(item) for item in value)


def _rows(value: object) -> tuple[tuple[Any, ...], ...]:
    if not isinstance(value, (list, tuple)):
        raise Unfit("list of rows expected")
    if not all(isinstance(row, (list, tuple)) for row in value):
        raise Unfit("list of rows expected")
    return tuple(tuple(row) for row in value)


# Annotations are the schema; every one used by an event stands here once.
_READERS: dict[str, Callable[[object], object]] = {
    "str": _text,
    "float": _number,
    "int": _whole,
    "bool": _truth,
    "tuple[str, ...]": _texts,
    "tuple[int, ...]": _wholes,
    "Table": _table,
    "tuple[Table, ...]": _tables,
    "Rows": _rows,
}
Table = Dict[str, Any]
Rows = Tuple[Tuple[Any, ...], ...]


OPTIONAL = " | None"


def reader(annotation: str) -> Callable[[object], object]:
    """The checked conversion for a field's annotation; `X | None` reads like X: null never gets this far."""
    return _READERS[annotation[: -len(OPTIONAL)] if annotation.endswith(OPTIONAL) else annotation]


class Slot(NamedTuple):
    """How one field of an event is read from JSON."""

    name: str
    read: Callable[[object], object]
    required: bool
    default: object


def slots(kind: type) -> tuple[Slot, ...]:
    """The fields of an event class. Required is what has no default and may not be None."""
    return tuple(_slot(field) for field in dataclasses.fields(kind))


def _slot(field: dataclasses.Field[Any]) -> Slot:
    annotation = str(field.type)
    absent = field.default is dataclasses.MISSING
    required = absent and not annotation.endswith(OPTIONAL)
    return Slot(field.name, reader(annotation), required, None if absent else field.default)
