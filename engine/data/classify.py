"""The domain and the tier of a row, by rules in a file that its user edits, each with the reason.

Deterministic and plain: a rule that misjudges can be found and changed. `rules/finance.toml` is the example.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.data.rows import Row
from engine.errors import Unusable
from engine.profile.toml import parse

FINANCE = Path(__file__).parent / "rules" / "finance.toml"
BYTES = 1 << 20
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
"""A domain or tier becomes a folder's or a file's name."""
_WORD = re.compile(r"[a-z0-9$%&+'’\-]+")


@dataclass(frozen=True)
class Signal:
    points: int
    why: str
    words: tuple[str, ...] = ()
    question_words: int | None = None
    answer_words: int | None = None
    domains: int | None = None


@dataclass(frozen=True)
class Rules:
    fallback: str
    least: int
    phrases: Mapping[tuple[str, ...], tuple[str, ...]]
    """Words of a phrase → the domains it speaks for."""
    domains: tuple[str, ...]
    tiers: tuple[tuple[str, int], ...]
    signals: tuple[Signal, ...]

    @property
    def longest(self) -> int:
        return max(map(len, self.phrases), default=1)


@dataclass(frozen=True)
class Decision:
    domain: str
    tier: str
    why: str


def read_rules(path: Path) -> Rules:
    """Raises `Unusable` with the key that is wrong."""
    if not path.is_file():
        raise Unusable(f"no rules {path} (from {Path.cwd()})")
    data = path.read_bytes()
    if len(data) > BYTES:
        raise Unusable(f"{path}: rules of {len(data):,} bytes, {BYTES:,} at most")
    table, _ = parse(data, str(path))
    try:
        return _rules(table)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        why = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
        raise Unusable(f"{path}: {why}", f"{FINANCE.name} shows how rules look") from None


def _rules(table: Mapping[str, Any]) -> Rules:
    phrases: dict[tuple[str, ...], tuple[str, ...]] = {}
    for domain, said in table["domains"].items():
        for phrase in said:
            key = words(phrase)
            if not key:
                raise ValueError(f"domains.{domain}: {phrase!r} has no word")
            phrases[key] = (*phrases.get(key, ()), domain)
    tiers = tuple(sorted(table["tiers"].items(), key=lambda one: int(one[1])))
    if not tiers or tiers[0][1] > 0:
        raise ValueError("tiers: one has to begin at 0 points")
    for name in (table["fallback"], *table["domains"], *(tier for tier, _ in tiers)):
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot be the name of a domain or tier")
    signals = tuple(_signal(one) for one in table.get("signals", []))
    domains = tuple(table["domains"])
    return Rules(table["fallback"], int(table.get("least", 1)), phrases, domains, tiers, signals)


def _signal(table: Mapping[str, Any]) -> Signal:
    given = {**table, "words": tuple(table.get("words", ()))}
    return Signal(**given)


def words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.lower()))


def classify(row: Row, rules: Rules) -> Decision:
    """Which domain and tier, and why."""
    question = words(" ".join(t.text for t in row.turns if t.role in ("user", "prompt", "text")))
    answer = words(" ".join(t.text for t in row.turns if t.role in ("assistant", "completion")))
    points, because = _domains(question + answer, rules)
    best = max(points, key=lambda name: points[name], default=None)
    if best is None or points[best] < rules.least:
        domain, why = rules.fallback, "nothing of the rules occurs"
    else:
        domain, why = best, ", ".join(f"'{phrase}'" for phrase in because[best])
    tier, score, told = _tier((question, answer), len(points), rules)
    reasons = "; ".join(told) or "no signal"
    return Decision(domain, tier, f"{domain}: {why}; {tier}: {reasons} = {score}")


def _domains(said: tuple[str, ...], rules: Rules) -> tuple[dict[str, int], dict[str, list[str]]]:
    points: dict[str, int] = {}
    because: dict[str, list[str]] = {}
    seen: set[tuple[str, ...]] = set()
    for at in range(len(said)):
        for size in range(1, rules.longest + 1):
            phrase = said[at : at + size]
            if phrase not in rules.phrases or phrase in seen:
                continue
            seen.add(phrase)
            for domain in rules.phrases[phrase]:
                points[domain] = points.get(domain, 0) + len(phrase)
                because.setdefault(domain, []).append(" ".join(phrase))
    order = {name: index for index, name in enumerate(rules.domains)}
    return dict(sorted(points.items(), key=lambda one: order[one[0]])), because


def _tier(
    said: tuple[tuple[str, ...], tuple[str, ...]], domains: int, rules: Rules
) -> tuple[str, int, list[str]]:
    question, answer = said
    asked = f" {' '.join(question)} "
    score, told = 0, []
    for signal in rules.signals:
        found = next((w for w in signal.words if f" {' '.join(words(w))} " in asked), None)
        if (
            found
            or _reached(signal.question_words, len(question))
            or _reached(signal.answer_words, len(answer))
            or _reached(signal.domains, domains)
        ):
            score += signal.points
            told.append(signal.why + (f" ('{found}')" if found else "") + f" +{signal.points}")
    tier = [name for name, least in rules.tiers if score >= least][-1]
    return tier, score, told


def _reached(least: int | None, number: int) -> bool:
    return least is not None and number >= least
