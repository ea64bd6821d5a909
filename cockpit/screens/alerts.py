"""What needs somebody now, what the run's own rules did, and which rules there are with their thresholds."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult

from cockpit.actions import ALERTS, REPLAY, bindings
from cockpit.inks import Line
from cockpit.screens.transport import Transport
from cockpit.watching.moment import Moment
from cockpit.watching.watch import Watch
from cockpit.widgets.bars import cells
from cockpit.widgets.lines import folded
from cockpit.widgets.listing import Listing
from cockpit.widgets.loglines import Hide
from engine.alarms import Thresholds
from engine.alarms.rules import RULES
from engine.cli import words
from engine.display import display


@dataclasses.dataclass(frozen=True)
class Row:
    """One alarm that stands, or one act of a rule."""

    t: float | None
    sign: str
    ink: str
    name: str
    detail: str
    fix: str
    step: int | None


class Alerts(Transport):
    """Judged anew at every moment: nothing here is stored."""

    scopes = (ALERTS, REPLAY)
    BINDINGS: ClassVar = bindings(ALERTS, REPLAY)
    AUTO_FOCUS = "#list"
    name_of_place = "Alerts"

    def __init__(self, watch: Watch[Moment], hide: Hide) -> None:
        super().__init__(watch, hide)
        self._rows: list[Row] = []

    def body(self) -> ComposeResult:
        listing = Listing(id="list", classes="box")
        listing.border_title = "now, and what rules did"
        listing.empty = "nothing needs you, and no rule has acted"
        yield listing
        yield self.box("chosen", "selected")
        yield self.box("rules", "rules of this run")

    def show(self, moment: Moment) -> None:
        super().show(moment)
        self._rows = [*_standing(moment), *_acts(moment)]
        self.query_one(Listing).show(len(self._rows), self._line)
        self._select()
        rules = list(_rules(moment.terms.thresholds))
        self.fill("rules", rules)

    def _select(self) -> None:
        cursor = self.query_one(Listing).cursor
        row = self._rows[cursor] if cursor < len(self._rows) else None
        width = max(self.size.width - 4, 8)
        lines = _said(row, self.source.run.id, width) if row else [[("—", "faint")]]
        self.words("chosen").show(lambda width, height: lines)
        self.words("chosen").styles.height = len(lines) + 2

    def _line(self, at: int, width: int) -> Line:
        row = self._rows[at]
        step = f"step {words.count(row.step)}" if row.step is not None else ""
        steps = 14 if any(one.step is not None for one in self._rows) else 0
        return cells(
            [
                (row.sign, 2, f"{row.ink} bold", True),
                (words.moment(row.t) if row.t else "", 8, "muted", False),
                (row.name, 14, f"{row.ink} bold", False),
                (step, steps, "muted", False),
                (row.detail, max(width - 29 - steps, 0), "text", False),
            ]
        )

    def on_listing_moved(self) -> None:
        self._select()

    def action_copy(self) -> None:
        self.deck.copy(f"engine alerts {self.source.run.id}")


def _said(row: Row, run: str, width: int) -> list[Line]:
    """All of it, and what helps with the run's name in it."""
    lines: list[Line] = [[(f"{row.sign} {row.name}", f"{row.ink} bold")]]
    lines += [[("  ", "text"), (part, "text")] for part in folded(row.detail, width - 2)]
    fix = re.sub(r"\bRUN\b", run, row.fix) or "nothing to do"
    for at, part in enumerate(folded(fix, width - 2)):
        lines.append([("→ " if not at else "  ", "accent bold"), (part, "accent")])
    return lines


def _standing(moment: Moment) -> Iterator[Row]:
    for need in moment.status.needs:
        sign, ink = ("‼", "bad") if need.red else ("⚠", "warn")
        detail, fix = display(need.detail, 200), display(need.fix, 200)
        yield Row(need.since, sign, ink, display(need.alarm, 20), detail, fix, need.step)


def _acts(moment: Moment) -> Iterator[Row]:
    """Newest first."""
    for attempt in reversed(moment.frame.view.attempts):
        runner = attempt.facts.runner
        if runner.limit is not None:
            limit = runner.limit
            detail = f"{display(limit.limit, 20)} {limit.value:.4g} of {limit.cap:.4g}"
            then = f"then: {display(limit.then, 40)}"
            yield Row(limit.t, "■", "warn", "limit", detail, then, None)
        for rule in reversed(runner.rules):
            did = f"the rule did: {display(rule.action, 40)}"
            name, detail = display(rule.alarm, 20), display(rule.detail, 200)
            yield Row(rule.t, "■", "warn", name, detail, did, rule.step)


def _rules(limits: Thresholds) -> Iterator[Line]:
    """Every rule the engine judges by, with this run's thresholds; 0 is off."""
    named = {field.name: getattr(limits, field.name) for field in dataclasses.fields(limits)}
    for name, rule in RULES.items():
        keys = [key for key in named if key == name or key.startswith(f"{name}_")]
        values = ", ".join(f"{key} {named[key]:g}" for key in keys)
        off = bool(keys) and not named[keys[0]]
        why = (rule.__doc__ or "").strip().rstrip(".")
        yield [
            (f"{'○' if off else '●'} ", "faint" if off else "good"),
            (f"{name:<12}", "text bold" if not off else "faint"),
            (f"{values or '—':<40} ", "accent"),
            (why, "muted"),
        ]
