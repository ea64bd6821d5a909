"""A new run: the project's profiles, and of the one under the cursor what it would do and what stands in its way."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal

from cockpit.actions import NEW, bindings
from cockpit.inks import Line
from cockpit.preflight import Preflight, preflight
from cockpit.screens.base import Place
from cockpit.widgets.bars import cells
from cockpit.widgets.listing import Listing
from engine.display import display

NAME = 60
DEMO = "demo"


class New(Place):
    """Nothing is started before Enter."""

    scopes = (NEW,)
    BINDINGS: ClassVar = bindings(NEW)
    AUTO_FOCUS = "#profiles"

    def __init__(self, cwd: Path) -> None:
        super().__init__()
        self.cwd = cwd
        self._paths = sorted((cwd / "profiles").glob("*.toml"))
        self._checks: dict[Path, Preflight] = {}
        self._eager: Path | None = None
        """Enter was pressed before the check was done."""

    def body(self) -> ComposeResult:
        with Horizontal(id="new"):
            listing = Listing(id="profiles", classes="box")
            listing.border_title = "profiles"
            listing.empty = "no profiles/*.toml here"
            yield listing
            yield self.box("check", "preflight: nothing is started, nothing is billed")
        yield self.box("same", "the same as a command")

    def on_mount(self) -> None:
        """The demo is what a new user looks for."""
        first = next((at for at, path in enumerate(self._paths) if path.stem == DEMO), 0)
        self.query_one(Listing).cursor = first

    def places(self) -> Sequence[str]:
        return ["Fleet", "New run"]

    def right(self, width: int) -> Line:
        check = self.check
        if check is None:
            return []
        good, warn, bad = (check.count(v) for v in ("good", "warn", "bad"))
        return [
            (f"{good} ✔  ", "good"),
            (f"{warn} ⚠  ", "warn" if warn else "muted"),
            (f"{bad} ✖ ", "bad bold" if bad else "muted"),
        ]

    @property
    def path(self) -> Path | None:
        cursor = self.query_one(Listing).cursor
        return self._paths[cursor] if cursor < len(self._paths) else None

    @property
    def check(self) -> Preflight | None:
        return self._checks.get(self.path) if self.path is not None else None

    @property
    def command(self) -> str:
        if self.path is None:
            return "engine launch PROFILE"
        return f"engine launch {self.path.relative_to(self.cwd)}"

    def can(self, name: str) -> bool:
        if name == "launch":
            return self.path is not None and (self.check is None or self.check.ready)
        return name != "copy" or self.path is not None

    def renew(self) -> None:
        super().renew()
        self._look()
        self.query_one(Listing).show(len(self._paths), self._line)
        self.words("check").show(lambda width, height: self._found(width, height))
        self.words("same").show(lambda width, height: [[(self.command, "accent")]])

    def _line(self, row: int, width: int) -> Line:
        path = self._paths[row]
        check = self._checks.get(path)
        sign = ("·", "faint") if check is None else ("✔", "good") if check.ready else ("✖", "bad")
        return cells([(f" {sign[0]}", 2, f"{sign[1]} bold", False),
                      (display(path.stem, NAME), max(width - 4, 8), "title", False)])  # fmt: skip

    def _found(self, width: int, height: int) -> list[Line]:
        if not self._paths:
            return [
                [("A profile says what to train and how; it lies in profiles/NAME.toml.", "text")],
                [("Without one: ", "muted"), ("engine watch -- python train.py", "accent")],
            ]
        if self.check is None:
            return [[("looking…", "muted")]]
        told = [
            (title, [line for one in found for line in one.lines(width)])
            for title, found in self.check.groups
        ]
        roomy = height >= sum(len(found) + 2 for _, found in told)
        lines: list[Line] = []
        for title, found in told:
            lines += [[(title.upper(), "faint")], *found, *([[]] if roomy else [])]
        return lines

    def _look(self) -> None:
        """On a thread: profiles may be long, and disks slow."""
        path = self.path
        if path is None or path in self._checks:
            return
        self.aside(partial(preflight, path, self.cwd), self._looked)

    def _looked(self, found: Preflight) -> None:
        self._checks[found.path] = found
        if not self.is_current:
            return
        self.renew()
        if self._eager == found.path == self.path:
            self.action_launch()

    def on_listing_moved(self) -> None:
        self._eager = None
        self.renew()

    def on_listing_chosen(self) -> None:
        self.action_launch()

    def action_launch(self) -> None:
        if self.path is None:
            return
        if self.check is None:
            self._eager = self.path
        elif self.check.ready:
            self._eager = None
            self.deck.asking.launch(self.path)
        else:
            self._eager = None
            self.deck.tell("not ready: see what is marked ✖", "warning")

    def action_copy(self) -> None:
        self.deck.copy(self.command)
