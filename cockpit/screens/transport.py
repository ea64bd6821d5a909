"""The keys that move a recording. On a run without one they are not offered."""

from __future__ import annotations

from textual.app import ComposeResult

from cockpit.screens.base import RunPlace
from cockpit.watching.head import Head
from cockpit.watching.moment import Moment
from cockpit.widgets.transport import TransportBar

ALERTS = ("alert",)


class Transport(RunPlace):
    """A screen whose run may have a head over it: its last lines are then the bar."""

    @property
    def head(self) -> Head:
        found = self.source.head
        assert found is not None, "these actions are offered only where there is a position"
        return found

    def foot(self) -> ComposeResult:
        bar = TransportBar(id="transport", classes="box")
        bar.border_title = "transport"
        yield bar

    def show(self, moment: Moment) -> None:
        self.query_one(TransportBar).place(moment.position)

    def on_transport_bar_sought(self, event: TransportBar.Sought) -> None:
        if self.source.head is not None:
            self.head.seek(event.share)
            self.feed.hurry()

    def action_play(self) -> None:
        self.head.play()
        self.feed.hurry()

    def action_loop(self) -> None:
        self.head.loop()
        self.feed.hurry()

    def action_faster(self) -> None:
        self.head.faster(1)
        self.feed.hurry()

    def action_slower(self) -> None:
        self.head.faster(-1)
        self.feed.hurry()

    def action_next_step(self) -> None:
        self.head.step(1)
        self.feed.hurry()

    def action_back_step(self) -> None:
        self.head.step(-1)
        self.feed.hurry()

    def action_next_mark(self) -> None:
        self.head.mark(1)
        self.feed.hurry()

    def action_last_mark(self) -> None:
        self.head.mark(-1)
        self.feed.hurry()

    def action_next_alert(self) -> None:
        self.head.mark(1, ALERTS)
        self.feed.hurry()

    def action_last_alert(self) -> None:
        self.head.mark(-1, ALERTS)
        self.feed.hurry()

    def action_jump(self, tenth: int) -> None:
        self.head.seek(tenth / 10)
        self.feed.hurry()
