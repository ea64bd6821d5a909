"""Did a resumed training go on where its checkpoint stands? Judged by the first rows it tells, against what was written
down when it was resumed: the step, the loss and the learning rate around it.

Pure, standard library, Python 3.8: the runner judges on the machine, connected or not. A wrong step, loss or rate
refutes the resume; a step without a loss proves it weakly. What cannot be seen from outside is said and never claimed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import median, pstdev
from typing import Any, Iterable, Mapping, Optional, Tuple

from engine.events.base import number, whole

LOSS_SHARE = 0.05
SIGMAS = 4.0
RATE_SHARE = 0.01
LAST = 50
"""Losses by which their noise is measured."""
FEW = 20
"""Losses with fewer of which before the checkpoint a curve has just begun."""
NEAR = 5
"""Losses before the checkpoint whose middle is expected where the very step was never trained before."""
PROVEN, WEAK, REFUTED = "proven", "weak", "refuted"

Point = Tuple[int, Optional[float], Optional[float]]
"""Step, loss and learning rate of a row of before."""


@dataclass(frozen=True)
class Proof:
    """What the first rows must agree with. `then` is the profile's word for a resume that is refuted."""

    step: int | None
    interval: int = 1
    points: tuple[Point, ...] = ()
    holds: tuple[str, ...] | None = None
    then: str = "stop"

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> Proof:
        """From a job's `proof`; what is no number there is not known."""
        found = table.get("points")
        rows = [row for row in found if isinstance(row, list)] if isinstance(found, list) else []
        holds = table.get("holds")
        return cls(
            whole(table.get("step")),
            max(whole(table.get("interval")) or 1, 1),
            tuple(_point(row) for row in rows if row and whole(row[0]) is not None),
            tuple(str(word) for word in holds) if isinstance(holds, list) else None,
            "warn" if table.get("then") == "warn" else "stop",
        )

    def table(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "step": self.step,
            "interval": self.interval,
            "points": [list(point) for point in self.points],
            "holds": None if self.holds is None else list(self.holds),
            "then": self.then,
        }


@dataclass(frozen=True)
class Told:
    """A row of the resumed training."""

    step: int | None
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Judgement:
    """`failed` names what did not continue: step, loss, learning rate."""

    verdict: str
    step: int | None
    loss: float | None
    learning_rate: float | None
    failed: tuple[str, ...]
    detail: str


def _point(row: list[Any]) -> Point:
    values = [number(value) for value in (*row[1:3], None, None)]
    return (whole(row[0]) or 0, values[0], values[1])


def expect(step: int | None, history: Iterable[Point], then: str) -> Proof:
    """What a run's own rows say of the place at which it goes on. The history is one line of steps that only rises."""
    points = [point for point in history if point[1] is not None or point[2] is not None]
    interval = spacing([point[0] for point in points])
    if step is None:
        return Proof(None, interval, tuple(points[-LAST:]), None, then)
    before = [point for point in points if point[0] <= step][-LAST:]
    after = [point for point in points if step < point[0] <= step + 4 * interval][:8]
    return Proof(step, interval, tuple(before + after), None, then)


def spacing(steps: list[int]) -> int:
    """Steps between two rows as the script usually writes them."""
    gaps = [b - a for a, b in zip(steps, steps[1:]) if b > a][-LAST:]
    return int(median(gaps)) if gaps else 1


def judge(proof: Proof, first: Iterable[Told]) -> Judgement | None:
    """What the first rows prove; None while nothing was told."""
    rows = list(first)
    if not any(row.step is not None or "loss" in row.values for row in rows):
        return None
    step = next((row.step for row in rows if row.step is not None), None)
    told = next((row for row in rows if "loss" in row.values), None)
    rate = next((row for row in rows if "learning_rate" in row.values), None)
    words = [
        _step(proof, step),
        _loss(proof, told),
        _rate(proof, rate),
    ]
    failed = tuple(word.what for word in words if word.good is False)
    seen = [word.what for word in words if word.good]
    verdict = REFUTED if failed else PROVEN if {"step", "loss"} <= set(seen) else WEAK
    said = [word.said for word in words if word.said]
    loss = told.values["loss"] if told else None
    lr = rate.values["learning_rate"] if rate else None
    return Judgement(verdict, step, loss, lr, failed, "; ".join([*said, _optimizer(proof)]))


@dataclass(frozen=True)
class _Word:
    what: str
    good: bool | None
    said: str


def _step(proof: Proof, step: int | None) -> _Word:
    if step is None or proof.step is None:
        return _Word("step", None, "no step is told")
    last = proof.step + proof.interval
    if proof.step <= step <= last:
        return _Word("step", True, f"step {step} continues {proof.step}")
    wanted = f"{proof.step} to {last}"
    return _Word("step", False, f"step {step} instead of {wanted}")


def _loss(proof: Proof, row: Told | None) -> _Word:
    if row is None:
        return _Word("loss", None, "no loss yet")
    loss = row.values["loss"]
    expected = expected_loss(proof, row.step)
    if expected is None:
        return _Word("loss", None, "no loss of before to compare with")
    slack = tolerance(proof, expected)
    if math.isfinite(loss) and abs(loss - expected) <= slack:
        return _Word("loss", True, f"loss {loss:.4g} continues {expected:.4g} ± {slack:.2g}")
    said = f"loss {loss:.4g} instead of {expected:.4g} ± {slack:.2g}"
    if _trained(proof, row.step) is None and _early(proof, loss, expected):
        return _Word("loss", None, f"{said}, which so few losses of before do not decide")
    return _Word("loss", False, said)


def _early(proof: Proof, loss: float, expected: float) -> bool:
    """A curve that has just begun falls faster and less evenly than can be foretold: what is farther from where it
    began than from where it should be is then no fresh start.
    """
    before = _before(proof)
    known = math.isfinite(loss) and 0 < len(before) < FEW
    return known and abs(loss - before[0]) >= abs(loss - expected)


def _before(proof: Proof) -> list[float]:
    """The losses up to the checkpoint."""
    return [
        loss
        for at, loss, _ in proof.points
        if loss is not None and _finite(loss) and (proof.step is None or at <= proof.step)
    ]


def expected_loss(proof: Proof, step: int | None) -> float | None:
    """That step's loss of before; where it was never trained, where the last ones before the checkpoint lead to."""
    known, before = _trained(proof, step), _before(proof)
    if known is None and before:
        return _onward_loss(before[-2 * NEAR :])
    return known


def _trained(proof: Proof, step: int | None) -> float | None:
    """The loss of that very step, where it was trained before."""
    wanted = proof.step if step is None or _outside(proof, step) else step
    losses = (loss for at, loss, _ in proof.points if at == wanted and loss is not None)
    return next(filter(_finite, losses), None)


def _onward_loss(losses: list[float]) -> float:
    """The middle of the newest, carried on by what it differs from the middle of those before them."""
    newest, older = losses[-NEAR:], losses[:-NEAR]
    middle = median(newest)
    if len(older) < NEAR:
        return middle
    return middle + (middle - median(older)) / NEAR * (NEAR // 2 + 1)


def _outside(proof: Proof, step: int) -> bool:
    return proof.step is not None and not proof.step <= step <= proof.step + proof.interval


def tolerance(proof: Proof, expected: float) -> float:
    """Of a loss: 5 %, or four times the noise of the last 50, whichever is more.

    The noise is that of a loss about its own trend, so that a falling curve does not excuse a fresh start.
    """
    losses = _before(proof)[-LAST:]
    changes = [b - a for a, b in zip(losses, losses[1:])]
    noise = pstdev(changes) / math.sqrt(2.0) if len(changes) > 1 else 0.0
    return max(LOSS_SHARE * abs(expected), SIGMAS * noise)


def _rate(proof: Proof, row: Told | None) -> _Word:
    if row is None:
        return _Word("learning rate", None, "")
    rate = row.values["learning_rate"]
    span = expected_rate(proof, row.step)
    if span is None:
        return _Word("learning rate", None, "")
    low, high = span
    if low * (1 - RATE_SHARE) <= rate <= high * (1 + RATE_SHARE):
        return _Word("learning rate", True, f"learning rate {rate:.4g} continues")
    middle = f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
    return _Word("learning rate", False, f"learning rate {rate:.4g} instead of {middle}")


def expected_rate(proof: Proof, step: int | None) -> tuple[float, float] | None:
    """That step's rate, or those of its neighbours; beyond them, one more interval of the same slope."""
    at = proof.step if step is None or _outside(proof, step) else step
    rates = [(p[0], p[2]) for p in proof.points if p[2] is not None and _finite(p[2])]
    if not rates or at is None:
        return None
    same = [rate for number_, rate in rates if number_ == at]
    if same:
        return same[-1], same[-1]
    below = [pair for pair in rates if pair[0] < at]
    above = [pair for pair in rates if pair[0] > at]
    if not below:
        return None
    ends = [below[-1][1], *([above[0][1]] if above else _onward(below, at))]
    return min(ends), max(ends)


def _onward(rates: list[tuple[int, float]], at: int) -> list[float]:
    """The slope of the last rows, up to this step and a little beyond, for curves bend: most just behind a peak, where
    each slope of a cosine is as much steeper than the one before as that was, and twice."""
    tail = rates[-3:]
    slopes = [
        (after[1] - before[1]) / (after[0] - before[0])
        for before, after in zip(tail, tail[1:])
        if after[0] > before[0]
    ]
    if not slopes:
        return []
    bent = slopes[-1] + 2 * (slopes[-1] - slopes[0])
    number, last = rates[-1]
    return [max(last + slope * (at - number), 0.0) for slope in (1.25 * slopes[-1], bent)]


def _optimizer(proof: Proof) -> str:
    if proof.holds is None:
        return "optimizer: not visible from outside"
    if "optimizer" not in proof.holds:
        return "optimizer: not in the checkpoint, so it began anew"
    return "optimizer: in the checkpoint; whether it was loaded is not visible from outside"


def _finite(value: float) -> bool:
    return math.isfinite(value)


__all__ = ["Judgement", "Proof", "Told", "expect", "judge"]
