"""The app: it owns the screens, the theme and the threads that look; everything else gets values."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App
from textual.filter import LineFilter
from textual.message import Message

from cockpit.actions import ANY, bindings
from cockpit.asking import Asking
from cockpit.palette import entries
from cockpit.plot.glyphs import ASCII, suited
from cockpit.screens.base import Place, RunPlace
from cockpit.screens.dialogs import Choice, Item
from cockpit.screens.fleet import FleetPlace
from cockpit.screens.manual import Manual
from cockpit.screens.places import place
from cockpit.terminal import Harmless, Plain, bug, encoding
from cockpit.themes import THEMES, after
from cockpit.watching.memory import settle
from cockpit.watching.roster import Fleet, Roster, Runs
from cockpit.watching.watch import Watch
from engine.cli import crash
from engine.cli.target import hider
from engine.curves.rulers import Kind
from engine.display import display
from engine.runs import Run

if TYPE_CHECKING:  # what a run's screens show loads numpy, which a list of runs does without
    from cockpit.demo import Setup
    from cockpit.watching.moment import Moment

TOLD = 200
SWITCH_S = 0.001
"""Longest that a thread which reads may keep the one that draws waiting; Python's own is five times as long."""


@dataclass(frozen=True)
class Opening:
    """Where it opens: the runs of the fleet, and one of them, live or as a recording."""

    runs: Runs
    run: Run | None = None
    tape: bool = False
    speed: float = 1.0
    theme: str = THEMES[0].name
    ascii: bool = False
    """Nothing but ASCII, for terminals and fonts that have no more."""
    setup: Setup | None = None
    mix: Path | None = None
    """A profile or a folder of buckets whose phases are looked at."""


class News(Message):
    """A watch saw something."""

    def __init__(self, feed: Watch[Any]) -> None:
        super().__init__()
        self.feed = feed


class Cockpit(App[None]):
    """Closing it changes nothing: it reads, and leaves requests."""

    CSS_PATH = Path(__file__).with_name("cockpit.tcss")
    TITLE = "cockpit"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar = bindings(ANY)

    def __init__(self, opening: Opening) -> None:
        super().__init__()
        self.opening = opening
        self.asking = Asking(self, self)
        self.axis: Kind = "step"
        suiting = suited(encoding(), os.environ.get("TERM", ""))
        self.glyphs = ASCII if opening.ascii else suiting
        self._bug = ""
        self._watches: list[Watch[Any]] = []
        self._entered: dict[str, Watch[Moment]] = {}
        self._fleet: Watch[Fleet] = Watch(Roster(opening.runs), lambda: None)
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = opening.theme
        self._parsed: object = self.get_css_variables()
        self.stylesheet.set_variables(self.get_css_variables())

    def refresh_css(self, animate: bool = True) -> None:
        """Textual asks for it once as it starts. Nothing changed by then, and it would parse everything again."""
        started, self._parsed = self._parsed, None
        if started != self.get_css_variables():
            super().refresh_css(animate)

    def get_line_filters(self) -> Sequence[LineFilter]:
        plain = [Plain()] if self.glyphs is ASCII else []
        return [*super().get_line_filters(), Harmless(), *plain]

    def on_mount(self) -> None:
        sys.setswitchinterval(SWITCH_S)
        roster = Roster(self.opening.runs, self._seen)
        self._fleet = self.follow(roster, self.opening.run is not None)
        self.push_screen(FleetPlace(self._fleet))
        if self.opening.mix is not None:
            self.open_mix(self.opening.mix)
        if self.opening.run is not None:
            self._enter(self.opening.run, "dashboard", self.opening.speed * self.opening.tape)
        if self.opening.setup is not None:
            self.opening.setup.begin(self)

    def on_ready(self) -> None:
        settle()

    def on_unmount(self) -> None:
        for watch in self._watches:
            watch.end()

    # threads that look

    def follow(self, source: Any, resting: bool = False) -> Watch[Any]:
        watch: Watch[Any] = Watch(source, lambda: self.post_message(News(watch)), resting)
        self._watches.append(watch)
        self.run_worker(watch.run, thread=True, exit_on_error=True)
        return watch

    def on_news(self, event: News) -> None:
        event.feed.take()
        screen = next((s for s in reversed(self.screen_stack) if isinstance(s, Place)), None)
        if screen is not None and screen.feed is event.feed:
            screen.news()

    # going places

    def open(self, run: Run, name: str = "dashboard") -> None:
        """A run as it is now."""
        self._enter(run, name, 0.0)

    def replay(self, run: Run, speed: float | None = None) -> None:
        """A run once more, from its beginning."""
        self._enter(run, "dashboard", speed or self.opening.speed)

    def _enter(self, run: Run, name: str, tape: float) -> None:
        """`tape` is the speed of a recording; 0: as it is now."""
        from cockpit.watching.source import Live, Tape

        watch = self.follow(Tape(run, tape) if tape else Live(run))
        if not tape:
            self._entered[run.id] = watch
        self.push_screen(place(name)(watch, hider(run)))
        self._attend()

    def _seen(self, name: str) -> Moment | None:
        """The newest of a run that is open here."""
        watch = self._entered.get(name)
        return watch.latest if watch is not None else None

    def go(self, name: str, found: object = None) -> None:
        """To another place of the run that is on the screen; `found` is what to look at there."""
        here = self.screen
        assert isinstance(here, RunPlace), "only the screens of a run lead to its other places"
        there = place(name)(here.feed, here.hide)
        self.switch_screen(there)
        if found is not None:
            there.call_after_refresh(there.aim, found)

    def back(self) -> None:
        """To where one came from; the watch of what is left ends with its last screen."""
        if len(self.screen_stack) > 2:
            self.pop_screen()
            self._tidy()

    def home(self) -> None:
        while len(self.screen_stack) > 2:
            self.pop_screen()
        self._tidy()

    def _tidy(self) -> None:
        used = [s.feed for s in self.screen_stack if isinstance(s, Place)]
        for watch in list(self._watches):
            if watch not in used:
                watch.end()
                self._watches.remove(watch)
        self._entered = {name: one for name, one in self._entered.items() if one in used}
        self._attend()

    def _attend(self) -> None:
        """What is on the screen is looked at; everything below it rests."""
        shown = [s.feed for s in self.screen_stack if isinstance(s, FleetPlace | RunPlace)]
        for watch in self._watches:
            watch.rest(watch is not shown[-1])

    # what can be done everywhere

    def action_help(self) -> None:
        screen = self.screen
        if isinstance(screen, Place) and not isinstance(screen, Manual):
            parts = {part for one in screen.query("*") for part in getattr(one, "scopes", ())}
            self.push_screen(Manual((*screen.scopes, *sorted(parts)), screen.about))

    def action_palette(self) -> None:
        screen = self.screen
        if not isinstance(screen, Place):
            return
        named = entries(screen)

        def answered(item: Item | None) -> None:
            if item is not None:
                self.call_later(screen.perform, named[item])

        hint = "Enter does it, Ctrl+Y copies its command, ↑ ↓ choose, Esc leaves."
        self.push_screen(Choice("Commands", list(named), hint, self.copy), answered)

    def action_next_theme(self) -> None:
        self.theme = after(self.theme)
        self.tell(f"theme: {self.theme}")

    async def action_quit(self) -> None:
        self.exit()

    def stop(self, run: Run) -> None:
        """From the fleet: look first, then ask."""
        from engine.observe import Observer

        self.asking.stop(run, Observer(run).status())

    def new(self) -> None:
        """A run of one of the project's profiles."""
        from cockpit.screens.new import New

        self.push_screen(New(Path.cwd()))

    def compare(self, runs: Sequence[Run]) -> None:
        """Some runs on one chart, and what they differ in."""
        from cockpit.screens.compare import Compare
        from cockpit.watching.several import Several

        self.push_screen(Compare(self.follow(Several(runs))))

    def hosts(self) -> None:
        """The machines that runs can go to."""
        from cockpit.screens.hosts import Hosts

        self.push_screen(Hosts(self._fleet))

    def costs(self) -> None:
        """What runs cost."""
        from cockpit.screens.costs import Costs

        self.push_screen(Costs(self._fleet))

    def open_mix(self, path: Path) -> None:
        """The curriculum of a profile that draws from buckets."""
        from cockpit.screens.mix import Mix

        self.push_screen(Mix(path))

    def done(self, said: str, found: object) -> None:
        """Something that was asked for is under way."""
        if isinstance(found, Run):
            self.home()
            self.open(found)
            said = f"{said}: {found.id}"
        self.tell(said)

    def copy(self, command: str) -> None:
        self.copy_to_clipboard(command)
        self.tell(f"copied: {command}")

    def tell(self, text: str, severity: str = "information") -> None:
        """A few words in the corner; never markup."""
        self.notify(display(text, TOLD), severity=severity, timeout=4, markup=False)  # type: ignore[arg-type]

    # a bug

    def _fatal_error(self) -> None:
        """In the place of Textual's own, which prints the values of variables."""
        error = sys.exc_info()[1] or self._exception
        self._bug = bug(error, crash.record(error) if error is not None else None)
        self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        """On the terminal as it was before."""
        super()._print_error_renderables()
        if self._bug:
            sys.stderr.write(self._bug)
            self._bug = ""

    def running(self) -> list[str]:
        """Runs that go on without the screen."""
        fleet = self._fleet.latest
        if fleet is not None:
            return [row.run.id for row in fleet.rows if row.live]
        moments = [watch.latest for watch in self._watches if watch.latest is not None]
        return [one.frame.run for one in moments if one.status.exit_status is None]
