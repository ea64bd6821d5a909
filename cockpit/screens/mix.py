"""Mix: what each phase of a curriculum asks of the buckets, gets, and becomes; weights are edited live.

Everything is computed from counts on a thread; nothing is written before somebody asks for the manifests.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal

from cockpit.actions import MIX, bindings
from cockpit.inks import Line
from cockpit.screens.base import Place
from cockpit.widgets import mixture
from cockpit.widgets.lines import Lines
from cockpit.widgets.listing import Listing
from engine.display import display
from engine.errors import Problem

if TYPE_CHECKING:
    from engine.data.board import Board
    from engine.data.preparing import Asking
    from engine.data.rows import Fault, Row

OUT = "curriculum"
TIGHT = 80
"""Columns below which one phase is shown at a time."""


class Mix(Place):
    """Three columns, one for each phase; below them the domains, a row, and the bill."""

    scopes = (MIX,)
    BINDINGS: ClassVar = bindings(MIX)
    AUTO_FOCUS = "#domains"

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.board: Board | None = None
        self.trouble = ""
        self._phase = self._tier = 0
        self._edited = False
        self._rows: Iterator[tuple[str, Row | Fault, list[str]]] = iter(())
        self._row: tuple[str, Row | Fault, list[str]] | None = None

    def body(self) -> ComposeResult:
        with Horizontal(id="phases"):
            for number in range(3):
                yield self._box(f"phase{number}", "")
        listing = Listing(id="domains", classes="box")
        listing.border_title = "domains"
        listing.empty = "reading the buckets…"
        yield listing
        yield self._box("row", "a row of it")
        yield self._box("becomes", "what this becomes")

    @staticmethod
    def _box(id: str, title: str) -> Lines:
        box = Lines(id=id, classes="box")
        box.border_title = title
        return box

    def on_mount(self) -> None:
        super().on_mount()
        self._compute(None)

    def places(self) -> Sequence[str]:
        return ["Fleet", display(self.path.stem, 40), "Mix"]

    def right(self, width: int) -> Line:
        if self.board is None:
            return [(self.trouble or "reading… ", "bad" if self.trouble else "muted")]
        tree = self.board.tree
        return [(f"{len(tree.stock)} domains · {tree.rows:,} rows ", "muted")]

    # computing

    def _compute(self, asking: Asking | None) -> None:
        """The board for a changed ask, or from the files; the newest wins."""
        from engine.data.board import computed, open_board

        board = self.board

        def work() -> None:
            try:
                if board is None or asking is None:
                    found = open_board(self.path)
                else:
                    found = computed(board.tree, asking, board.pace)
            except (Problem, OSError) as error:
                self.app.call_from_thread(self._failed, str(error))
            else:
                self.app.call_from_thread(self._computed, found)

        self.run_worker(work, thread=True, exclusive=True, group="mix")

    def _computed(self, board: Board) -> None:
        first = self.board is None
        self.board, self.trouble = board, ""
        if first:
            self._look()
        self.renew()

    def _failed(self, why: str) -> None:
        self.trouble = display(why, 200)
        self.query_one(Listing).empty = self.trouble
        self.renew()

    # drawing

    def renew(self) -> None:
        super().renew()
        if self.board is None:
            self.query_one(Listing).show(0, lambda row, width: [])
            return
        for number in range(3):
            self._show_phase(number, self.board)
        domains, board, row = self._domains, self.board, self._row
        self.query_one(Listing).show(
            len(domains),
            lambda index, width: mixture.domain_line(domains[index], width),
            mixture.domain_head,
        )
        self.words("row").show(lambda width, height: mixture.row_lines(row, width))
        self.words("becomes").show(lambda width, height: list(mixture.bill(board)))

    def _show_phase(self, number: int, board: Board) -> None:
        box = self.words(f"phase{number}")
        shown = 3 if self.size.width >= TIGHT else 1
        first = max(0, min(self._phase - shown // 2, len(board.columns) - shown))
        box.display = number < shown and first + number < len(board.columns)
        if not box.display:
            return
        column = board.columns[first + number]
        table = column.table
        sign = "✔" if table["met"] else "✖"
        here = "▸ " if first + number == self._phase else ""
        box.border_title = f"{here}{display(table['phase'], 20)}  {table['rows']:,} rows {sign}"
        tier = self._tier if first + number == self._phase else None
        box.show(lambda width, height: list(mixture.phase_lines(column, tier, width)))

    @property
    def _domains(self) -> list[dict[str, Any]]:
        if self.board is None:
            return []
        found = self.board.columns[self._phase].table["domains"]
        return sorted(found, key=lambda one: (-sum(one["has"].values()), one["domain"]))

    # acting

    def can(self, name: str) -> bool:
        if name == "next_phase":
            return self.board is not None and len(self.board.columns) > 1
        return self.board is not None or name in ("back", "help", "quit", "palette", "next_theme")

    def on_listing_moved(self) -> None:
        self._look()
        self.renew()

    def _look(self) -> None:
        from engine.data.board import samples

        cursor = self.query_one(Listing).cursor
        if self.board is not None and cursor < len(self._domains):
            name = self._domains[cursor]["domain"]
            self._rows = samples(self.board.tree, name, self.board.asking.seed)
            self._row = next(self._rows, None)

    def action_next_row(self) -> None:
        self._row = next(self._rows, None)
        if self._row is None:
            self._look()
        self.renew()

    def action_next_phase(self) -> None:
        if self.board is not None:
            self._phase = (self._phase + 1) % len(self.board.columns)
            self.renew()

    def action_tier(self, by: int) -> None:
        if self.board is not None:
            self._tier = (self._tier + by) % len(self.board.tiers)
            self.renew()

    def action_weight(self, change: int) -> None:
        from engine.data.board import STEP, weighted

        if self.board is not None:
            tier = self.board.tiers[self._tier]
            self._edited = True
            self._compute(weighted(self.board.asking, self._phase, tier, change * STEP))

    def action_seed(self) -> None:
        if self.board is not None:
            self._compute(replace(self.board.asking, seed=self.board.asking.seed + 1))

    def action_accept(self, name: str) -> None:
        from engine.data.curriculum import Accept

        if self.board is not None:
            chosen = None if name == "asked" else Accept(name)
            self._compute(replace(self.board.asking, accept=chosen))

    def action_write(self) -> None:
        """The manifests, below `curriculum/` of the folder one stands in."""
        from engine.data.preparing import draft, finish

        board = self.board
        if board is None:
            return
        refused = [c.refusal for c in board.columns if c.refusal is not None]
        if refused:
            self.deck.tell(f"not written: {refused[0]}", "warning")
            return
        asking, folder = replace(board.asking, told=True), Path.cwd() / OUT

        def work() -> None:
            try:
                made = finish(board.tree, asking, draft(board.tree, asking), folder)
                said, how = f"{len(made)} phases are in {folder}", "information"
            except (Problem, OSError) as error:
                said, how = str(error), "error"
            self.app.call_from_thread(self.deck.tell, said, how)

        self.run_worker(work, thread=True, exclusive=True, group="generate")

    def action_copy(self) -> None:
        """The command that does the same; weights that were changed as the profile says them."""
        from engine.data.board import as_toml

        if self.board is None:
            return
        if self._edited:
            self.deck.copy(as_toml(self.board.asking))
            return
        asking = self.board.asking
        what = f"--buckets {self.path}" if self.path.is_dir() else f"--config {self.path}"
        accept = f" --accept {asking.accept.value}" if asking.accept else ""
        seed = f" --seed {asking.seed}"
        self.deck.copy(f"engine data curriculum {what} --out {OUT}{seed}{accept}")
