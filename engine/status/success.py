"""What the profile calls success: gates that must hold, and tiers of which the highest that holds is the badge.

Judged over each metric's whole course, all attempts one after the other: first, last, lowest, highest, mean and drop.
`best` is the value that serves the comparison: the highest for `>`, the lowest for `<`. A metric that was never told
meets nothing, and NaN meets nothing.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.events.wire import ALIASES
from engine.profile.criteria import Criterion, parse_limit, parse_tier
from engine.scalars import Span, joined
from engine.state import State, Verdict
from engine.view import View

FAILED = 7
"""The exit status of a run that ended well and missed a gate."""
_SIGNS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True)
class Judged:
    """One comparison and what was there to compare; `value` is None where nobody told it."""

    text: str
    value: float | None
    met: bool


@dataclass(frozen=True)
class TierJudged:
    name: str
    criteria: tuple[Judged, ...]

    @property
    def met(self) -> bool:
        return all(one.met for one in self.criteria)


@dataclass(frozen=True)
class Success:
    """As of now: `passed` says that every gate holds, `tier` is the highest that holds."""

    passed: bool
    tier: str | None
    gates: tuple[Judged, ...]
    tiers: tuple[TierJudged, ...]

    def table(self) -> dict[str, Any]:
        """As JSON shows it."""
        return {
            "passed": self.passed,
            "tier": self.tier,
            "gates": [vars(one) for one in self.gates],
            "tiers": [
                {
                    "name": one.name,
                    "met": one.met,
                    "criteria": [vars(each) for each in one.criteria],
                }
                for one in self.tiers
            ],
        }


def success(gates: Mapping[str, Any], view: View) -> Success | None:
    """The judgement by a profile's `[gates]`; None where it has none. What cannot be read as a gate is none."""
    spans = joined([attempt.facts.spans for attempt in view.attempts])
    named = [(name, text) for name, text in gates.items() if name != "tiers"]
    found = tuple(_judge(one, spans) for name, text in named for one in _gate(name, text))
    listed = [one for one in gates.get("tiers") or () if isinstance(one, dict)]
    tiers = tuple(
        TierJudged(str(one.get("name")), tuple(_judge(each, spans) for each in parsed))
        for one in listed
        if (parsed := _tier(one.get("require")))
    )
    if not found and not tiers:
        return None
    badge = next((tier.name for tier in reversed(tiers) if tier.met), None)
    return Success(all(one.met for one in found), badge, found, tiers)


def settled(verdict: Verdict, found: Success | None) -> Verdict:
    """The verdict of a run that would be done, once its gates have their say."""
    if verdict.status != 0 or found is None or found.passed:
        return verdict
    missed = [one for one in found.gates if not one.met]
    words = "; ".join(f"{one.text}, it is {_told(one.value)}" for one in missed[:4])
    return replace(verdict, state=State.FAILED, word="GATES FAILED", reason=words, status=FAILED)


def _told(value: float | None) -> str:
    return "nothing: it was never told" if value is None else f"{value:.4g}"


def _gate(name: str, text: object) -> tuple[Criterion, ...]:
    try:
        return (parse_limit(name, text),) if isinstance(text, str) else ()
    except ValueError:
        return ()


def _tier(text: object) -> tuple[Criterion, ...]:
    try:
        return parse_tier(text) if isinstance(text, str) else ()
    except ValueError:
        return ()


def _judge(criterion: Criterion, spans: Mapping[str, Span]) -> Judged:
    name = criterion.metric
    span = spans.get(name) or spans.get(ALIASES.get(name, name))
    value = None if span is None else _value(criterion, span)
    met = value is not None and _SIGNS[criterion.sign](value, criterion.value)
    return Judged(_text(criterion), value, met)


def _value(criterion: Criterion, span: Span) -> float | None:
    if criterion.which == "drop":
        return _drop(span, criterion.percent)
    best = span.high if criterion.sign.startswith(">") else span.low
    mean = span.total / span.seen if span.seen else None
    found: Mapping[str, float | None] = {
        "first": span.first,
        "last": span.last,
        "best": best,
        "mean": mean,
        "min": span.low,
        "max": span.high,
    }
    return found[criterion.which]


def _drop(span: Span, percent: bool) -> float | None:
    fallen = span.first - span.last
    if not percent:
        return fallen
    return 100.0 * fallen / abs(span.first) if span.first else None


def _text(criterion: Criterion) -> str:
    subject = criterion.metric
    if criterion.which != "last":
        subject = f"{criterion.which}({subject})"
    return f"{subject} {criterion.sign} {criterion.value:g}{'%' if criterion.percent else ''}"
