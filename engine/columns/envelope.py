"""A curve of any length in as many buckets as it is wide, the lowest and the highest value of each kept.

So a spike of one step is drawn at any zoom, which no average and no sample promises.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.columns.series import Column, Floats, Ints


@dataclass(frozen=True, eq=False)
class Envelope:
    """Per bucket: lowest and highest finite value (NaN: none), points in it, and points that are NaN or infinite."""

    edges: Floats
    """Where the buckets begin, and where the last one ends."""
    low: Floats
    high: Floats
    count: Ints
    broken: Ints


def envelope(x: Column, y: Column, width: int, span: tuple[float, float] | None = None) -> Envelope:
    """`width` equal buckets of x over `span`, or over all x. Points without an x are nowhere."""
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        known = np.isfinite(x)
        x, y = x[known], y[known]
    first, last = span or ((float(x.min()), float(x.max())) if len(x) else (0.0, 1.0))
    edges = np.linspace(first, last, width + 1)
    x, y, starts = _sorted(x, y, edges)
    return _folded(y, starts, edges)


def _sorted(x: Column, y: Column, edges: Floats) -> tuple[Column, Column, Ints]:
    """The points by bucket, and where each bucket begins and the last one ends. The last includes its end."""
    if (x[1:] < x[:-1]).any():
        order = np.argsort(x, kind="stable")
        x, y = x[order], y[order]
    starts = np.searchsorted(x, edges[:-1], "left")
    return x, y, np.append(starts, np.searchsorted(x, edges[-1], "right"))


def _folded(y: Column, starts: Ints, edges: Floats) -> Envelope:
    width = len(starts) - 1
    count = np.maximum(np.diff(starts), 0)
    low, high = np.full(width, np.nan), np.full(width, np.nan)
    broken = np.zeros(width, np.int64)
    told = count > 0
    if told.any():
        inside, begins = y[starts[0] : starts[-1]], starts[:-1][told] - starts[0]
        finite = np.isfinite(inside)
        if not finite.all():
            broken[told] = np.add.reduceat(~finite, begins, dtype=np.int64)
            inside = np.where(finite, inside, np.nan)
        low[told] = np.fmin.reduceat(inside, begins)
        high[told] = np.fmax.reduceat(inside, begins)
    return Envelope(edges, low, high, count, broken)
