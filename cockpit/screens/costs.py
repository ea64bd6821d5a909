"""What runs cost: by run with a forecast, by machine, by day. What has no price is counted and never for free."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal

from cockpit.actions import COSTS, bindings
from cockpit.inks import Line, ink_of, sign
from cockpit.screens.base import Place
from cockpit.watching.roster import Fleet, Row
from cockpit.watching.watch import Watch
from cockpit.widgets.bars import Heading, tabled, titles
from cockpit.widgets.listing import Listing
from engine.cli import words
from engine.costs.bills import Bill, Priced, Sum, bills, by_day, by_machine, whole
from engine.display import display

SUMS = 6
"""Lines of a box of sums."""


class Costs(Place):
    """What costs now stands first; Enter opens the run."""

    scopes = (COSTS,)
    BINDINGS: ClassVar = bindings(COSTS)
    AUTO_FOCUS = "#list"

    def __init__(self, watch: Watch[Fleet]) -> None:
        super().__init__()
        self.feed: Watch[Fleet] = watch
        self._bills: list[Bill] = []
        self._rows: dict[str, Row] = {}

    def body(self) -> ComposeResult:
        listing = Listing(id="list", classes="box")
        listing.border_title = "by run"
        listing.empty = "no run yet"
        yield listing
        with Horizontal(id="sums"):
            yield self.box("machines", "by machine")
            yield self.box("days", "by day of launch, UTC")

    def places(self) -> Sequence[str]:
        return ["Fleet", "Costs"]

    def right(self, width: int) -> Line:
        told = whole(self._bills)
        rate = "nothing burns" if told.rate is None else f"burning {words.money(told.rate)}/h"
        ink = "muted" if told.rate is None else "warn bold"
        return [(f"{rate}  ", ink), (f"{words.money(told.spent)} in all ", "text")]

    @property
    def bill(self) -> Bill | None:
        cursor = self.query_one(Listing).cursor
        return self._bills[cursor] if cursor < len(self._bills) else None

    @property
    def about(self) -> str | None:
        return self.bill.of.run if self.bill is not None else None

    def can(self, name: str) -> bool:
        return name != "open" or self.bill is not None

    def renew(self) -> None:
        fleet = self.feed.latest or Fleet()
        self._rows = {row.run.id: row for row in fleet.rows if row.state}
        self._bills = bills(map(_priced, self._rows.values()), fleet.now)
        super().renew()
        self.query_one(Listing).show(len(self._bills), self._line, self._head)
        for name, sums in (("machines", by_machine(self._bills)), ("days", by_day(self._bills))):
            self._fill(name, sums)

    def _fill(self, name: str, sums: list[Sum]) -> None:
        more: Line = [(f"and {len(sums) - SUMS + 1:,} more", "faint")]
        shown = sums if len(sums) <= SUMS else sums[: SUMS - 1]
        none: Line = [("—", "faint")]
        rest = [more] if len(sums) > SUMS else [] if sums else [none]
        self.words(name).show(lambda width, height: [*(_sum(one, width) for one in shown), *rest])

    @staticmethod
    def _columns(width: int) -> list[Heading]:
        wide, fair = width >= 100, width >= 72
        others = 2 + 15 + 9 + 9 + (11 if wide else 0) + (20 if fair else 0) + 2
        return [
            ("", 2, False),
            ("RUN", min(max(width - others, 12), 60), False),
            ("STATE", 14, False),
            ("MACHINE", 10 if wide else 0, False),
            ("$/H", 8, True),
            ("SPENT", 8, True),
            ("AT END", 9 if fair else 0, True),
            ("LIMIT", 9 if fair else 0, True),
        ]

    def _head(self, width: int) -> Line:
        return titles(self._columns(width))

    def _line(self, at: int, width: int) -> Line:
        one = self._bills[at]
        row = self._rows[one.of.run]
        ink = ink_of(row.state, row.word)
        over = one.cap is not None and one.whole is not None and one.whole > one.cap
        texts = [
            (f" {sign(row.word)}", ink),
            (display(row.run.id, 80), "title" if row.live else "text"),
            (display(row.word, 16), f"{ink} bold"),
            (display(row.host or words.MISSING, 16), "muted"),
            (words.money(one.rate) if row.live else "", "warn" if one.rate else "muted"),
            (words.money(one.spent), "text"),
            (words.money(one.whole), "bad bold" if over else "muted"),
            (_limit(one), "muted"),
        ]
        return tabled(self._columns(width), texts)

    def on_listing_chosen(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        if self.bill is not None:
            self.deck.open(self._rows[self.bill.of.run].run)

    def action_copy(self) -> None:
        self.deck.copy("engine costs --json")


def _priced(row: Row) -> Priced:
    return Priced(row.run.id, row.host, row.live, row.spent, row.rate, row.cap, row.eta)


def _limit(one: Bill) -> str:
    """Of what has ended nobody reads it any more."""
    if one.cap is not None:
        return words.money(one.cap)
    return "none" if one.of.live else ""


def _sum(one: Sum, width: int) -> Line:
    """What there is no room for is left out whole, because half a number is another one."""
    rate = f"  {words.money(one.rate)}/h" if one.rate is not None else ""
    unknown = f"  {one.unpriced:,} unpriced" if one.unpriced else ""
    line = [(f"{display(one.name, 20):<10} ", "title"), (f"{words.money(one.spent):>8}", "text")]
    runs = f"  {words.many(one.runs, 'run')}"
    for text, ink in ((unknown, "faint"), (rate, "warn"), (runs, "muted")):
        if sum(len(told) for told, _ in line) + len(text) <= width:
            line.append((text, ink))
    return line
