"""A chart that can be looked around in: keys and mouse move its window, and it says where the pointer stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive

from cockpit.plot.cells import Cells
from cockpit.plot.curve import Look, Scene, View
from cockpit.plot.painter import Painter
from cockpit.plot.picture import Picture
from cockpit.plot.window import Window
from cockpit.widgets.painted import Painted

ZOOM = 2.0
WHEEL = 1.25
PAN = 0.25
SMOOTHINGS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999)


class Chart(Painted, can_focus=True):
    """Set `scene` when the data moved on, `window`, `crosshair` and `look` when the view did."""

    DEFAULT_CSS = "Chart { height: 1fr; min-height: 3; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "Crosshair left", show=False),
        Binding("right", "step(1)", "Crosshair right", show=False),
        Binding("shift+left", "pan(-1)", "Earlier", show=False),
        Binding("shift+right", "pan(1)", "Later", show=False),
        Binding("up", "zoom(1)", "Closer", show=False),
        Binding("down", "zoom(-1)", "Farther", show=False),
        Binding("z", "toggle_zoom", "Zoom, again: out", show=False),
        Binding("home", "whole", "Whole run", show=False),
        Binding("end", "newest", "Newest", show=False),
        Binding("plus,equals_sign", "smooth(1)", "Smoother", show=False),
        Binding("minus", "smooth(-1)", "Rougher", show=False),
        Binding("y", "toggle_log", "Log scale", show=False),
        Binding("escape", "unpoint", "No crosshair", show=False),
    ]

    scene: reactive[Scene] = reactive(Scene, repaint=False, always_update=True)
    window: reactive[Window | None] = reactive(None, repaint=False)
    """None: everything there is."""
    crosshair: reactive[float | None] = reactive(None, repaint=False)
    look: reactive[Look] = reactive(Look, repaint=False)

    @dataclass
    class Pointed(Message):
        """The user's crosshair: set it on every chart that shares the axis. None: it left."""

        chart: Chart
        x: float | None

        @property
        def control(self) -> Chart:
            return self.chart

    @dataclass
    class Picked(Message):
        """The user clicked at x, or pressed Enter on the crosshair."""

        chart: Chart
        x: float

        @property
        def control(self) -> Chart:
            return self.chart

    @dataclass
    class Framed(Message):
        """The user moved the window. None: everything."""

        chart: Chart
        window: Window | None

        @property
        def control(self) -> Chart:
            return self.chart

    @dataclass
    class Changed(Message):
        """The user changed the look."""

        chart: Chart
        look: Look

        @property
        def control(self) -> Chart:
            return self.chart

    def __init__(
        self,
        scene: Scene | None = None,
        look: Look | None = None,
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._painter = Painter()
        self._picture: Picture | None = None
        self._grip: tuple[int, Window] | None = None
        self.set_reactive(Chart.scene, scene or Scene())
        self.set_reactive(Chart.look, look or Look())

    def cells(self, width: int, height: int) -> Cells:
        view = View(width, height, self.window, self.crosshair, self.look)
        self._picture = self._painter.paint(self.scene, view)
        return self._picture.cells

    def curve_colours(self) -> tuple[str, ...]:
        return tuple(curve.colour for curve in self.scene.curves)
