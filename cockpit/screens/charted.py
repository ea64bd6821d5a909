"""What screens full of charts share: one x axis, one crosshair, one window, and the way to the log and back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from cockpit.agreed import Agreed, agreed
from cockpit.plot.curve import Look
from cockpit.scenes import Frame, framed
from cockpit.screens.transport import Transport
from cockpit.watching.moment import Moment
from cockpit.widgets.chart import Chart
from engine import profile, vault
from engine.curves.rulers import NAMES, Counting, Kind, following
from engine.errors import Problem
from engine.frozen import CAP
from engine.runs import Run


class Charted(Transport):
    """The axis is the user's choice and stays while one goes from screen to screen."""

    _wanted: int | None = None

    @property
    def agreed(self) -> Agreed:
        return promised(self.source.run)

    @property
    def axis(self) -> Kind:
        return self.deck.axis

    def look(self) -> Look:
        return Look(glyphs=self.deck.glyphs)

    def framed(self, moment: Moment) -> Frame:
        return framed(moment, self.axis, self.agreed)

    def charts(self) -> Iterator[Chart]:
        yield from self.query(Chart).results(Chart)

    # one crosshair and one window for all charts

    def point(self, x: float | None) -> None:
        for chart in self.charts():
            chart.crosshair = x

    def on_chart_pointed(self, event: Chart.Pointed) -> None:
        self.point(event.x)

    def on_chart_framed(self, event: Chart.Framed) -> None:
        for chart in self.charts():
            chart.window = event.window

    def on_chart_picked(self, event: Chart.Picked) -> None:
        """To the line of the log that stood then."""
        if self.moment is None:
            return
        found = self.framed(self.moment).ruler.row(event.x)
        if found is None:
            self.deck.tell("no line of the log is known there")
        else:
            self.deck.go("logs", found)

    def aim(self, found: object) -> None:
        """Somebody asks to be shown a step."""
        if isinstance(found, int):
            self._wanted = found
            self.renew()

    def land(self, frame: Frame) -> None:
        """Put the crosshair where somebody asked for."""
        if self._wanted is not None:
            wanted, self._wanted = self._wanted, None
            self.point(frame.ruler.of(float(wanted), None))

    def action_x_axis(self) -> None:
        if self.moment is None:
            return
        counting = Counting(self.moment.status.cost.rate, self.agreed.tokens_step)
        self.deck.axis = following(counting.kinds(self.moment.curves), self.axis)
        for chart in self.charts():
            chart.window = chart.crosshair = None
        self.deck.tell(f"x counts {NAMES[self.axis]}")
        self.renew()


@lru_cache(maxsize=64)
def promised(run: Run) -> Agreed:
    """A run's profile is frozen, so it is read once."""
    try:
        return agreed(profile.from_json(vault.small(run.profile, CAP)))
    except (Problem, OSError, ValueError):
        return Agreed()
