"""A machine behind ssh: the far end does there what `local` does here, and what grows there is copied here."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from engine.events import keeper as say
from engine.hosts import Host
from engine.identity import Identity
from engine.machines import mirror
from engine.machines.bootstrap import ROOT, command
from engine.machines.depot import FarDepot
from engine.machines.fitting import fit
from engine.machines.machine import Away, Depot, Line, Place, Post, Project, Tell
from engine.machines.outfit import Outfit
from engine.machines.sending import send
from engine.machines.shelves import conversation
from engine.machines.wire import Clock, Wire
from engine.runner.frames import Bytes
from engine.runs import Attempt, Run
from engine.shelf.acts import Act, Answer
from engine.sync.selection import Selection, select

REACH_S = 5.0
TOLERANCE_S = 0.25
"""A clock that moved by less is not measured anew."""


@dataclass(frozen=True)
class Beat:
    """What the far end said last of one attempt."""

    held: bool
    sizes: list[int]


@dataclass(frozen=True)
class _Started:
    """A runner, and the far end that will tell how it ended: another one knows nothing of it."""

    pid: int
    by: Mapping[str, Any] | None


class Remote:
    """One run's use of one host. Its line is opened at once and kept until `close`."""

    def __init__(self, host: Host, run: Run, early: Line | None = None) -> None:
        self.name = host.name
        self._host, self._run = host, run
        known = early if isinstance(early, Wire) else None
        self._wire = known or Wire(host, self._take, self._beat)
        self._wire.meet(self._take, self._beat)
        self._beats: dict[int, Beat] = {}
        self._runners: dict[int, _Started] = {}
        self._ended: dict[int, tuple[int, int]] = {}
        self._told: Clock | None = None
        self.depot: Depot | None = FarDepot(host, self._wire, run.cache / "known_hosts")
        if known is None:
            self._wire.start()

    def place(self, project: Project) -> Place:
        """A folder of this run alone with what was pushed, or where nothing goes there, the host's `workdir`."""
        if self._wire.hello is None:
            raise Away(self._wire.why)
        home, run = str(self._wire.hello["home"]), self.home
        if project.push or project.also:
            chosen = select(Path(project.folder), project.push, project.exclude, project.also)
            return Place(self._work(chosen), self._host.python, run, release=chosen.digest)
        work = self._host.workdir
        return Place(home + work[1:] if work[:1] == "~" else work, self._host.python, run)

    @property
    def home(self) -> str:
        if self._wire.hello is None:
            raise Away(self._wire.why)
        return f"{self._wire.hello['home']}{ROOT[1:]}/runs/{self._run.id}"

    def shelf(self, asked: Sequence[Act]) -> list[Answer]:
        return conversation(
            self._host.name, self._wire.beside(command(self._host, "--shelf")), asked
        )

    def fit(self, outfit: Outfit, place: Place, tell: Tell) -> Place:
        python = fit(self._host, self._wire, outfit, place.cwd, tell)
        folder = str(PurePosixPath(python).parent)
        return replace(place, python=python, bin=folder, outfit=outfit.digest)

    def _work(self, chosen: Selection) -> str:
        """The machine has this release once, whichever run asks for it."""
        asked = {"do": "work", "run": self._run.id, "release": chosen.digest}
        said = self._wire.ask(asked)
        if said["path"] is None:
            send(self._wire.beside(command(self._host, "--take", str(said["take"]))), chosen)
            said = self._wire.ask(asked)
        if said["path"] is None:
            raise Away("what was sent did not stay")
        return str(said["path"])

    def open(self, attempt: Attempt, job: Mapping[str, Any]) -> None:
        where = self._where(attempt)
        frozen = json.loads(self._run.profile.read_bytes())
        found = json.loads(attempt.found.read_bytes()) if attempt.found.exists() else None
        body = {"job": dict(job), "profile": frozen, "adopted": found}
        self._wire.ask({"do": "open", **where, **body})
        self._wire.follow(attempt.number, lambda: self._follow(attempt))

    def start(self, attempt: Attempt, secrets: Mapping[str, str]) -> None:
        asked = {"do": "start", **self._where(attempt), "secrets": dict(secrets)}
        pid = int(self._wire.ask(asked)["pid"])
        self._runners[attempt.number] = _Started(pid, self._wire.hello)

    def post(self, attempt: Attempt, said: Identity | None) -> Post:
        ended = self._ended.pop(attempt.number, None)
        if ended is not None:
            pid, code = ended
            spoke = said is not None and said.pid == pid
            return Post.KILLED if spoke and code < 0 else Post.FAILED
        if not self._wire.up or attempt.number not in self._beats:
            return Post.UNSEEN
        started = self._runners.get(attempt.number)
        begins = started is not None and started.by is self._wire.hello
        return Post.HELD if begins or self._beats[attempt.number].held else Post.EMPTY

    def whole(self, attempt: Attempt) -> bool:
        """What the machine said last of its files is all here."""
        beat = self._beats.get(attempt.number)
        if beat is None or beat.held or not self._wire.up:
            return False
        return beat.sizes == [size for size, _ in mirror.have(attempt).values()]

    def order(self, attempt: Attempt, body: Mapping[str, Any]) -> None:
        self._wire.ask({"do": "order", **self._where(attempt), "body": dict(body)})

    def clock(self) -> say.ClockMeasured | None:
        found = self._wire.clock
        if found is None or (
            self._told and abs(found.offset_s - self._told.offset_s) < TOLERANCE_S
        ):
            return None
        self._told = found
        offset, about = round(found.offset_s, 4), round(found.plus_minus_s, 4)
        return say.ClockMeasured(time.time(), self.name, offset, about)

    def reach(self, patience_s: float = REACH_S) -> None:
        until = time.monotonic() + patience_s
        while not self._wire.up:
            if time.monotonic() > until:
                raise Away(self._wire.why)
            time.sleep(0.01)

    def close(self) -> None:
        self._wire.close()

    def _where(self, attempt: Attempt) -> dict[str, Any]:
        return {"run": self._run.id, "attempt": attempt.number}

    def _follow(self, attempt: Attempt) -> dict[str, Any]:
        have = {name: list(pair) for name, pair in mirror.have(attempt).items()}
        return {"do": "follow", **self._where(attempt), "have": have}

    def _take(self, news: Bytes) -> None:
        mirror.write(self._run, news)

    def _beat(self, body: Mapping[str, Any]) -> None:
        for number, code in body["ended"].items():
            started = self._runners.pop(int(number), None)
            self._ended[int(number)] = started.pid if started else 0, int(code)
        for number, held in body["held"].items():
            self._beats[int(number)] = Beat(bool(held), list(body["sizes"][number]))
