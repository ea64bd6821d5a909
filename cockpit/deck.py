"""What screens may ask of the app they stand in: to go somewhere, to say something, to leave a request."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from engine.runs import Run

if TYPE_CHECKING:
    from cockpit.plot.glyphs import Glyphs
    from cockpit.rulers import Kind
    from engine.checkpoints import Checkpoint
    from engine.status import Status


class Asks(Protocol):
    """What can be asked of a run; each says what it would mean before it is done."""

    def stop(self, run: Run, status: Status | None) -> None: ...

    def kill(self, run: Run, status: Status | None) -> None: ...

    def save(self, run: Run, status: Status | None) -> None: ...

    def note(self, run: Run) -> None: ...

    def teach(self, run: Run, line: str, ended: bool) -> None: ...

    def resume(self, run: Run, status: Status | None, chosen: Checkpoint) -> None: ...

    def pull(self, run: Run) -> None: ...

    def launch(self, path: Path) -> None: ...

    def pin(self, run: Run, kind: str, chosen: Checkpoint) -> None: ...


class Deck(Protocol):
    """The app, as screens know it."""

    asking: Asks
    axis: Kind
    """What x counts on every chart."""
    glyphs: Glyphs
    """What this terminal can show curves with."""

    def open(self, run: Run, name: str = "dashboard") -> None: ...

    def replay(self, run: Run) -> None: ...

    def go(self, name: str, found: object = None) -> None: ...

    def back(self) -> None: ...

    def home(self) -> None: ...

    def new(self) -> None: ...

    def compare(self, runs: Sequence[Run]) -> None: ...

    def hosts(self) -> None: ...

    def open_mix(self, path: Path) -> None: ...

    def stop(self, run: Run) -> None: ...

    def copy(self, command: str) -> None: ...

    def tell(self, text: str, severity: str = "information") -> None: ...
