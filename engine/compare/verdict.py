"""May these numbers be held against each other, and what do they say. Pure.

A lower loss is no better model where the data, the tokens or what counts as an answer were others, where nothing was
evaluated, or where few rows were repeated until they were known by heart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.compare.windows import Window, apart
from engine.frozen import section

BETTER, WORSE, SAME = "better", "worse", "same within the noise"
UNKNOWN, NOT_COMPARABLE = "unknown", "not comparable"
LOSS = "loss"
EVALUATED = "eval_loss"
REPEATED = 2.0
"""Epochs from which rows count as seen again."""
_TOKENS = ("model.base", "model.from_scratch.vocab", "model.from_scratch.family")
_ANSWER = ("recipe", "data.mask_prompt", "data.template", "data.format")
_LENGTH = ("data.max_length", "data.packing")


@dataclass(frozen=True)
class Side:
    """What a judgement needs of one run. `marks` are hashes of its data, `typed` what a person said of it."""

    name: str
    profile: Mapping[str, Any]
    ends: Mapping[str, Window]
    epochs: float | None = None
    marks: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """`word` of one run against the base on `metric`; `because` says why not, or what to keep in mind."""

    word: str
    metric: str | None
    because: tuple[str, ...] = ()
    difference: float | None = None


def metric_of(sides: Sequence[Side]) -> str | None:
    """What they are judged by: the evaluation where every one has it, else the loss where every one has that."""
    for metric in (EVALUATED, LOSS):
        if all(metric in side.ends for side in sides):
            return metric
    return None


def verdict(side: Side, base: Side, lower: bool = True) -> Verdict:
    """This run held against the base."""
    metric = metric_of((side, base))
    if metric is None:
        return Verdict(UNKNOWN, None, ("they tell no loss in common",))
    reasons = tuple(obstacles(side, base, metric))
    if reasons:
        return Verdict(NOT_COMPARABLE, metric, reasons)
    one, other = side.ends[metric], base.ends[metric]
    differs, gap = apart(one, other), one.mean - other.mean
    hints = () if metric == EVALUATED else ("on the training loss alone: nothing was evaluated",)
    if differs is None:
        return Verdict(UNKNOWN, metric, ("too few points to know their noise", *hints), gap)
    if not differs:
        return Verdict(SAME, metric, hints, gap)
    return Verdict(BETTER if (gap < 0) == lower else WORSE, metric, hints, gap)


def obstacles(side: Side, base: Side, metric: str) -> Iterator[str]:
    """Why this metric of theirs is not one thing."""
    yield from _other_loss(side, base)
    evaluated = metric == EVALUATED
    if evaluated:
        yield from _other_evaluation(side, base)
        return
    yield from _other_data(side, base)
    repeated = [one for one in (side, base) if (one.epochs or 0.0) >= REPEATED]
    if repeated:
        told = ", ".join(f"{one.name} {one.epochs:.3g} times" for one in repeated)
        yield f"repeated rows ({told}) and no evaluation: a loss on known rows is memory"


def _other_loss(side: Side, base: Side) -> Iterator[str]:
    for keys, what in (
        (_TOKENS, "another tokenizer"),
        (_ANSWER, "another loss"),
        (_LENGTH, "another length"),
    ):
        told = [key for key in keys if _at(side.profile, key) != _at(base.profile, key)]
        if told:
            pairs = "; ".join(
                f"{key} {_at(side.profile, key)} and {_at(base.profile, key)}" for key in told
            )
            yield f"{what}: {pairs}"


def _other_evaluation(side: Side, base: Side) -> Iterator[str]:
    one, other = _at(side.profile, "data.valid"), _at(base.profile, "data.valid")
    if one != other:
        yield f"another evaluation: data.valid {one} and {other}"
    elif not isinstance(one, str):
        yield from (f"evaluated on shares of {reason}" for reason in _other_data(side, base))


def _other_data(side: Side, base: Side) -> Iterator[str]:
    shared = [path for path in side.marks if path in base.marks]
    changed = [path for path in shared if side.marks[path] != base.marks[path]]
    if changed:
        yield f"other data: {', '.join(changed[:3])} changed between them"
        return
    typed = [one.typed.get("data.rows") for one in (side, base)]
    if None not in typed and typed[0] != typed[1]:
        yield f"other data: {typed[0]} rows and {typed[1]} rows (typed)"
        return
    one, other = _data(side.profile), _data(base.profile)
    if one != other:
        yield f"other data: {one or 'unknown'} and {other or 'unknown'}"
    elif not one and side.marks != base.marks:
        yield f"other data: {', '.join(side.marks) or 'unknown'} and {', '.join(base.marks) or 'unknown'}"
    elif not one and not side.marks and typed == [None, None]:
        yield "nobody recorded what they were trained on"


def _data(profile: Mapping[str, Any]) -> str:
    """The files and phases that a profile names, in words."""
    train = section(profile, "data").get("train")
    files = [str(one) for one in train] if isinstance(train, list) else []
    phases = profile.get("phase")
    for one in phases if isinstance(phases, list) else ():
        if isinstance(one, dict):
            told = [
                f"{key} {one[key]}"
                for key in ("data", "rows", "quota", "mix", "cap")
                if one.get(key)
            ]
            files.append(
                f"phase {one.get('id')} ({', '.join(told)})" if told else f"phase {one.get('id')}"
            )
    return ", ".join(files)


def _at(profile: Mapping[str, Any], path: str) -> object:
    *tables, key = path.split(".")
    return section(profile, *tables).get(key)
