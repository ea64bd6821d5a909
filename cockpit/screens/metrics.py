"""Every metric that was told, each as a chart: the wall. A regular expression picks among them."""

from __future__ import annotations

import re
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Grid

from cockpit.actions import METRICS, REPLAY, bindings
from cockpit.scenes import chosen, metric
from cockpit.screens.charted import Charted
from cockpit.screens.dialogs import Text
from cockpit.watching.moment import Moment
from cockpit.watching.watch import Watch
from cockpit.widgets.chart import Chart
from cockpit.widgets.lines import spread
from cockpit.widgets.loglines import Hide
from engine.display import display

MOST = 48
"""Charts at once; what is beyond is counted and can be picked."""
CELL = (38, 9)
"""Columns and rows that a small chart needs."""
LARGE = 2
"""How many times larger they are when asked for."""


class Metrics(Charted):
    """Charts come and go as metrics are told and picked; one crosshair and one window for all."""

    scopes = (METRICS, REPLAY)
    BINDINGS: ClassVar = bindings(METRICS, REPLAY)
    name_of_place = "Metrics"

    def __init__(self, watch: Watch[Moment], hide: Hide) -> None:
        super().__init__(watch, hide)
        self._pattern, self._large = "", False
        self._shown: list[str] = []

    def body(self) -> ComposeResult:
        yield self.box("find", "", boxed=False)
        yield Grid(id="wall")

    def show(self, moment: Moment) -> None:
        super().show(moment)
        told = list(moment.curves.metrics)
        names = chosen(told, self._pattern)
        if names[:MOST] != self._shown:
            self._shown = names[:MOST]
            self.call_later(self._hang)
            return
        frame = self.framed(moment)
        for chart, name in zip(self.charts(), self._shown, strict=False):
            chart.scene = metric(frame, name)
        self.land(frame)
        self.words("find").show(lambda width, height: [self._found(len(names), len(told), width)])

    def _found(self, found: int, told: int, width: int) -> list[tuple[str, str]]:
        left = [(" /", "key"), (display(self._pattern, 40) or " picks by a pattern", "title")]
        if found > MOST:
            left.append((f"   the first {MOST}", "warn"))
        return list(spread(left, [(f"{found} of {told} metrics ", "muted")], width))

    async def _hang(self) -> None:
        """As many charts as there are metrics."""
        wall = self.query_one("#wall", Grid)
        await wall.remove_children()
        await wall.mount(*(Chart(look=self.look(), classes="box") for _ in self._shown))
        self._lay()
        if self._shown:
            wall.query(Chart).first().focus()
        self.renew()

    def _lay(self) -> None:
        """Small ones side by side; few ones share all the room there is."""
        wall = self.query_one("#wall", Grid)
        times = LARGE if self._large else 1
        width, height = (side * times for side in CELL)
        count, room = max(len(self._shown), 1), max(self.size.height - 4, 6)
        columns = min(max(self.size.width // width, 1), count)
        fitting = -(-count // columns) * height <= room
        wall.styles.grid_size_columns = columns
        wall.styles.grid_rows = "1fr" if fitting else f"{min(height, room)}"

    def on_resize(self) -> None:
        self._lay()

    def action_bigger(self) -> None:
        self._large = not self._large
        self._lay()

    def action_pick_metrics(self) -> None:
        def answered(text: str | None) -> None:
            if text is None:
                return
            try:
                re.compile(text)
            except re.error as error:
                self.deck.tell(f"not a regular expression: {error}", "warning")
                return
            self._pattern = text.strip()
            self.renew()

        hint = "A regular expression, such as loss|norm. Empty shows all."
        self.app.push_screen(Text("Filter metrics", hint, self._pattern), answered)
