"""The language of gates and tiers: `best(f1) > 0.3 and drop(val_loss) >= 20%`.

    tier        comparison { "and" comparison }
    comparison  metric | which "(" metric ")"   sign   number [ "%" ]
    which       first, last, best, mean, min, max, drop; last where none is written

`drop` is how far the last value lies below the first, and is the only one counted in percent of the first.
Nothing is judged here: these are values for whoever has the numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SIGNS = ("<=", ">=", "==", "!=", "<", ">")
WHICH = ("first", "last", "best", "mean", "min", "max", "drop")

_NUMBER = r"(?P<value>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)\s*(?P<percent>%?)"
_LIMIT = re.compile(r"\s*(?P<sign>[<>]=?|[=!]=)\s*" + _NUMBER + r"\s*")
_METRIC = r"[A-Za-z_][A-Za-z0-9_./@-]{0,127}"
_SUBJECT = re.compile(
    rf"\s*(?:(?P<which>[a-z]+)\s*\(\s*(?P<of>{_METRIC})\s*\)|(?P<alone>{_METRIC}))"
)


@dataclass(frozen=True)
class Criterion:
    metric: str
    which: str
    sign: str
    value: float
    """In percent of the first value where `which` is "drop" and `percent` is true."""
    percent: bool


def parse_tier(text: str) -> tuple[Criterion, ...]:
    """All of them must hold. ValueError says what is wrong."""
    return tuple(_comparison(part) for part in re.split(r"\s+and\s+", text.strip()))


def parse_limit(metric: str, text: str) -> Criterion:
    """A gate as it stands beside its metric's name, for example `"< 2.0"`."""
    return _criterion(metric, "last", text)


def _comparison(text: str) -> Criterion:
    subject = _SUBJECT.match(text)
    if subject is None:
        raise ValueError(f"{text.strip()[:40]!r} does not begin with the name of a metric")
    which = subject["which"] or "last"
    if which not in WHICH:
        raise ValueError(f"{which!r} is none of {', '.join(WHICH)}")
    return _criterion(subject["of"] or subject["alone"], which, text[subject.end() :])


def _criterion(metric: str, which: str, text: str) -> Criterion:
    limit = _LIMIT.fullmatch(text)
    if limit is None:
        raise ValueError(f"after {metric!r} a comparison is needed, such as '< 2.0'")
    if limit["percent"] and which != "drop":
        raise ValueError(f"percent is a drop's, such as 'drop({metric}) >= 20%'")
    return Criterion(metric, which, limit["sign"], float(limit["value"]), bool(limit["percent"]))
