"""A keeper's hand on the machine: the newest attempt's files come here, orders go there, a runner works.

What the machine says is turned into what the policy asks: whether a runner works, and how often one failed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping

from engine import machines
from engine.events import keeper as say
from engine.hosts import Host
from engine.identity import Identity
from engine.keeper.continuing import Beside
from engine.machines.machine import Depot, Line, Place, Post, Project, Tell
from engine.machines.outfit import Outfit
from engine.profile import Profile
from engine.runs import Attempt, Run
from engine.view import View

FIRST_REST_S, LONGEST_REST_S = 0.4, 60.0
"""Between two runners for a trainer that lives while none of them works; each pause is twice the one before."""
LATE_S = 600.0
"""How long a keeper of a closed run waits for the rest of a console that a machine still has."""
ORDERS = ("stop", "kill", "save")


class Hand:
    """Everything that is asked of the machine goes through here. May raise `Away` at any call."""

    def __init__(self, run: Run, host: Host | None, early: Line | None = None) -> None:
        self._run = run
        self._machine = machines.of(host, run, early)
        self.name = self._machine.name
        self.failures = 0
        self._opened: int | None = None
        self._passed: set[str] = set()
        self._dialect: str | None = None
        """The one that the runner of this attempt was told to read by."""
        self._rest_until = 0.0
        self._closed_at: float | None = None

    @property
    def due(self) -> bool:
        """Enough time has passed since the last runner that failed."""
        return time.monotonic() >= self._rest_until

    def reach(self) -> None:
        """Wait a little for a machine that is not seen yet."""
        self._machine.reach()

    def place(self, project: Project) -> Place:
        return self._machine.place(project)

    def fit(self, outfit: Outfit, place: Place, tell: Tell) -> Place:
        return self._machine.fit(outfit, place, tell)

    @property
    def depot(self) -> Depot | None:
        """Where the machine's files can be had; None: they are here."""
        return self._machine.depot

    def clock(self) -> say.ClockMeasured | None:
        return self._machine.clock()

    def attend(self, view: View) -> None:
        """See to it that the newest attempt's files come here, and pass on what was asked of it."""
        last = view.last
        if last is None:
            return
        attempt = self._run.attempt(last.number)
        self._open(attempt)
        if last.facts.runner.exit is not None:
            return
        taken = self._passed | {order.id for order in last.facts.runner.orders}
        for asked in view.keeper.asked:
            if asked.kind in ORDERS and asked.id not in taken:
                body = {"id": asked.id, "kind": asked.kind, "by": asked.by}
                self._machine.order(attempt, body)
                self._passed.add(asked.id)

        self._read_by(attempt, view.keeper.dialect)

    def _read_by(self, attempt: Attempt, dialect: str | None) -> None:
        """Whoever chose another dialect means the runner's rules too."""
        if dialect is None or dialect == self._dialect:
            return
        body = {"id": f"dialect-{time.time_ns():x}", "kind": "dialect", "by": "keeper"}
        self._machine.order(attempt, {**body, "dialect": dialect})
        self._dialect = dialect

    def start(self, attempt: Attempt, secrets: Mapping[str, str]) -> None:
        """A runner, for an attempt that may be new."""
        if self._opened != attempt.number:
            self.failures, self._rest_until = 0, 0.0
        self._open(attempt)
        self._machine.start(attempt, secrets)

    def runner_alive(self, view: View) -> bool:
        """Where nobody can tell, the one that was there is taken to be there still."""
        if view.last is None:
            return False
        said = view.last.facts.runner.runner
        who = Identity(said.pid, said.start, said.boot) if said else None
        post = self._machine.post(self._run.attempt(view.last.number), who)
        if post is Post.KILLED:
            # Working until somebody killed it is no reason to give the attempt up.
            self.failures = 0
        elif post is Post.FAILED:
            self.failures += 1
            pause = min(FIRST_REST_S * 2 ** (self.failures - 1), LONGEST_REST_S)
            self._rest_until = time.monotonic() + pause
        return post in (Post.HELD, Post.UNSEEN)

    def all_here(self, view: View) -> bool:
        """Nothing of the last attempt is still on its way, or there is no hope that it comes."""
        if view.last is None:
            return True
        self._closed_at = self._closed_at or time.monotonic()
        waited = time.monotonic() - self._closed_at
        return self._machine.whole(self._run.attempt(view.last.number)) or waited > LATE_S

    def beside(self, profile: Profile) -> Beside:
        """The checkpoints of this run where they lie."""
        return Beside(self._run, profile, self._machine)

    def close(self) -> None:
        self._machine.close()

    def _open(self, attempt: Attempt) -> None:
        if self._opened != attempt.number:
            self._machine.open(attempt, json.loads(attempt.job.read_bytes()))
            self._opened, self._dialect = attempt.number, None
