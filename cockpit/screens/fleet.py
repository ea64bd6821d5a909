"""Home: every run a line, the machines' needs below, and the doors that lead to a first run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult

from cockpit.actions import FLEET, bindings
from cockpit.doors import SPEED, Door, doors
from cockpit.inks import CURVES, Line
from cockpit.screens.base import WORLD, Place
from cockpit.screens.dialogs import Choice, Item, Text
from cockpit.watching.roster import Fleet, Row
from cockpit.watching.watch import Watch
from cockpit.widgets.listing import Listing
from cockpit.widgets.runs import about, head, needs, run_line
from engine.cli import words
from engine.cli.target import ours
from engine.display import display
from engine.runs import Run, logs_folder
from engine.shipped import recordings

WELCOME = " No run yet. Three doors; Enter opens one:"
SORTS = ("newest", "running", "those that need you", "by name")


class FleetPlace(Place):
    """Shows what a roster saw; the run under the cursor is the one that actions are about."""

    scopes = (FLEET,)
    BINDINGS: ClassVar = bindings(FLEET)
    AUTO_FOCUS = "#runs"

    def __init__(self, watch: Watch[Fleet]) -> None:
        super().__init__()
        self.feed: Watch[Fleet] = watch
        self._sort, self._filter = SORTS[0], ""
        self._rows: list[Row] = []
        self._marked: list[Run] = []
        self._doors: list[Door] = []

    def body(self) -> ComposeResult:
        runs = Listing(id="runs", classes="box")
        runs.border_title = "runs"
        yield runs
        yield self.box("needs", "needs you")
        yield self.box("about", "this run")

    @property
    def fleet(self) -> Fleet:
        return self.feed.latest or Fleet()

    @property
    def about(self) -> str | None:
        return self.row.run.id if self.row is not None else None

    @property
    def row(self) -> Row | None:
        """The one under the cursor."""
        if not self._rows:
            return None
        return self._rows[min(self.query_one(Listing).cursor, len(self._rows) - 1)]

    def places(self) -> Sequence[str]:
        return ["Fleet", f"/ {self._filter}"] if self._filter else ["Fleet"]

    def right(self, width: int) -> Line:
        rows = self.fleet.rows
        live = sum(row.live for row in rows)
        needs = sum(row.needs > 0 for row in rows)
        parts: list[tuple[str, str]] = []
        if needs:
            parts.append((f" {needs} need you ", "bad chip"))
        parts.append((f"  {live} running", "good bold" if live else "muted"))
        parts.append((f"  {words.many(len(rows), 'run')}", "text"))
        if self.fleet.read < len(rows):
            parts.append((f"  reading {self.fleet.read:,}", "muted"))
        if width >= 80:
            parts.append((f"  {words.moment(self.fleet.now or None)} ", "muted"))
        return parts

    def can(self, name: str) -> bool:
        if name == "compare":
            return len(self.fleet.rows) > 1
        if name == "open" and self._doors:
            return True
        if name in ("open", "replay", "alerts", "resume", "stop", "mark", "copy"):
            row = self.row
            writes = name in (*WORLD, "resume")
            if row is None or not row.state or (writes and not ours(row.run)):
                return False
            return row.live if name == "stop" else not row.live if name == "resume" else True
        return True

    def renew(self) -> None:
        here = self.row
        self._rows = self._shown()
        listing = self.query_one(Listing)
        listing.empty = "no run of that name" if self._filter else "reading…"
        named = [row.run.id for row in self._rows]
        if here is not None and here.run.id in named:
            listing.cursor = named.index(here.run.id)
        title = f"runs, {self._sort} first"
        if listing.border_title != title:  # setting it draws all of the listing
            listing.border_title = title
        if self.feed.latest is not None and not self.fleet.rows:
            self._doors = self._doors or doors(recordings(logs_folder()))
            listing.show(len(self._doors), self._door, lambda width: [(WELCOME, "title")])
        else:
            self._doors = []
            listing.show(len(self._rows), self._line, head)
        super().renew()
        wanting = [row for row in self.fleet.rows if row.needs]
        self.words("needs").show(lambda width, height: needs(wanting, width))
        self.words("needs").styles.height = min(max(len(wanting), 1), 4) + 2
        self._tell()

    def _tell(self) -> None:
        """About the run under the cursor, or the door."""
        if not self._doors:
            self.words("about").show(lambda width, height: about(self.row, width))
            return
        door = self._doors[self.query_one(Listing).cursor]
        same: Line = [("the same as a command  ", "faint"), (door.command, "accent")]
        self.words("about").show(lambda width, height: [same])

    def _shown(self) -> list[Row]:
        part = self._filter.lower()
        rows = [
            row
            for row in self.fleet.rows
            if part in f"{row.run.id} {row.word} {row.state} {row.host}".lower()
        ]
        if self._sort == SORTS[1]:
            rows.sort(key=lambda row: (not row.live, row.word))
        elif self._sort == SORTS[2]:
            rows.sort(key=lambda row: -row.needs)
        elif self._sort == SORTS[3]:
            rows.sort(key=lambda row: row.run.id)
        return rows

    def _door(self, at: int, width: int) -> Line:
        return self._doors[at].line(width)

    def _line(self, at: int, width: int) -> Line:
        row = self._rows[at]
        return run_line(row, width, self.fleet.now, row.run in self._marked)

    # what can be done

    def on_listing_moved(self) -> None:
        self._tell()

    def on_listing_chosen(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        if self.row is not None:
            self.deck.open(self.row.run)
        elif self._doors:
            self._enter(self._doors[self.query_one(Listing).cursor])

    def _enter(self, door: Door) -> None:
        if door.run is not None:
            self.deck.replay(door.run, SPEED)
        elif door.kind == "demo":
            self.deck.asking.demo()
        elif door.kind == "watch":
            self.deck.asking.adopt()
        else:
            self.deck.new()

    def action_replay(self) -> None:
        if self.row is not None:
            self.deck.replay(self.row.run)

    def action_alerts(self) -> None:
        if self.row is not None:
            self.deck.open(self.row.run, "alerts")

    def action_resume(self) -> None:
        if self.row is not None:
            self.deck.open(self.row.run, "checkpoints")

    def action_stop(self) -> None:
        if self.row is not None:
            self.deck.stop(self.row.run)

    def action_new(self) -> None:
        self.deck.new()

    def action_mark(self) -> None:
        """For a comparison; again takes it out."""
        row = self.row
        if row is None:
            return
        if row.run in self._marked:
            self._marked.remove(row.run)
        elif len(self._marked) < CURVES:
            self._marked.append(row.run)
        else:
            self.deck.tell(f"at most {CURVES} runs on one chart", "warning")
        self.renew()

    def action_compare(self) -> None:
        """The marked ones, else the run under the cursor with the one before it of the same profile."""
        runs = self._marked or self._kin()
        if len(runs) > 1:
            self.deck.compare(runs)
        else:
            self.deck.tell("space marks runs, x compares them")

    def _kin(self) -> list[Run]:
        row = self.row
        if row is None:
            return []
        kin = [one.run for one in self.fleet.rows if one.run.id[:-21] == row.run.id[:-21]]
        older = kin[kin.index(row.run) + 1 :][:1]
        return [row.run, *older]

    def action_hosts(self) -> None:
        self.deck.hosts()

    def action_costs(self) -> None:
        self.deck.costs()

    def action_mix(self) -> None:
        """Of which of the project's profiles?"""
        folder = Path.cwd() / "profiles"
        items = [
            Item(display(path.stem, 40), "", str(path))
            for path in sorted(folder.glob("*.toml"))
            if b"buckets" in path.read_bytes()
        ]
        if not items:
            said = "no profile here names data.buckets; cockpit mix DIR looks at any"
            self.deck.tell(said, "warning")
            return

        def answered(item: Item | None) -> None:
            if item is not None:
                self.deck.open_mix(Path(item.command))

        self.app.push_screen(Choice("Mix of which profile?", items, "Enter shows it."), answered)

    def action_sort(self) -> None:
        self._sort = SORTS[(SORTS.index(self._sort) + 1) % len(SORTS)]
        self._rows = []
        self.renew()
        self.query_one(Listing).to(0)

    def action_filter_runs(self) -> None:
        def answered(text: str | None) -> None:
            if text is not None:
                self._filter = text.strip()
                self.renew()

        hint = "A part of a run's name, state or host. Empty shows all."
        self.app.push_screen(Text("Filter runs", hint, self._filter), answered)

    def action_copy(self) -> None:
        if self.row is not None:
            self.deck.copy(f"engine status {self.row.run.id}")
