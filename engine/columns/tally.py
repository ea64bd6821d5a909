"""The scalar fold of a whole table at once: what `engine.scalars.Tally` knows after the same rows, without the rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.columns.series import NOTHING, Column, Floats, Ints, Series, Table
from engine.scalars import Sample, Tally
from engine.scalars.spans import MOST_METRICS, Span, one
from engine.scalars.tally import NONE, WINDOW, Best, Streak

BESTS = ("loss", "eval_loss")
NEAR = 4096


def tally(table: Table, best: Mapping[str, Best] | None = None) -> Tally:
    """The tally of these rows; `best` where somebody knows it already."""
    found = Tally()
    found.rows = len(table)
    if not found.rows:
        return found
    found.offset = int(table.ends[-1])
    if table.stepped is not None:
        found.first_step, found.step = int(table.step[table.stepped]), int(table.step[-1])
        found.backwards = int(np.count_nonzero(np.diff(table.step[table.stepped :]) < 0))
    found.t, found.epoch = _last(table.t), _last(table.epoch)
    found.phase = table.phases[-1][1] if table.phases else None
    found.last = {name: float(series.values[-1]) for name, series in table.metrics.items()}
    found.best = dict(_bests(table) if best is None else best)
    found.recent.extend(_recent(table))
    _judge(found, table)
    return found


def spans(table: Table) -> dict[str, Span]:
    """Each metric over all rows; added up one after the other, as the fold does."""
    found = {}
    for name, series in list(table.metrics.items())[:MOST_METRICS]:
        values = series.values
        finite = values[np.isfinite(values)]
        any_finite = len(finite) > 0
        found[name] = Span(
            one(float(values[0])),
            one(float(values[-1])),
            float(finite.min()) if any_finite else None,
            float(finite.max()) if any_finite else None,
            float(np.add.accumulate(finite)[-1]) if any_finite else 0.0,
            len(finite),
        )
    return found


def _last(series: Series) -> float | None:
    return float(series.values[-1]) if len(series) else None


def _bests(table: Table) -> dict[str, Best]:
    return {name: best for name in BESTS if (best := _best(table, name)) is not None}


def _best(table: Table, metric: str) -> Best | None:
    steps, values = table.points(metric)
    finite = np.isfinite(values)
    if not finite.any():
        return None
    at = int(np.argmin(np.where(finite, values, np.inf)))
    return Best(float(values[at]), int(steps[at]))


def _recent(table: Table) -> list[Sample]:
    """The newest rows that told a metric."""
    length = len(table)
    told = [_tail(series, length) for series in table.metrics.values()]
    rows = np.unique(np.concatenate(told))[-WINDOW:] if told else np.empty(0, np.int64)
    values: list[dict[str, float]] = [{} for _ in rows]
    for name, series in table.metrics.items():
        tail = _tail(series, length)
        for place, row, value in zip(
            np.searchsorted(rows, tail), tail, series.values[-WINDOW:], strict=True
        ):
            if place < len(rows) and rows[place] == row:
                values[place][name] = float(value)
    return [
        Sample(int(table.step[row]), table.t.at(int(row)), told_by, int(table.ends[row]))
        for row, told_by in zip(rows, values, strict=True)
    ]


def _tail(series: Series, length: int) -> Ints:
    if series.rows is not None:
        return series.rows[-WINDOW:]
    return np.arange(max(length - WINDOW, 0), length)


def _judge(found: Tally, table: Table) -> None:
    """The streaks that the newest loss goes on."""
    loss = table.metrics.get("loss", NOTHING)
    if not len(loss):
        return
    # A streak seldom is long: its end is looked for near the end first.
    if len(loss) <= NEAR or not _judged(found, table, NEAR):
        _judged(found, table, len(loss))


def _judged(found: Tally, table: Table, near: int) -> bool:
    """By the newest values of the loss; False where a streak may have begun before them."""
    steps, loss = table.points("loss")
    whole = near >= len(loss)
    norms = _beside(table, table.metrics.get("grad_norm", NOTHING), table.metrics["loss"])
    steps, loss, norms = steps[-near:], loss[-near:], norms[-near:]
    same = np.zeros(len(loss), np.bool_)
    same[1:] = loss[1:] == loss[:-1]
    streaks = (
        _streak(~np.isfinite(loss) | ~np.isfinite(norms), steps),
        _streak(loss == 0.0, steps),
        _streak(same, steps),
    )
    if not whole and any(one.length >= near - 1 for one in streaks):
        return False
    found.nonfinite, found.zero, found.constant = streaks
    return True


def _beside(table: Table, series: Series, other: Series) -> Floats:
    """What `series` told in the rows of `other`; 0 where it told nothing."""
    if series.rows is None:
        return other.of(series.values)
    full = np.zeros(len(table))
    full[series.rows] = series.values
    return other.of(full)


def _streak(goes_on: Column, steps: Ints) -> Streak:
    breaks = np.flatnonzero(~goes_on)
    begin = int(breaks[-1]) + 1 if len(breaks) else 0
    return Streak(len(goes_on) - begin, int(steps[begin])) if begin < len(goes_on) else NONE
