"""Everything a run printed: a million lines, searched and filtered while they grow, each tied to its step."""

from __future__ import annotations

import re
from typing import ClassVar

import numpy as np
from textual.app import ComposeResult
from textual.worker import get_current_worker

from cockpit.actions import LOGS, bindings
from cockpit.inks import Line
from cockpit.screens.base import RunPlace
from cockpit.screens.dialogs import Text
from cockpit.watching.finding import Finder
from cockpit.watching.moment import Moment
from cockpit.watching.watch import Watch
from cockpit.widgets.lines import Lines, fit, spread
from cockpit.widgets.listing import Listing
from cockpit.widgets.loglines import Hide, drawn, plain
from engine.cli import words


class Logs(RunPlace):
    """Follows the newest line until the cursor is moved; `F` follows again."""

    scopes = (LOGS,)
    BINDINGS: ClassVar = bindings(LOGS)
    AUTO_FOCUS = "#log"
    name_of_place = "Logs"

    def __init__(self, watch: Watch[Moment], hide: Hide) -> None:
        super().__init__(watch, hide)
        self._finder: Finder | None = None
        self._only, self._follow, self._busy = False, True, False
        self._aimed: tuple[int, int | None, float] | None = None

    def body(self) -> ComposeResult:
        yield Lines(id="find")
        log = Listing(id="log", classes="box")
        log.border_title = "console"
        log.empty = "nothing was printed yet"
        yield log
        explain = Lines(id="explain", classes="box")
        explain.border_title = "this line"
        yield explain

    @property
    def log_list(self) -> Listing:
        return self.query_one("#log", Listing)

    def show(self, moment: Moment) -> None:
        self._search(moment)
        self._draw(moment)

    def _draw(self, moment: Moment) -> None:
        listing, count = self.log_list, self._count(moment)
        grew = count != listing.count
        listing.show(count, lambda row, width: self._line(moment, row, width))
        if self._aimed is not None:
            self._land(moment)
        elif self._follow and grew:
            listing.to(count - 1, quiet=True)
        self.words("find").show(lambda width, height: [self._found(moment, width)])
        self.words("explain").show(lambda width, height: self._explain(moment, width))
        self.words("explain").styles.height = 5

    def _count(self, moment: Moment) -> int:
        if self._only and self._finder is not None:
            return len(self._finder.lines)
        return len(moment.console)

    def _number(self, row: int) -> int:
        """Of the line in this row."""
        if self._only and self._finder is not None:
            return int(self._finder.lines[row])
        return row

    def _line(self, moment: Moment, row: int, width: int) -> Line:
        try:
            line = moment.console.line(self._number(row))
        except IndexError:
            return []
        return drawn(line, self.hide, width, self._finder.shown if self._finder else None)

    def _found(self, moment: Moment, width: int) -> Line:
        left: list[tuple[str, str]] = []
        if self._finder is None:
            left.append((" / searches, f shows matches only", "faint"))
        else:
            at, among = self._place()
            left += [(" /", "key"), (plain(self._finder.shown.pattern, self.hide), "title")]
            left.append((f"   {at} of {among:,} matches", "text" if among else "warn"))
            left.append(("   matches only" if self._only else "", "accent"))
        where = f"line {self.log_list.cursor + 1:,} of {self.log_list.count:,} "
        follow = ("● following  ", "good bold") if self._follow else ("○ F follows  ", "muted")
        return spread(left, [follow, (where, "muted")], width)

    def _place(self) -> tuple[str, int]:
        assert self._finder is not None
        lines = self._finder.lines
        now = self._number(self.log_list.cursor) if self.log_list.count else 0
        at = int(np.searchsorted(lines, now, "left"))
        here = at < len(lines) and int(lines[at]) == now
        return (f"{at + 1:,}" if here else "—"), len(lines)

    def _explain(self, moment: Moment, width: int) -> list[Line]:
        """What is known of the line under the cursor."""
        if not self.log_list.count:
            return [[("—", "faint")]]
        line = moment.console.line(self._number(self.log_list.cursor))
        step = moment.curves.step_of(line.attempt, line.end, line.t)
        text = plain(line.text, self.hide)
        facts = f"attempt {line.attempt}   {words.moment(line.t)}   byte {line.end:,}"
        return [
            [(fit(text, width), "text")],
            [(fit(text[width:], width), "text")],
            [
                (f"step {words.count(step)}", "accent bold" if step is not None else "faint"),
                (f"   {facts}", "muted"),
                ("   Enter shows it on the charts" if step is not None else "", "faint"),
            ],
        ]

    # search

    def _search(self, moment: Moment) -> None:
        """Look through what is new, on a thread."""
        finder = self._finder
        if finder is None or self._busy:
            return
        self._busy = True

        def work() -> None:
            finder.advance(moment.console)
            if not get_current_worker().is_cancelled:
                self.app.call_from_thread(self._searched, finder, moment)

        self.run_worker(work, thread=True, exit_on_error=True)

    def _searched(self, finder: Finder, moment: Moment) -> None:
        self._busy = False
        if finder is self._finder and self.is_current:
            self._draw(self.moment or moment)

    def action_search(self) -> None:
        def answered(text: str | None) -> None:
            if text is None:
                return
            try:
                self._finder = Finder(text) if text else None
            except re.error as error:
                self.deck.tell(f"not a regular expression: {error}", "warning")
            self._only = self._only and self._finder is not None
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
        self.log_list.to(at if self._only else int(lines[at]))

    def action_filter(self) -> None:
        if self._finder is None:
            self.deck.tell("nothing is searched for; / searches")
            return
        number = self._number(self.log_list.cursor) if self.log_list.count else 0
        self._only = not self._only
        self.renew()
        lines = self._finder.lines
        self.log_list.to(int(np.searchsorted(lines, number)) if self._only else number)

    def action_follow(self) -> None:
        self._follow = not self._follow
        if self._follow:
            self.log_list.to(self.log_list.count - 1, quiet=True)
        self.renew()

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
        attempt, end, t = self._aimed
        number = None
        if end is not None:
            number = moment.console.at(attempt, end)
        else:
            for part in moment.console.parts:
                if part.attempt == attempt:
                    notes = list(part.sizes.notes("console"))
                    offset = next((size for at, size in notes if at >= t), None)
                    number = moment.console.at(attempt, offset) if offset else None
        self._aimed = None
        if number is not None:
            self._only = False
            self.log_list.to(number)

    def on_listing_chosen(self) -> None:
        self.action_to_chart()

    def action_to_chart(self) -> None:
        if self.moment is None or not self.log_list.count:
            return
        line = self.moment.console.line(self._number(self.log_list.cursor))
        step = self.moment.curves.step_of(line.attempt, line.end, line.t)
        if step is None:
            self.deck.tell("no step is known at this line")
        else:
            self.deck.go("dashboard", step)

    def action_teach(self) -> None:
        if self.moment is None or not self.log_list.count:
            return
        line = self.moment.console.line(self._number(self.log_list.cursor))
        self.deck.asking.teach(self.source.run, line.text, not self._lives())

    def action_copy(self) -> None:
        self.deck.copy(f"engine tail {self.source.run.id} -f")
