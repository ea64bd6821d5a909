"""A run's curves as a figure for print: PNG or SVG, by matplotlib, which is installed by whoever wants one."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from engine.columns.series import Floats
from engine.curves import Kind, Whole
from engine.curves.rulers import NAMES
from engine.data.landing import landing
from engine.display import display
from engine.errors import Unusable

SPAN = 0.02
"""Of the points, those that a smooth line is the mean of."""
MOST = 50_000
"""Points of a curve that are drawn; of a longer one every stretch's lowest and highest."""
COLOURS = ("#1f5fa8", "#b4532a", "#2d7d46", "#7a4fa3")
STYLE: dict[str, Any] = {
    "figure.dpi": 150, "savefig.dpi": 300, "font.size": 9, "axes.spines.top": False,
    "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.25, "svg.fonttype": "none",
    "svg.hashsalt": "cockpit", "text.parse_math": False, "legend.frameon": False,
}  # fmt: skip


def to_figure(one: Whole, path: Path, form: str, by: Kind, hide: Callable[[str], str]) -> int:
    """Losses above, what else is usual below; how many curves there are."""
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        raise Unusable(
            "figures are drawn by matplotlib, which is not installed",
            "pip install matplotlib; --to html draws without it",
        ) from None
    panels = [[name for name in names if name in one.curves.metrics] for names in _PANELS]
    panels = [names for names in panels if names]
    if not panels:
        raise Unusable(f"{one.run.id} has no curve to draw", "engine tail RUN --metrics")
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(6.4, 2.6 * len(panels) + 0.6), layout="constrained")
        axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
        for axis, names in zip(axes, panels, strict=True):
            _panel(axis, one, names, by)
        axes[-1].set_xlabel(NAMES[by])
        figure.suptitle(display(hide(one.run.id), 100), fontsize=10)
        drawn = io.BytesIO()
        metadata = {"Date": None} if form == "svg" else {"Software": "cockpit"}
        figure.savefig(drawn, format=form, metadata=metadata)
    with landing(path) as file:
        file.write(drawn.getvalue())
    return sum(map(len, panels))


_PANELS = (("loss", "eval_loss"), ("learning_rate",), ("grad_norm",))


def _panel(axis: Any, one: Whole, names: list[str], by: Kind) -> None:
    ruler = one.counting.ruler(one.curves, by)
    for colour, name in zip(COLOURS, names, strict=False):
        x, y = ruler.points(name)
        x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
        fine = np.isfinite(x) & np.isfinite(y)
        x, y = _thinned(x[fine], y[fine])
        dense = len(y) > 200
        label = display(name, 60)
        axis.plot(x, y, color=colour, linewidth=0.6 if dense else 1.2, alpha=0.35 if dense else 1.0,
                  marker="" if dense else "o", markersize=3, label=None if dense else label)  # fmt: skip
        if dense:
            axis.plot(x, _smooth(y), color=colour, linewidth=1.4, label=label)
    axis.legend(fontsize=8)


def _smooth(y: Floats) -> Floats:
    """Means of a window that is centred, and narrower at both ends."""
    half = max(int(len(y) * SPAN / 2), 1)
    sums = np.concatenate(([0.0], np.cumsum(y)))
    at = np.arange(len(y))
    low, high = np.maximum(at - half, 0), np.minimum(at + half + 1, len(y))
    return np.asarray((sums[high] - sums[low]) / (high - low))


def _thinned(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """No spike is lost: of each stretch the rows of the lowest and of the highest value stay."""
    if len(y) <= MOST:
        return x, y
    edges = np.linspace(0, len(y), MOST // 2 + 1).astype(np.int64)
    kept = {
        int(a + pick(y[a:b]))
        for a, b in pairwise(edges.tolist())
        if b > a
        for pick in (np.argmin, np.argmax)
    }
    rows = np.array(sorted(kept), np.int64)
    return x[rows], y[rows]
