"""Hypothesis strategies made from the descriptions of the keys: any table that a profile may hold."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from engine.profile.key import Key
from engine.profile.profile import Profile
from engine.profile.shape import Kind, Spec, specs

# keys whose check cannot be guessed, and keys that contradict others
CHOSEN: dict[str, st.SearchStrategy[Any]] = {
    "line": st.just(["loss (?P<loss>[0-9.]+)"]),
    "resume": st.sampled_from([[], ["--resume", "{path}"]]),
    "notify": st.sampled_from([[], ["desktop", "ntfy:topic"]]),
    "require": st.just("best(f1) > 0.3"),
    "schedule": st.just([[25, 100], [50, 200]]),
    "bands": st.sampled_from([[], [[0, 10, -1.5, 2]]]),
    "argv": st.just(["true"]),
}
LEFT_OUT = {
    "model",
    "parent",
    "halve_batch",
    "oom_retry",
    "env",
    "mix",
    "warmup_steps",
    "on",
    "path",
} | {*("quota", "rows", "cap", "minimum", "domains", "focus", "focus_share")}
letters = st.characters(exclude_categories=["Cc", "Cs"])


def tables(cls: type = Profile) -> st.SearchStrategy[dict[str, Any]]:
    """Any of a table's keys, each with a value that its description allows."""
    known = {n: s for n, s in specs(cls).items() if n not in LEFT_OUT and not s.key.rest}
    needed = {name: _of(spec) for name, spec in known.items() if spec.required}
    return st.fixed_dictionaries(
        needed, optional={n: _of(s) for n, s in known.items() if n not in needed}
    )


def matching(pattern: str) -> st.SearchStrategy[str]:
    return st.from_regex(f"(?:{pattern})", fullmatch=True, alphabet=letters)


def _of(spec: Spec) -> st.SearchStrategy[Any]:
    if spec.name in CHOSEN and not (spec.name == "schedule" and spec.kind.form != "list"):
        return CHOSEN[spec.name]
    if spec.name == "recipe":
        return st.just("command")
    return _value(spec.kind, spec.key)


def _value(kind: Kind, key: Key) -> st.SearchStrategy[Any]:
    if kind.form == "table":
        return tables(kind.cls)
    if kind.form == "rows":
        return st.lists(
            tables(kind.items[0].cls), max_size=3, unique_by=lambda row: row[key.identity or ""]
        )
    if kind.form == "either":
        return st.one_of([_value(item, key) for item in kind.items])
    if kind.form == "list":
        return st.lists(_value(kind.items[0], key), max_size=3)
    if kind.form == "fixed":
        return st.tuples(*[_value(item, key) for item in kind.items]).map(sorted)
    if kind.form == "map":
        names = (
            st.sampled_from(key.names) if key.names else st.from_regex("[a-z]{1,4}", fullmatch=True)
        )
        return st.dictionaries(
            names, _value(kind.items[0], Key("", key.choices, key.least)), max_size=3
        )
    return _scalar(kind, key)


def _scalar(kind: Kind, key: Key) -> st.SearchStrategy[Any]:
    if kind.form == "flag":
        return st.booleans()
    if key.choices:
        return st.sampled_from(key.choices)
    if kind.form == "text":
        return matching(key.pattern) if key.pattern else st.text(letters, max_size=8)
    low = key.above if key.least is None else key.least
    if kind.form == "whole":
        return st.integers(None if low is None else int(low), int(key.most or 2**63 - 1))
    return st.floats(
        low, key.most, exclude_min=key.above is not None, allow_nan=False, allow_infinity=False
    )
