"""Everything a run printed: a million lines, searched and filtered while they grow, each tied to its step."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
from textual.app import ComposeResult

from cockpit.actions import LOGS, REPLAY, bindings
from cockpit.inks import Line
from cockpit.remedies import cards, remedies
from cockpit.screens.dialogs import Choice, Item, Text
from cockpit.screens.transport import Transport
from cockpit.sieve import MATCHES, Sieve, row_of, sieves
from cockpit.watching.console import ConsoleLine
from cockpit.watching.finding import Finder
from cockpit.watching.moment import Moment
from cockpit.watching.passed import Passed
from cockpit.watching.watch import Watch
from cockpit.widgets.bars import KeyBar
from cockpit.widgets.explaining import Told, explaining, lines_of
from cockpit.widgets.lines import spread
from cockpit.widgets.listing import Listing
from cockpit.widgets.loglines import Hide, drawn, plain
from engine.explain import Explained, first

LONGEST = 12
"""Lines of a card with its frame."""


class Logs(Transport):
    """Follows the newest line until the cursor is moved; `F` follows again."""

    scopes = (LOGS, REPLAY)
    BINDINGS: ClassVar = bindings(LOGS, REPLAY)
    AUTO_FOCUS = "#log"
    name_of_place = "Logs"

    def __init__(self, watch: Watch[Moment], hide: Hide) -> None:
        super().__init__(watch, hide)
        self._finder: Finder | None = None
        self._sieve, self._follow, self._busy, self._whole = Sieve(), True, False, False
        self._numbers: Sequence[int] = ()
        self._aimed: tuple[int, int | None, float] | None = None
        self._cards = cards()
        self.card: Explained | None = None
        """What is known of the line under the cursor."""
        self._passed = Passed()

    def body(self) -> ComposeResult:
        yield self.box("find", "", boxed=False)
        log = Listing(id="log", classes="box")
        log.border_title = "console"
        log.empty = "nothing was printed yet"
        yield log
        yield self.box("explain", "this line")

    @property
    def log_list(self) -> Listing:
        return self.query_one("#log", Listing)

    def can(self, name: str) -> bool:
        if name == "fix":
            replayed = self.moment is not None and self.moment.position is not None
            return not replayed and self.card is not None
        return super().can(name)

    def show(self, moment: Moment) -> None:
        super().show(moment)
        self._search(moment)
        self._draw(moment)

    def _draw(self, moment: Moment) -> None:
        listing = self.log_list
        self._numbers = self._sieve.numbers(moment.console)
        count = len(self._numbers)
        grew = count != listing.count
        listing.empty = "no such line" if self._sieve.shown else "nothing was printed yet"
        listing.show(count, lambda row, width: self._line(moment, row, width))
        if self._aimed is not None:
            self._land(moment)
        elif self._follow and grew:
            self._to_end()
        self.words("find").show(lambda width, height: [self._found(moment, width)])
        self._tell(moment)

    def _to_end(self) -> None:
        self.log_list.to(self.log_list.count - 1, quiet=True)
        if not self._sieve.shown:
            self._passed.follow(len(self._numbers) - 1)

    def _number(self, row: int) -> int:
        """Of the line in this row."""
        return int(self._numbers[min(row, len(self._numbers) - 1)])

    @property
    def here(self) -> ConsoleLine | None:
        """The line under the cursor."""
        if self.moment is None or not len(self._numbers):
            return None
        return self.moment.console.line(self._number(self.log_list.cursor))

    def _line(self, moment: Moment, row: int, width: int) -> Line:
        try:
            line = moment.console.line(self._number(row))
        except IndexError:
            return []
        self._passed.drew(line.number)
        return drawn(line, self.hide, width, self._finder.shown if self._finder else None)

    def _found(self, moment: Moment, width: int) -> Line:
        left: list[tuple[str, str]] = []
        if self._finder is None:
            left.append((" / searches, f filters", "faint"))
        else:
            at, among = self._place()
            left += [(" /", "key"), (plain(self._finder.shown.pattern, self.hide), "title")]
            left.append((f"   {at} of {among:,} matches", "text" if among else "warn"))
        left.append((f"   only {self._sieve.shown}" if self._sieve.shown else "", "accent"))
        where = f"line {self.log_list.cursor + 1:,} of {self.log_list.count:,} "
        if self._passed.count:
            where = f"{self._passed.count:,} went by undrawn   {where}"
        follow = ("● following  ", "good bold") if self._follow else ("○ F follows  ", "muted")
        return spread(left, [follow, (where, "muted")], width)

    def _place(self) -> tuple[str, int]:
        assert self._finder is not None
        lines = self._finder.lines
        now = self._number(self.log_list.cursor) if len(self._numbers) else 0
        at = int(np.searchsorted(lines, now, "left"))
        here = at < len(lines) and int(lines[at]) == now
        return (f"{at + 1:,}" if here else "—"), len(lines)

    def _tell(self, moment: Moment) -> None:
        """What is known of the line under the cursor."""
        line, box, before = self.here, self.words("explain"), self.card
        text = plain(line.text, self.hide) if line is not None else ""
        card = self.card = first(text, self._cards) if text else None
        if card != before:
            self.query_one(KeyBar).offer(self.offered())
        box.border_title = "what it means" if card else "this line"
        if line is None:
            box.show(lambda width, height: [[("—", "faint")]])
            return
        step = moment.curves.step_of(line.attempt, line.end, line.t)
        commands = remedies(card, self.source.run.id) if card else ()
        told = Told(line, step, text, card, commands)
        box.show(lambda width, height: explaining(told, width, height))
        most = self.size.height // 2 if self._whole else LONGEST if card else 5
        box.styles.height = min(lines_of(told, max(self.size.width - 4, 1)) + 2, most)

    # search

    def _search(self, moment: Moment) -> None:
        """Look through what is new, on a thread."""
        finders = {one for one in (self._finder, self._sieve.finder) if one is not None}
        if not finders or self._busy:
            return
        self._busy = True

        def work() -> None:
            for finder in finders:
                finder.advance(moment.console)

        self.aside(work, lambda found: self._searched(moment))

    def _searched(self, moment: Moment) -> None:
        self._busy = False
        if self.is_current:
            self._draw(self.moment or moment)

    def action_search(self) -> None:
        def answered(text: str | None) -> None:
            if text is None:
                return
            try:
                self._finder = Finder(text) if text else None
            except re.error as error:
                self.deck.tell(f"not a regular expression: {error}", "warning")
            if self._sieve.name == MATCHES:
                self._sieve = replace(
                    self._sieve, finder=self._finder, name=(self._finder and MATCHES) or ""
                )
            self._busy = False
            self.renew()

        old = self._finder.shown.pattern if self._finder else ""
        hint = "A regular expression, in any case. Empty ends the search."
        self.app.push_screen(Text("Search", hint, old), answered)

    def action_next_match(self) -> None:
        self._go(1)

    def action_previous_match(self) -> None:
        self._go(-1)

    def _go(self, direction: int) -> None:
        if self._finder is None or not len(self._finder.lines):
            self.deck.tell("nothing found; / searches")
            return
        lines, now = self._finder.lines, self._number(self.log_list.cursor)
        side = "right" if direction > 0 else "left"
        at = int(np.searchsorted(lines, now, side)) - (direction < 0)  # type: ignore[call-overload]
        at %= len(lines)
        self._follow = False
        self.log_list.to(row_of(self._numbers, int(lines[at])))

    def action_filter(self) -> None:
        if self.moment is None:
            return
        found = sieves(self.moment, self._sieve, self._finder)
        items = [Item(name, says) for name, (says, _) in found.items()]

        def answered(item: Item | None) -> None:
            if item is not None:
                self._pass(found[item.name][1])

        hint = "Enter shows these lines only, Esc leaves."
        self.app.push_screen(Choice("Show which lines?", items, hint), answered)

    def _pass(self, sieve: Sieve) -> None:
        number = self._number(self.log_list.cursor) if len(self._numbers) else 0
        self._sieve, self._busy = sieve, False
        self._passed.leave()
        if sieve.finder is not None and self.moment is not None:
            sieve.finder.advance(self.moment.console)
        self.renew()
        self.log_list.to(row_of(self._numbers, number))

    def action_follow(self) -> None:
        self._follow = not self._follow
        if self._follow:
            self._to_end()
        self.renew()

    def action_wrap(self) -> None:
        """The whole of a long line, below."""
        self._whole = not self._whole
        self.renew()

    def action_fix(self, digit: int) -> None:
        commands = remedies(self.card, self.source.run.id) if self.card else ()
        if 1 <= digit <= len(commands):
            self.deck.copy(commands[digit - 1])
        elif self.card is not None:
            self.deck.tell("nothing to copy: this one takes a person")

    def on_listing_moved(self, event: Listing.Moved) -> None:
        self._follow = event.row >= self.log_list.count - 1
        if self.moment is not None:
            self._draw(self.moment)

    # the other way: from a chart to a line and back

    def aim(self, found: object) -> None:
        """To the line that stood at a moment of the charts: (attempt, its end or None, time)."""
        if isinstance(found, tuple):
            self._aimed, self._follow = found, False
            self.renew()

    def _land(self, moment: Moment) -> None:
        assert self._aimed is not None
        number, self._aimed = moment.console.near(*self._aimed), None
        if number is not None:
            self._sieve = Sieve()
            self._numbers = self._sieve.numbers(moment.console)
            self.log_list.show(
                len(self._numbers), lambda row, width: self._line(moment, row, width)
            )
            self.log_list.to(number)

    def on_listing_chosen(self) -> None:
        self.action_to_chart()

    def action_to_chart(self) -> None:
        line = self.here
        if self.moment is None or line is None:
            return
        step = self.moment.curves.step_of(line.attempt, line.end, line.t)
        if step is None:
            self.deck.tell("no step is known at this line")
        else:
            self.deck.go("dashboard", step)

    def action_teach(self) -> None:
        if self.here is not None:
            self.deck.asking.teach(self.source.run, self.here.text, not self._lives())

    def action_copy(self) -> None:
        self.deck.copy(f"engine tail {self.source.run.id} -f")
