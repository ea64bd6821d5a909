"""What x counts: steps, elapsed time, tokens or money, and the way from each to a step and back. Pure.

Tokens are the trainer's own count where it tells one. Money is elapsed time at the run's price, so it is there only
where a price is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.columns.series import Column as Numbers
from engine.columns.series import Floats
from engine.curves.curves import Curves

Kind = Literal["step", "time", "tokens", "money"]
KINDS: tuple[Kind, ...] = ("step", "time", "tokens", "money")
NAMES = {"step": "steps", "time": "elapsed time", "tokens": "tokens", "money": "dollars"}
TOKENS = ("tokens", "num_tokens", "tokens_seen", "num_input_tokens_seen", "total_tokens")
HOUR_S = 3600.0
Place = tuple[int, int | None, float]
"""Of a row: its attempt, its end in the console where it came from there, its time."""


@dataclass(frozen=True, eq=False)
class Ruler:
    """`ladder` is (step, tokens), both rising; `rate` is dollars an hour."""

    kind: Kind
    curves: Curves
    ladder: tuple[Floats, Floats] | None = None
    rate: float | None = None

    def points(self, metric: str) -> tuple[Numbers, Floats]:
        """(x, values) of a metric."""
        return self._placed(*self.curves.points(metric, self._source))

    def pace(self) -> tuple[Numbers, Floats]:
        """(x, seconds a step) between the rows."""
        return self._placed(*self.curves.pace(self._source))

    @property
    def _source(self) -> str:
        return "time" if self.kind in ("time", "money") else "step"

    def _placed(self, x: Numbers, y: Floats) -> tuple[Numbers, Floats]:
        if self.kind == "tokens" and self.ladder is not None:
            steps, told = self.ladder
            same = len(x) == len(steps) and np.array_equal(x, steps)
            return (told if same else np.interp(x, steps, told)), y
        if self.kind == "money" and self.rate is not None:
            return x * (self.rate / HOUR_S), y
        return x, y

    def of_steps(self, steps: Floats) -> Floats:
        """Where planned steps lie, as far as that is known beforehand."""
        if self.kind == "step":
            return steps
        if self.kind == "tokens" and self.ladder is not None and len(self.ladder[0]):
            return np.interp(steps, *self.ladder, right=np.nan)
        return np.full(len(steps), np.nan)

    def of(self, step: float | None, t: float | None) -> float | None:
        """Where something lies that happened at this step, at this time."""
        if self._source == "step":
            if step is None:
                return None
            found = float(self.of_steps(np.array([step], np.float64))[0])
            return found if np.isfinite(found) else None
        row = self.curves.where(step) if t is None and step is not None else None
        t = row[2] if row is not None else t
        begun = self.curves.begun
        if t is None or begun is None or not np.isfinite(t):
            return None
        return (t - begun) * (1.0 if self.kind == "time" else (self.rate or 0.0) / HOUR_S)

    def row(self, x: float) -> Place | None:
        """The row that stands at x."""
        if self.kind == "step":
            return self.curves.where(x)
        if self.kind == "tokens" and self.ladder is not None:
            return self.curves.where(float(np.interp(x, self.ladder[1], self.ladder[0])))
        seconds = x if self.kind == "time" else x * HOUR_S / (self.rate or HOUR_S)
        return self._at((self.curves.begun or 0.0) + seconds)

    def _at(self, t: float) -> Place | None:
        for part in reversed(self.curves.parts):
            known = part.times[np.isfinite(part.times)]
            if len(known) and known[0] <= t:
                place = int(np.searchsorted(known, t, "right")) - 1
                return part.attempt, None, float(known[place])
        return None


@dataclass(frozen=True)
class Counting:
    """What is known beside the rows: dollars an hour, and tokens of a step where every one has the same number."""

    rate: float | None = None
    tokens_step: int | None = None

    def kinds(self, curves: Curves) -> list[Kind]:
        """Those that this run's numbers allow."""
        told = self.tokens_step is not None or any(name in curves.metrics for name in TOKENS)
        known = {"step": True, "time": True, "tokens": told, "money": bool(self.rate)}
        return [kind for kind in KINDS if known[kind]]

    def ruler(self, curves: Curves, kind: Kind) -> Ruler:
        """Steps where the wanted one is not known."""
        if kind not in self.kinds(curves):
            kind = "step"
        ladder = _ladder(curves, self.tokens_step) if kind == "tokens" else None
        return Ruler(kind, curves, ladder, self.rate if kind == "money" else None)


def _ladder(curves: Curves, tokens_step: int | None) -> tuple[Floats, Floats]:
    name = next((name for name in TOKENS if name in curves.metrics), None)
    if name is not None:
        x, told = curves.points(name)
        steps = np.asarray(x, np.float64)
        if not np.all(steps[1:] > steps[:-1]):  # a resume: what was told last holds
            steps, last = np.unique(steps[::-1], return_index=True)
            told = told[::-1][last]
        if len(steps):
            return steps, np.maximum.accumulate(told)
    ends = (float(part.table.step[-1]) for part in curves.parts if len(part.table))
    end = max(max(ends, default=0.0), 1.0)
    return np.array([0.0, end]), np.array([0.0, end * (tokens_step or 0)])


def following(known: Sequence[Kind], now: Kind) -> Kind:
    """The next of these."""
    return known[(known.index(now) + 1) % len(known)] if now in known else known[0]
