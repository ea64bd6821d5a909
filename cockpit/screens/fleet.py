"""Home: every run a line, the machines' needs below, and the doors that lead to a first run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult

from cockpit.actions import FLEET, bindings
from cockpit.inks import Line, ink_of, sign
from cockpit.screens.base import WORLD, Place
from cockpit.screens.dialogs import Text
from cockpit.watching.roster import Fleet, Row
from cockpit.watching.watch import Watch
from cockpit.widgets.bars import cells
from cockpit.widgets.lines import Lines, fit
from cockpit.widgets.listing import Listing
from cockpit.widgets.spark import spark
from engine.cli import words
from engine.cli.target import ours
from engine.display import display

SORTS = ("newest", "running", "those that need you", "by name")
DOORS = (
    ("n", "launch a profile of this project's profiles/"),
    ("", "engine launch profiles/demo.toml      a tiny model, here and now"),
    ("", "engine watch -- python train.py       any command as a run, no profile"),
    ("?", "every key and its command"),
)


class FleetPlace(Place):
    """Shows what a roster saw; the run under the cursor is the one that actions are about."""

    scopes = (FLEET,)
    BINDINGS: ClassVar = bindings(FLEET)
    AUTO_FOCUS = "#runs"

    def __init__(self, watch: Watch[Fleet]) -> None:
        super().__init__()
        self.feed = watch
        self._sort, self._filter = SORTS[0], ""
        self._rows: list[Row] = []

    def body(self) -> ComposeResult:
        runs = Listing(id="runs", classes="box")
        runs.border_title = "runs"
        yield runs
        for name, title in (("needs", "needs you"), ("about", "this run")):
            box = Lines(id=name, classes="box")
            box.border_title = title
            yield box

    @property
    def fleet(self) -> Fleet:
        return self.feed.latest or Fleet()

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
        parts.append((f"  {len(rows):,} runs", "text"))
        if self.fleet.read < len(rows):
            parts.append((f"  reading {self.fleet.read:,}", "muted"))
        if width >= 80:
            parts.append((f"  {words.moment(self.fleet.now or None)} ", "muted"))
        return parts

    def can(self, name: str) -> bool:
        if name in ("open", "replay", "alerts", "resume", "stop"):
            row = self.row
            writes = name in WORLD
            if row is None or not row.state or (writes and not ours(row.run)):
                return False
            return row.live if name == "stop" else True
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
            listing.show(len(DOORS) + 2, self._door)
            listing.can_focus = False
        else:
            listing.can_focus = True
            listing.show(len(self._rows), self._line, _head)
        super().renew()
        wanting = [row for row in self.fleet.rows if row.needs]
        self.words("needs").show(lambda width, height: _needs(wanting, width))
        self.words("needs").styles.height = min(max(len(wanting), 1), 4) + 2
        self.words("about").show(lambda width, height: _about(self.row, width))

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

    @staticmethod
    def _door(at: int, width: int) -> Line:
        if at == 0:
            return [(" No run yet. The doors:", "title")]
        if at == 1:
            return []
        key, text = DOORS[at - 2]
        return [(f"   {key or '$':<3}", "key" if key else "faint"), (text, "text")]

    def _line(self, at: int, width: int) -> Line:
        return _run(self._rows[at], width, self.fleet.now)

    # what can be done

    def on_listing_moved(self) -> None:
        self.words("about").show(lambda width, height: _about(self.row, width))

    def on_listing_chosen(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        if self.row is not None:
            self.deck.open(self.row.run)

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

    def action_launch(self) -> None:
        self.deck.launch()

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


def _head(width: int) -> Line:
    return cells([(name, size, "faint", right) for name, size, right in _columns(width)])


def _columns(width: int) -> list[tuple[str, int, bool]]:
    """Name, width, and whether it stands at the right; a width of 0 is left out."""
    wide, fair = width >= 110, width >= 76
    others = 2 + 13 + 14 + 9 + (2 * 8 if fair else 0) + (17 + 9 + 9 if wide else 0) + 1
    name = min(max(width - others - 1, 14), 60)
    return [
        ("", 1, False),
        ("RUN", name, False),
        ("STATE", 12, False),
        ("STEP", 13, True),
        ("LOSS", 8, True),
        ("TREND", 16 if wide else 0, False),
        ("HOST", 8 if wide else 0, False),
        ("DONE", 7 if fair else 0, True),
        ("SPENT", 8 if wide else 0, True),
        ("AT RISK", 7 if fair else 0, True),
    ]


def _run(row: Row, width: int, now: float) -> Line:
    ink = ink_of(row.state, row.word)
    arrow = words.ARROWS.get(row.learning, " ")
    low, high = (min(row.trend), max(row.trend)) if row.trend else (0.0, 0.0)
    texts = [
        (sign(row.word) if row.state else "·", ink),
        (display(row.run.id, 80), "title" if row.live else "text"),
        (display(row.word, 16), f"{ink} bold" if row.state else "faint"),
        (words.progress(row.step, row.total) if row.state else "", "text"),
        (f"{words.figure(row.loss)}{arrow}" if row.state else "", "text"),
        (spark(row.trend, low, high), "primary"),
        (display(row.host or words.MISSING, 16), "muted"),
        (words.clock(row.eta, now)[-5:] if row.eta else words.MISSING, "text"),
        (words.money(row.spent), "text"),
        (_risk(row), "warn" if (row.at_risk_s or 0) > 1800 else "muted"),
    ]
    parts = [
        (text, size, ink, right)
        for (text, ink), (_, size, right) in zip(texts, _columns(width), strict=True)
    ]
    flag = ("‼", "bad bold") if row.needs else (" ", "text")
    return [*cells(parts), flag]


def _risk(row: Row) -> str:
    return words.span(row.at_risk_s) if row.state else ""


def _needs(wanting: list[Row], width: int) -> list[Line]:
    if not wanting:
        return [[("nothing", "good bold"), ("  no run waits for you", "muted")]]
    lines: list[Line] = []
    for row in wanting[:4]:
        need = row.wants[0] if row.wants else None
        told = (
            f"{display(need.alarm, 20)}: {display(need.detail, 60)}"
            if need
            else display(row.word, 20)
        )
        lines.append(
            [
                ("‼ ", "bad bold"),
                (fit(display(row.run.id, 80), min(40, width // 3)), "title"),
                (f"  {told}", "text"),
            ]
        )
    if len(wanting) > 4:
        lines[-1] = [(f"and {len(wanting) - 3} more: w sorts them first", "muted")]
    return lines


def _about(row: Row | None, width: int) -> list[Line]:
    if row is None or not row.state:
        return [[("—", "faint")]]
    lines: list[Line] = [
        [
            (f"{sign(row.word)} {display(row.word, 16)}", f"{ink_of(row.state, row.word)} bold"),
            (f"   step {words.progress(row.step, row.total)}", "text"),
            (f"   loss {words.figure(row.loss)} {words.ARROWS.get(row.learning, '')}", "text"),
            (f"   phase {display(row.phase, 20)}" if row.phase else "", "accent"),
        ]
    ]
    for need in row.wants[:3]:
        lines.append(
            [
                (f"{'‼' if need.red else '⚠'} {display(need.alarm, 16)} ", "bad bold"),
                (f"{display(need.detail, 60)}: ", "text"),
                (display(need.fix, 90), "muted"),
            ]
        )
    return lines
