"""Read what runs cost from their journals: prices, times of phases, and what was foreseen when each was young."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.costs.bills import HOUR_S, Priced
from engine.curves import Curves, Whole
from engine.report.phases import ALL, phases
from engine.status.pace import trained_s
from engine.view import View

EARLY = 0.1
"""Of the steps, those after which a forecast is taken: what a person would have believed by then."""
LEAST = 8
"""Rows with a time that a forecast needs."""


def ledger(one: Whole) -> Priced:
    """One run's line."""
    status = one.status
    return Priced(
        run=one.run.id,
        host=status.host,
        live=status.exit_status is None,
        spent=status.cost.spent,
        rate=status.cost.rate,
        cap=status.cost.cap,
        eta=status.eta.at,
        seconds=seconds(one.view, one.frame.now),
        foreseen=_foreseen(one),
        phases=_phases(one),
        typed=one.view.keeper.words.get("cost.dollars"),
    )


def seconds(view: View, now: float) -> float | None:
    """The time of all attempts that is known."""
    lengths = [trained_s(attempt, now) for attempt in view.attempts]
    known = [length for length in lengths if length is not None]
    return sum(known) if known else None


def _phases(one: Whole) -> Mapping[str, float]:
    begun = next((a.facts.runner.started_t for a in one.view.attempts), None)
    found = phases(one.curves, begun)
    return {p.name: p.seconds for p in found if p.seconds is not None and p.name != ALL}


def _foreseen(one: Whole) -> float | None:
    """Dollars of the whole run by the pace of its first tenth."""
    total, rate = one.status.total, one.terms.price_hour
    pace = early_pace(one.curves, total)
    return None if pace is None or total is None or rate is None else pace * total * rate / HOUR_S


def early_pace(curves: Curves, total: int | None) -> float | None:
    """Seconds a step, the median of the first tenth of the steps."""
    if not total:
        return None
    at, gaps = curves.pace()
    early = gaps[np.asarray(at) <= max(total * EARLY, at[0] + LEAST if len(at) else 0)]
    return float(np.median(early)) if len(early) >= LEAST else None
