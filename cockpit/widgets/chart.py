"""A chart that can be looked around in: keys and mouse move its window, and it says where the pointer stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.reactive import reactive

from cockpit.actions import CHART, bindings
from cockpit.plot.cells import Cells
from cockpit.plot.curve import Look, Scene, View
from cockpit.plot.painter import Painter
from cockpit.plot.picture import Picture
from cockpit.plot.window import Window
from cockpit.widgets.painted import Painted

CLOSER, WHEEL, PAN = 2.0, 1.25, 0.25
TOGGLED = 4.0
"""How much closer `z` looks."""
SMOOTHINGS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999)


class Chart(Painted, can_focus=True):
    """Set `scene` when the data moved on; `window`, `crosshair` and `look` when the view did."""

    DEFAULT_CSS = "Chart { height: 1fr; min-height: 3; }"
    scopes = (CHART,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(CHART)

    scene: reactive[Scene] = reactive(Scene, repaint=False, always_update=True)
    window: reactive[Window | None] = reactive(None, repaint=False)
    """None: everything there is."""
    crosshair: reactive[float | None] = reactive(None, repaint=False)
    look: reactive[Look] = reactive(Look, repaint=False)

    class Said(Message):
        """Something that the user did to a chart."""

        def __init__(self, chart: Chart) -> None:
            super().__init__()
            self.chart = chart

        @property
        def control(self) -> Chart:
            return self.chart

    class Pointed(Said):
        """The crosshair moved: set it on every chart that shares the axis. None: it left."""

        def __init__(self, chart: Chart, x: float | None) -> None:
            super().__init__(chart)
            self.x = x

    class Picked(Said):
        """A click at x, or Enter on the crosshair."""

        def __init__(self, chart: Chart, x: float) -> None:
            super().__init__(chart)
            self.x = x

    class Framed(Said):
        """The window moved. None: everything."""

        def __init__(self, chart: Chart, window: Window | None) -> None:
            super().__init__(chart)
            self.window = window

    class Restyled(Said):
        """The look changed: smoothing, or the kind of scale."""

        def __init__(self, chart: Chart, look: Look) -> None:
            super().__init__(chart)
            self.look = look

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
        self._grip: _Grip | None = None
        self.set_reactive(Chart.scene, scene or Scene())
        self.set_reactive(Chart.look, look or Look())

    def cells(self, width: int, height: int) -> Cells:
        view = View(width, height, self.window, self.crosshair, self.look)
        self._picture = self._painter.paint(self.scene, view)
        return self._picture.cells

    def curve_colours(self) -> tuple[str, ...]:
        return tuple(curve.colour for curve in self.scene.curves)

    # what was set

    def watch_scene(self, before: Scene, scene: Scene) -> None:
        if tuple(curve.colour for curve in before.curves) != self.curve_colours():
            self.recolour()
        self.repaint()

    def watch_window(self) -> None:
        self.repaint()

    def watch_crosshair(self) -> None:
        self.repaint()

    def watch_look(self) -> None:
        self.repaint()

    # what the user did

    def point(self, x: float | None) -> None:
        if x != self.crosshair:
            self.crosshair = x
            self.post_message(self.Pointed(self, x))

    def frame(self, window: Window | None) -> None:
        """Look at this, as far as there is something to look at."""
        if self._picture is not None and window is not None:
            window = window.within(self._picture.extent)
        if window != self.window:
            self.window = window
            self.post_message(self.Framed(self, window))

    def restyle(self, look: Look) -> None:
        if look != self.look:
            self.look = look
            self.post_message(self.Restyled(self, look))

    def action_step(self, cells: int) -> None:
        if self._picture is None:
            return
        start = self._picture.newest if self.crosshair is None else self.crosshair
        window = self._picture.window
        cell = window.width / max(self._picture.layout.columns, 1)
        self.point(min(max(start + cells * cell, window.lo), window.hi))

    def action_pan(self, direction: int) -> None:
        if self._picture is not None:
            self.frame(self._picture.window.pan(direction * PAN))

    def action_zoom(self, direction: int) -> None:
        self._zoom(CLOSER**direction)

    def action_toggle_zoom(self) -> None:
        if self.window is not None:
            self.frame(None)
        else:
            self._zoom(TOGGLED)

    def _zoom(self, factor: float, x: float | None = None) -> None:
        """Around x, else the crosshair, else the newest value."""
        if self._picture is None:
            return
        at = x if x is not None else self.crosshair
        window = self._picture.window
        place = window.fraction(self._picture.newest if at is None else at)
        self.frame(window.zoom(factor, min(max(place, 0.0), 1.0)))

    def action_whole(self) -> None:
        self.frame(None)

    def action_newest(self) -> None:
        if self._picture is not None and self.window is not None:
            self.frame(self.window.following(self._picture.newest))

    def action_smooth(self, direction: int) -> None:
        known = self.look.smoothing
        nearest = min(range(len(SMOOTHINGS)), key=lambda at: abs(SMOOTHINGS[at] - known))
        place = min(max(nearest + direction, 0), len(SMOOTHINGS) - 1)
        self.restyle(replace(self.look, smoothing=SMOOTHINGS[place]))

    def action_toggle_log(self) -> None:
        self.restyle(replace(self.look, log=not self.look.log))

    def action_pick(self) -> None:
        if self.crosshair is not None:
            self.post_message(self.Picked(self, self.crosshair))

    # the mouse

    def _x_under(self, event: events.MouseEvent) -> float | None:
        offset = event.get_content_offset(self)
        if self._picture is None or offset is None:
            return None
        inside = self._picture.layout.gutter <= offset.x < self._picture.layout.width
        return self._picture.x(offset.x) if inside else None

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._grip is None or self._picture is None:
            self.point(self._x_under(event))
            return
        moved = event.screen_x - self._grip.column
        if moved or self._grip.moved:
            self._grip = replace(self._grip, moved=True)
            self.frame(self._grip.window.pan(-moved / max(self._picture.layout.columns, 1)))

    def on_leave(self, event: events.Leave) -> None:
        if event.node is self:
            self.point(None)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if self._picture is not None:
            self._grip = _Grip(event.screen_x, self._picture.window)
            self.capture_mouse()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        grip, self._grip = self._grip, None
        self.release_mouse()
        x = self._x_under(event)
        if grip is not None and not grip.moved and x is not None:
            self.point(x)
            self.post_message(self.Picked(self, x))

    def on_click(self, event: events.Click) -> None:
        if event.chain == 2:
            self.frame(None)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, WHEEL)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, 1 / WHEEL)

    def _wheel(self, event: events.MouseEvent, factor: float) -> None:
        event.stop()
        if event.shift:
            self.action_pan(1 if factor > 1 else -1)
        else:
            self._zoom(factor, self._x_under(event))


@dataclass(frozen=True)
class _Grip:
    """The mouse holds the window."""

    column: float
    window: Window
    moved: bool = False
