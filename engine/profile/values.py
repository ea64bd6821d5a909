"""Single values against the description of their key: the value as the dataclass holds it, or why not."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from engine.profile.key import Key
from engine.profile.leaks import ADVICE, is_secret
from engine.profile.shape import Kind
from engine.profile.words import bounds, choices, spoken, told

WIDEST = 2**63 - 1
"""What every reader of JSON can hold."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class Wrong(Exception):
    """What is wrong with one value, and perhaps what to do."""

    def __init__(self, what: str, fix: str | None = None) -> None:
        super().__init__(what)
        self.what, self.fix = what, fix


def scalar(kind: Kind, key: Key, value: Any) -> Any:
    made = _MAKERS[kind.form](kind, key, value)
    if key.choices and not isinstance(made, bool) and made not in key.choices:
        raise Wrong(f"must be {choices(key)}, not {told(value)}", key.hint)
    return made


def mistyped(kind: Kind, key: Key, value: Any) -> Wrong:
    return Wrong(f"must be {spoken(kind)}, not {told(value)}", key.hint)


def _text(kind: Kind, key: Key, value: Any) -> str:
    if not isinstance(value, str):
        raise mistyped(kind, key, value)
    if control := _CONTROL.search(value):
        raise Wrong(f"holds the control character U+{ord(control[0]):04X}")
    if is_secret(value):
        raise Wrong("looks like a secret", ADVICE)
    if key.pattern and not re.fullmatch(key.pattern, value):
        raise Wrong(f"must match {key.pattern}, not be {told(value)}", key.hint)
    return value


def _whole(kind: Kind, key: Key, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise mistyped(kind, key, value)
    return int(_bounded(key, value))


def _number(kind: Kind, key: Key, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise mistyped(kind, key, value)
    # -0.0 would give an equal profile another digest
    return float(_bounded(key, value)) + 0.0


def _flag(kind: Kind, key: Key, value: Any) -> bool:
    if not isinstance(value, bool):
        raise mistyped(kind, key, value)
    return value


def _bounded(key: Key, value: float) -> float:
    if isinstance(value, int) and abs(value) > WIDEST:
        raise Wrong(f"is too large: {told(value)}", key.hint)
    if not math.isfinite(value):
        raise Wrong(f"must be a finite number, not {told(value)}", key.hint)
    low = (key.least is None or value >= key.least) and (key.above is None or value > key.above)
    if not low or (key.most is not None and value > key.most):
        raise Wrong(f"must be {bounds(key)}, not {told(value)}", key.hint)
    return value


_MAKERS: dict[str, Callable[[Kind, Key, Any], Any]] = {
    "text": _text,
    "whole": _whole,
    "number": _number,
    "flag": _flag,
}
