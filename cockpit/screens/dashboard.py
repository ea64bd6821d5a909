"""One run on one screen: the seven answers, its curves, its machine, its life, its last words."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal

from cockpit.actions import REPLAY, RUN, bindings
from cockpit.answers import answers
from cockpit.inks import Line
from cockpit.milestones import milestones
from cockpit.scenes import scenes
from cockpit.screens.charted import Charted
from cockpit.watching.moment import Moment
from cockpit.widgets.answering import answering
from cockpit.widgets.chart import Chart
from cockpit.widgets.loglines import drawn
from cockpit.widgets.machine import machine
from cockpit.widgets.timeline import timeline


class Dashboard(Charted):
    """The same for a run that lives and for one that is replayed: both are moments."""

    scopes = (RUN, REPLAY)
    BINDINGS: ClassVar = bindings(RUN, REPLAY)
    AUTO_FOCUS = "#loss"

    def body(self) -> ComposeResult:
        look = self.look()
        yield self.box("answers", "", boxed=False)
        with Horizontal(id="main"):
            yield Chart(look=look, id="loss", classes="box")
            yield self.box("machine", "machine")
        with Horizontal(id="charts"):
            for name in ("rate", "norm", "pace"):
                yield Chart(look=look, id=name, classes="box")
        yield self.box("timeline", "timeline")
        yield self.box("tail", "console")

    def show(self, moment: Moment) -> None:
        super().show(moment)
        found = answers(moment.status)
        self.words("answers").show(lambda width, height: answering(found, width, height))
        self.words("machine").show(lambda width, height: machine(moment, width, height))
        told = milestones(moment.frame.view, moment.status, moment.saves)
        self.words("timeline").show(lambda width, height: timeline(moment, told, width, height))
        self.words("tail").show(lambda width, height: self._tail(moment, width, height))
        frame = self.framed(moment)
        for name, scene in scenes(frame).items():
            self.query_one(f"#{name}", Chart).scene = scene
        self.land(frame)

    def _tail(self, moment: Moment, width: int, height: int) -> list[Line]:
        lines = [drawn(line, self.hide, width) for line in moment.console.tail(height)]
        return lines or [[("nothing was printed yet", "muted")]]
