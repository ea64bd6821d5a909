"""The language of `--gate`: `eval_loss <= base * 1.02`, `loss < 2.0`. Nothing is judged here."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from engine.errors import Unusable

EXAMPLE = "--gate 'eval_loss<=base*1.02' or --gate 'loss<2.0'"
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?"
_GATE = re.compile(
    r"\s*(?P<metric>[A-Za-z_][A-Za-z0-9_./@-]{0,127})\s*(?P<sign><=|>=|<|>)\s*"
    rf"(?:(?P<before>{_NUMBER})\s*\*\s*base|base\s*(?:(?P<way>[*+-])\s*(?P<by>{_NUMBER}))?|(?P<alone>{_NUMBER}))\s*"
)


@dataclass(frozen=True)
class Gate:
    """`value` alone, or the base's number times `factor` and plus `more`."""

    text: str
    metric: str
    sign: str
    value: float | None = None
    factor: float = 1.0
    more: float = 0.0

    @property
    def relative(self) -> bool:
        return self.value is None

    def limit(self, base: float | None) -> float | None:
        """What the other side of the sign is; None where the base has no number."""
        if self.value is not None:
            return self.value
        return None if base is None else base * self.factor + self.more

    def holds(self, value: float, limit: float) -> bool:
        """NaN meets nothing."""
        below, above = value < limit, value > limit
        if self.sign in ("<", "<="):
            return below or (self.sign == "<=" and value == limit)
        return above or (self.sign == ">=" and value == limit)


def parse(text: str) -> Gate:
    """A gate; what is none says what one looks like."""
    found = _GATE.fullmatch(text[:400])
    if found is None:
        raise Unusable(f"'{text[:60]}' is no gate", EXAMPLE)
    plain = " ".join(text.split())
    if found["alone"] is not None:
        return Gate(plain, found["metric"], found["sign"], _finite(found["alone"], text))
    if found["before"] is not None:
        factor = _finite(found["before"], text)
        return Gate(plain, found["metric"], found["sign"], factor=factor)
    by = _finite(found["by"], text) if found["by"] is not None else None
    if by is None:
        return Gate(plain, found["metric"], found["sign"])
    if found["way"] == "*":
        return Gate(plain, found["metric"], found["sign"], factor=by)
    return Gate(plain, found["metric"], found["sign"], more=by if found["way"] == "+" else -by)


def _finite(word: str, text: str) -> float:
    value = float(word)
    if not math.isfinite(value):
        raise Unusable(f"{word} in '{text[:60]}' is too large a number", EXAMPLE)
    return value
