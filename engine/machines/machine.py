"""What a keeper asks of a machine. Local and remote are the two answers; after this nobody knows which it is.

Every verb is safe to repeat. `Away` means that the machine cannot be seen now, never that something failed there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from engine.events import keeper as say
from engine.identity import Identity
from engine.machines.outfit import Outfit
from engine.runs import Attempt
from engine.shelf.acts import Act, Answer
from engine.sync.cargo import Cargo, Freight


class Away(Exception):
    """It cannot be seen now."""


class Line(Protocol):
    """A way to a machine that somebody opened before; only that kind of machine knows what to do with it."""

    def close(self) -> None:
        """Nobody needs it."""


class Post(Enum):
    """What is known of an attempt's runner."""

    HELD = "one works"
    KILLED = "one worked until somebody killed it"
    FAILED = "one ended by itself"
    EMPTY = "none works"
    UNSEEN = "nobody can tell"


@dataclass(frozen=True)
class Place:
    """Where an attempt runs: the folder of the user's project and the interpreter for our own recipes."""

    cwd: str
    python: str = sys.executable
    run: str | None = None
    """The run's own folder there; None: where it is here."""
    bin: str | None = None
    """Programs of the environment made for it, before all others."""
    release: str = ""
    """The digest of the project as it was sent."""
    outfit: str | None = None
    """The digest of the environment."""


@dataclass(frozen=True)
class Project:
    """The user's project folder, and the globs of what of it a machine needs."""

    folder: str
    push: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    """What goes in any case: the files that a profile names."""


@dataclass(frozen=True)
class Asked:
    """A listing: globs below a folder, whether folders stand for their files, whether each is read to its end."""

    base: str
    patterns: Sequence[str]
    deep: bool = False
    hashed: bool = False
    have: Mapping[str, list[int | None]] | None = None
    """Name to mark: files that are the same as here are left out."""


Watch = Callable[[int], None]
"""Told how many bytes of a cargo are here."""


Tell = Callable[[bytes], None]
"""Told what is said while something is made."""


class Depot(Protocol):
    """A machine's files. Every method blocks for as long as it takes."""

    way: str
    """What carried the last cargo."""

    def listed(self, asked: Asked) -> list[Freight]:
        """Everything that fits."""

    def read(self, base: str, name: str, most: int) -> bytes | None:
        """A small file; None where it is none."""

    def bring(self, cargo: Cargo, hidden: Path, bytes_s: float | None, watch: Watch) -> list[str]:
        """Into the hidden folder, begun there before or not. Which files are not what they were said to be."""


class Shelf(Protocol):
    """Where a run's checkpoints lie."""

    @property
    def home(self) -> str:
        """The run's own folder there."""

    def shelf(self, asked: Sequence[Act]) -> list[Answer]:
        """Acts of `engine.shelf` are done there; their answers."""


class Machine(Shelf, Protocol):
    """Where an attempt runs."""

    name: str

    @property
    def depot(self) -> Depot | None:
        """Where its files can be had; None: they are here."""

    def reach(self) -> None:
        """Wait a little until it can be seen."""

    def place(self, project: Project) -> Place:
        """Where the user's project is there, brought there first where it is not."""

    def fit(self, outfit: Outfit, place: Place, tell: Tell) -> Place:
        """The same place with an environment, made there once."""

    def open(self, attempt: Attempt, job: Mapping[str, Any]) -> None:
        """The attempt's folder with its job is there, and what grows in it comes here from now on."""

    def start(self, attempt: Attempt, secrets: Mapping[str, str]) -> None:
        """A runner for this attempt; where one works already it ends at once."""

    def post(self, attempt: Attempt, said: Identity | None) -> Post:
        """Whether a runner works. `said` is the last that spoke."""

    def whole(self, attempt: Attempt) -> bool:
        """No runner works any more, and all that the attempt's files have there is here."""

    def order(self, attempt: Attempt, body: Mapping[str, Any]) -> None:
        """Hand an order to the attempt's runner. The same id twice is once."""

    def clock(self) -> say.ClockMeasured | None:
        """A new measurement of its clock, where there is one."""

    def close(self) -> None:
        """Let go of it; whatever runs there goes on."""
