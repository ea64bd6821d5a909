"""What a chart shows, as values. Arrays are only read; a longer array makes a new curve."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cockpit.plot.glyphs import BRAILLE, Glyphs
from cockpit.plot.window import Window

Floats = NDArray[np.float64]
Numbers = NDArray[Any]

Style = Literal["line", "dashed", "dotted", "exact", "points", "plan"]
"""line, dashed, dotted: raw behind its average. exact: never smoothed, such as a learning rate. points: few values,
each one marked. plan: what was intended, dim and dashed, left out of the legend."""


@dataclass(frozen=True, eq=False)
class Curve:
    """One row an entry, in the order of the file. A row whose y is not finite is marked and interrupts the line."""

    x: Numbers
    y: Numbers
    name: str = ""
    colour: str = ""
    """A theme's name for it or #rrggbb; empty: the palette's, by position."""
    style: Style = "line"

    def __len__(self) -> int:
        return min(len(self.x), len(self.y))


@dataclass(frozen=True)
class Band:
    """Where values are expected. None: no bound on that side."""

    low: float | None
    high: float | None
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True)
class Span:
    """A stretch of x that means something, such as steps that were done twice."""

    start: float
    end: float
    kind: Literal["redone", "selected"] = "redone"


MarkKind = Literal["alert", "resume", "phase", "spike", "best", "checkpoint", "note"]
"""The more urgent first: it wins where two want one cell."""


@dataclass(frozen=True)
class Mark:
    x: float
    kind: MarkKind = "note"
    text: str = ""
    """Said when the crosshair stands on it."""


AxisKind = Literal["step", "time", "clock", "tokens", "money"]


@dataclass(frozen=True)
class Axis:
    """What x counts: steps, elapsed seconds, Unix seconds, tokens, dollars."""

    kind: AxisKind = "step"
    total: float | None = None
    """Where x is expected to end: the axis then reaches that far. None: it ends a little after the data."""
    live: bool = False
    """More is to come: room is left at the end, so that the columns stay where they are."""
    offset_s: float = 0.0
    """clock only: how far the shown time is from UTC."""


@dataclass(frozen=True)
class Scene:
    """Everything a chart says about the run, whatever the size it is drawn at."""

    title: str = ""
    curves: tuple[Curve, ...] = ()
    bands: tuple[Band, ...] = ()
    spans: tuple[Span, ...] = ()
    marks: tuple[Mark, ...] = ()
    axis: Axis = Axis()
    limits: tuple[float | None, float | None] = (None, None)
    """Fixed ends of y, such as 0 and 100. None: from the data."""
    note: str = ""
    """A few words at the end of the heading."""


def alike(one: Scene, other: Scene) -> bool:
    """Whether they say the same of the very same arrays."""
    if one is other:
        return True
    if len(one.curves) != len(other.curves):
        return False
    curves = zip(one.curves, other.curves, strict=True)
    return _said(one) == _said(other) and all(
        a.x is b.x and a.y is b.y and _named(a) == _named(b) for a, b in curves
    )


def _said(scene: Scene) -> tuple[object, ...]:
    beside = (scene.bands, scene.spans, scene.marks, scene.limits)
    return scene.title, scene.axis, scene.note, *beside


def _named(curve: Curve) -> tuple[str, str, str]:
    return curve.name, curve.colour, curve.style


@dataclass(frozen=True)
class Look:
    """How it is drawn. The user's choice, kept when the data moves on."""

    smoothing: float = 0.9
    """Weight of the past in the average, 0 to below 1; 0: none, and raw is the line."""
    log: bool = False
    robust: bool = False
    """y from the bulk of the values; what is beyond is marked at the edge."""
    glyphs: Glyphs = BRAILLE


@dataclass(frozen=True)
class View:
    """The eye: a size in cells, a window on x (None: everything), and where the crosshair stands."""

    width: int
    height: int
    window: Window | None = None
    crosshair: float | None = None
    look: Look = field(default_factory=Look)
