"""Checks of single values that a range cannot express; each returns "must …" or None."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.profile.criteria import parse_limit, parse_tier

PATTERN_LENGTH = 1_000
PATTERNS = 32
PLACEHOLDERS = ("path", "name", "step")
CHANNELS = ("desktop", "ntfy:TOPIC", "webhook:SECRET")

_WIDE_SET = re.compile(r"\[(?:[^\]\\]|\\.)*?(?:[^\x00-\x7f]|\\[uUN])", re.DOTALL)
_RUNAWAY = re.compile(r"\((?:[^()\\]|\\.)*(?<!\\)[*+}](?:[^()\\]|\\.)*\)(?:[*+]|\{\d*,\d*\})")
_CHANNEL = re.compile(r"desktop|ntfy:[A-Za-z0-9_-]{1,64}|webhook:[A-Za-z_][A-Za-z0-9_]{0,127}")


def ascending(pair: Sequence[float]) -> str | None:
    return None if pair[0] <= pair[1] else "must be [lowest, highest]"


def bands(rows: Sequence[Sequence[float]]) -> str | None:
    fine = all(row[0] < row[1] and row[2] <= row[3] for row in rows)
    return None if fine else "must hold [from, to, lowest, highest] rows, from before to"


def rising_percents(pairs: Sequence[Sequence[float]]) -> str | None:
    percents = [pair[0] for pair in pairs]
    if percents != sorted(set(percents)) or any(p > 100 for p in percents):
        return "must rise in percent, up to 100"
    return None if all(pair[1] >= 1 for pair in pairs) else "must have at least 1 step in each pair"


def placeholders(argv: Sequence[str]) -> str | None:
    found = [name for word in argv for name in re.findall(r"\{(\w*)\}", word)]
    wrong = next((name for name in found if name not in PLACEHOLDERS), None)
    if wrong is not None:
        return f"must use {{path}}, {{name}} or {{step}}, not {{{wrong[:20]}}}"
    return None


def patterns(texts: Sequence[str]) -> str | None:
    if len(texts) > PATTERNS:
        return f"must be at most {PATTERNS} patterns"
    return next((wrong for wrong in map(_pattern, texts) if wrong), None)


def channels(texts: Sequence[str]) -> str | None:
    fine = all(_CHANNEL.fullmatch(text) for text in texts)
    return None if fine else f"must be {', '.join(CHANNELS)}"


def criteria(text: str) -> str | None:
    try:
        parse_tier(text)
    except ValueError as error:
        return f"must be comparisons joined by 'and': {error}"
    return None


def limit(text: str) -> str | None:
    try:
        parse_limit("the metric", text)
    except ValueError:
        return "must be a comparison, such as '< 2.0'"
    return None


def _pattern(text: str) -> str | None:
    """A set with characters beyond ASCII costs milliseconds to compile, so thousands would cost minutes."""
    if len(text) > PATTERN_LENGTH:
        return f"must have at most {PATTERN_LENGTH} characters in a pattern"
    if _RUNAWAY.search(text):
        return "must not repeat a group that repeats something itself, such as (a+)+"
    if _WIDE_SET.search(text):
        return "must hold only ASCII inside [ ]"
    try:
        groups = re.compile(text).groupindex
    except (re.error, OverflowError, RecursionError) as error:
        return f"must be a regular expression: {error}"
    return None if groups else "must have a named group, such as loss (?P<loss>[0-9.]+)"
