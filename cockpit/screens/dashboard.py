"""One run on one screen: the seven answers, its curves, its machine, its life, its last words."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal

from cockpit.actions import REPLAY, RUN, bindings
from cockpit.answers import answers
from cockpit.inks import Line
from cockpit.milestones import milestones
from cockpit.plot.curve import Look
from cockpit.plot.glyphs import suited
from cockpit.scenes import AXES, scenes
from cockpit.screens.transport import Transport
from cockpit.watching.moment import Moment
from cockpit.widgets.answering import answering
from cockpit.widgets.chart import Chart
from cockpit.widgets.lines import Lines
from cockpit.widgets.loglines import drawn
from cockpit.widgets.machine import machine
from cockpit.widgets.timeline import timeline, transport


class Dashboard(Transport):
    """The same for a run that lives and for one that is replayed: both are moments."""

    scopes = (RUN, REPLAY)
    BINDINGS: ClassVar = bindings(RUN, REPLAY)
    AUTO_FOCUS = "#loss"

    axis = "step"
    _wanted: float | None = None

    def body(self) -> ComposeResult:
        look = Look(glyphs=suited(_encoding(), os.environ.get("TERM", "")))
        yield Lines(id="answers")
        with Horizontal(id="main"):
            yield Chart(look=look, id="loss", classes="box")
            yield self._box("machine", "machine")
        with Horizontal(id="charts"):
            for name in ("rate", "norm", "pace"):
                yield Chart(look=look, id=name, classes="box")
        yield self._box("timeline", "timeline")
        yield self._box("tail", "console")
        yield self._box("transport", "transport")

    @staticmethod
    def _box(name: str, title: str) -> Lines:
        box = Lines(id=name, classes="box")
        box.border_title = title
        return box

    def charts(self) -> Iterator[Chart]:
        yield from self.query(Chart).results(Chart)

    def show(self, moment: Moment) -> None:
        found = answers(moment.status)
        self.words("answers").show(lambda width, height: answering(found, width, height))
        self.words("machine").show(lambda width, height: machine(moment, width, height))
        told = milestones(moment.frame.view, moment.status, moment.saves)
        self.words("timeline").show(lambda width, height: timeline(moment, told, width, height))
        position = moment.position
        self.words("transport").show(lambda width, height: transport(position, width, height))
        self.words("tail").show(lambda width, height: self._tail(moment, width, height))
        for name, scene in scenes(moment, self.axis).items():
            self.query_one(f"#{name}", Chart).scene = scene
        if self._wanted is not None:
            self.point(self._wanted)

    def _tail(self, moment: Moment, width: int, height: int) -> list[Line]:
        lines = [drawn(line, self.hide, width) for line in moment.console.tail(height)]
        return lines or [[("nothing was printed yet", "muted")]]

    # one crosshair and one window for all charts

    def point(self, x: float | None) -> None:
        self._wanted = None
        for chart in self.charts():
            chart.crosshair = x

    def on_chart_pointed(self, event: Chart.Pointed) -> None:
        self.point(event.x)

    def on_chart_framed(self, event: Chart.Framed) -> None:
        for chart in self.charts():
            chart.window = event.window

    def on_chart_picked(self, event: Chart.Picked) -> None:
        """To the line of the log that stood then."""
        if self.moment is None or self.axis != "step":
            return
        found = self.moment.curves.where(event.x)
        if found is not None:
            self.deck.go("logs", found)

    def aim(self, found: object) -> None:
        """Somebody asks to be shown a step."""
        if isinstance(found, int):
            self.axis, self._wanted = "step", float(found)
            self.renew()

    def action_x_axis(self) -> None:
        self.axis = AXES[(AXES.index(self.axis) + 1) % len(AXES)]
        for chart in self.charts():
            chart.window = chart.crosshair = None
        self.deck.tell(f"x counts {'steps' if self.axis == 'step' else 'seconds'}")
        self.renew()


def _encoding() -> str:
    """Of the terminal itself: while the app runs, what is printed goes elsewhere."""
    return getattr(sys.__stdout__, "encoding", None) or "utf-8"
