"""Some runs on one chart, and beside it what they differ in: differences first, what is equal on request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, cast

import numpy as np
from textual.app import ComposeResult

from cockpit.actions import COMPARE, bindings
from cockpit.inks import Line
from cockpit.plot.curve import Axis, Curve, Look, Scene
from cockpit.scenes import COUNTED
from cockpit.screens.base import Place
from cockpit.screens.charted import promised
from cockpit.watching.several import Moments, Several
from cockpit.watching.watch import Watch
from cockpit.widgets.bars import cells
from cockpit.widgets.chart import Chart
from cockpit.widgets.listing import Listing
from engine.compare.comparison import judged
from engine.compare.differences import Row, differences
from engine.curves import Whole
from engine.curves.rulers import NAMES, Counting, following
from engine.display import display
from engine.frozen import frozen
from engine.runs import Run

NAME = 60
WHY = 200
LETTERS = "ABCDEFGH"


class Compare(Place):
    """Runs are called A, B, C; each keeps its colour from the chart to the table."""

    scopes = (COMPARE,)
    BINDINGS: ClassVar = bindings(COMPARE)
    AUTO_FOCUS = "#overlay"

    def __init__(self, watch: Watch[Moments]) -> None:
        super().__init__()
        self.feed: Watch[Moments] = watch
        self._metric, self._same = "loss", False
        self._rows: list[Row] = []
        self._judged: tuple[object, list[Row]] | None = None
        self._tables = [frozen(run) for run in self.runs]

    @property
    def runs(self) -> tuple[Run, ...]:
        return cast(Several, self.feed.source).runs

    @property
    def moments(self) -> Moments:
        return self.feed.latest or (None,) * len(self.runs)

    def body(self) -> ComposeResult:
        yield Chart(look=Look(glyphs=self.deck.glyphs), id="overlay", classes="box")
        listing = Listing(id="list", classes="box")
        listing.border_title = "differences first"
        yield listing

    def places(self) -> Sequence[str]:
        return ["Fleet", "Compare"]

    def right(self, width: int) -> Line:
        return [
            (f"{len(self.runs)} runs  {display(self._metric, 24)} by {self.deck.axis} ", "muted")
        ]

    def renew(self) -> None:
        super().renew()
        self.query_one(Chart).scene = self._scene()
        statuses = [moment.status if moment else None for moment in self.moments]
        rows = differences(self._tables, statuses)
        told = self._verdicts()
        self._rows = [*told, *(row for row in rows if self._same or row.fact or not row.same)]
        hidden = len(rows) - len(self._rows) + len(told)
        listing = self.query_one(Listing)
        listing.border_subtitle = f"{hidden} equal rows hidden: e shows them" if hidden else ""
        listing.show(len(self._rows), self._line, self._head)

    def _verdicts(self) -> list[Row]:
        """What may be said of each against the first; nothing while one of them is still read."""
        if len(self.runs) < 2 or any(one is None or one.behind for one in self.moments):
            return []
        wholes = [
            Whole(run, one.frame, one.status, one.terms, one.curves, frozen(run))
            for run, one in zip(self.runs, self.moments, strict=True)
            if one is not None
        ]
        ends = [tuple((p.attempt, len(p.table)) for p in one.curves.parts) for one in wholes]
        if self._judged is None or self._judged[0] != ends:
            found = judged(wholes, 0)
            words = tuple(
                found[run.id].word if run.id in found else "the base" for run in self.runs
            )
            why = tuple(
                display("; ".join(found[run.id].because), WHY) if run.id in found else ""
                for run in self.runs
            )
            rows = [Row("verdict", words, "status"), Row("because", why, "status")]
            self._judged = ends, [row for row in rows if any(row.values)]
        return self._judged[1]

    def _scene(self) -> Scene:
        curves = []
        for letter, run, moment in zip(LETTERS, self.runs, self.moments, strict=False):
            if moment is None:
                curves.append(Curve(np.empty(0), np.empty(0), name=letter))
                continue
            counting = Counting(moment.status.cost.rate, promised(run).tokens_step)
            ruler = counting.ruler(moment.curves, self.deck.axis)
            curves.append(Curve(*ruler.points(self._metric), name=letter))
        return Scene(display(self._metric, NAME), tuple(curves), axis=Axis(self.deck.axis))

    def _columns(self, width: int) -> tuple[int, int]:
        name = min(max(width // 4, 12), 32)
        return name, max((width - name - 3) // max(len(self.runs), 1) - 1, 6)

    def _head(self, width: int) -> Line:
        name, each = self._columns(width)
        runs = [(f"{letter} {display(run.id, NAME)}", each, f"curve {slot}", False)
                for slot, (letter, run) in enumerate(zip(LETTERS, self.runs, strict=False))]  # fmt: skip
        return cells([("", 1, "text", False), ("", name, "faint", False), *runs])

    def _line(self, at: int, width: int) -> Line:
        row = self._rows[at]
        name, each = self._columns(width)
        sign, ink = ("=", "faint") if row.same else ("≠", "warn bold")
        values = [(value, each, "muted" if row.same else "text", False) for value in row.values]
        return cells([(sign, 1, ink, False), (row.name, name, "muted", False), *values])

    # what can be done

    def action_x_axis(self) -> None:
        known = [
            Counting(m.status.cost.rate, promised(run).tokens_step).kinds(m.curves)
            for run, m in zip(self.runs, self.moments, strict=True)
            if m is not None
        ]
        shared = [kind for kind in known[0] if all(kind in one for one in known)] if known else []
        if shared:
            self.deck.axis = following(shared, self.deck.axis)
            chart = self.query_one(Chart)
            chart.window = chart.crosshair = None
            self.deck.tell(f"x counts {NAMES[self.deck.axis]}")
            self.renew()

    def action_next_metric(self) -> None:
        told = dict.fromkeys(n for m in self.moments if m for n in m.curves.metrics)
        names = [name for name in told if name not in COUNTED]
        if names:
            at = names.index(self._metric) if self._metric in names else -1
            self._metric = names[(at + 1) % len(names)]
            self.query_one(Chart).window = None
            self.renew()

    def action_same(self) -> None:
        self._same = not self._same
        self.renew()

    def action_fleet(self) -> None:
        self.deck.home()

    def action_copy(self) -> None:
        self.deck.copy("\n".join(f"engine status {run.id}" for run in self.runs))
