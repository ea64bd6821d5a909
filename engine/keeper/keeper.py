"""The keeper's loop: read the journal, ask the policy, do the one thing it says, write it down.

Every act is safe to repeat, because a keeper can be killed between doing and writing: an attempt's files are made
before `attempt_opened`, a runner that is started twice finds the first one's lock, an order has an id.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

import engine
from engine import checkpoints, control, hosts, journal, machines, procs
from engine.alarms import Thresholds
from engine.events import Event
from engine.events import keeper as say
from engine.frame import Frame
from engine.hosts import LOCAL, Host
from engine.identity import Identity
from engine.keeper import artifacts, policy, rollback
from engine.keeper.job import Restart, addresses, argv, going_on, job, working_folder
from engine.keeper.mail import Mail
from engine.machines.machine import Away, Post, Project
from engine.profile import Profile, filled, from_json, plain
from engine.reader import RunReader, look
from engine.redact import redact
from engine.runs import PRIVATE_DIR, Attempt, Run
from engine.secrets import lookup, require
from engine.state import Verdict, judge
from engine.view import View

TICK_S = 0.2
LONGEST_REST_S = 60.0
"""Between two runners for a trainer that lives while none of them works."""
LATE_S = 600.0
"""How long a keeper of a closed run waits for the rest of a console that a machine still has."""
ORDERS = ("stop", "kill", "save")


class Keeper:
    """Holds one run until it is closed and nobody asks for more."""

    def __init__(self, run: Run, writer: journal.Writer) -> None:
        self.run = run
        self._writer = writer
        self._profile: Profile = filled(from_json(run.profile.read_bytes()), run.id)
        self._reader = RunReader(run, parts=("runner",))
        self._host = _host(self._reader.poll())
        self._machine = machines.of(self._host, run)
        self._mail = Mail(run, self._profile)
        self._opened: int | None = None
        self._passed: set[str] = set()
        self._failures = 0
        self._rest_until = 0.0
        self._closed_at: float | None = None

    def keep(self) -> None:
        """Until the run is closed and no request waits."""
        me = procs.myself()
        self._write(say.KeeperStarted(_now(), me.pid, me.start, me.boot, engine.__version__))
        try:
            while not self._step():
                time.sleep(TICK_S)
        finally:
            self._machine.close()

    def _step(self) -> bool:
        """One look and at most one act; True when there is nothing left to keep."""
        asked = control.requests(self.run)
        view = self._take(asked)
        decision: policy.Decision = policy.Wait()
        try:
            self._attend(view)
            ended = self._ended(view)
            decision = policy.decide(self._situation(view, ended), self._profile.recover)
            self._do(decision, view)
        except Away:
            # It goes on without us; the next look may see it again.
            return False
        closed = isinstance(decision, policy.Wait) and view.keeper.closed is not None
        over = closed and not asked and self._all_here(view)
        if not self._runner_alive(view):
            self._post(view, ended)
        return over and not self._mail.busy(view)

    def _post(self, view: View, ended: Verdict | None) -> None:
        """Only while no runner is there, for it delivers its letters itself."""
        self._mail.tell(view, ended)
        for fact in self._mail.tick(view):
            self._write(fact)

    def _take(self, asked: list[dict[str, Any]]) -> View:
        """Record what people ask and forget the files."""
        view = self._reader.poll()
        known = {r.id for r in view.keeper.requests} | {n.id for n in view.keeper.notes}
        for body in asked:
            # Resuming what runs is no wish to start it again once it ends.
            idle = body["kind"] != "resume" or self._ended(view) is not None
            if body["id"] not in known and idle:
                self._write(_record(body))
            with suppress(FileNotFoundError):
                (self.run.requests / f"{body['id']}.json").unlink()
        return self._reader.poll() if asked else view

    def _attend(self, view: View) -> None:
        """See to it that the newest attempt's files come here, and pass on what was asked of it."""
        measured = self._machine.clock()
        if measured is not None:
            self._write(measured)
        last = view.last
        if last is None:
            return
        attempt = self.run.attempt(last.number)
        if self._opened != last.number:
            self._machine.open(attempt, json.loads(attempt.job.read_bytes()))
            self._opened = last.number
        if last.facts.runner.exit is not None:
            return
        taken = self._passed | {order.id for order in last.facts.runner.orders}
        for asked in view.keeper.asked:
            if asked.kind in ORDERS and asked.id not in taken:
                body = {"id": asked.id, "kind": asked.kind, "by": asked.by}
                self._machine.order(attempt, body)
                self._passed.add(asked.id)

    def _all_here(self, view: View) -> bool:
        """Nothing of the last attempt is still on its way, or there is no hope that it comes."""
        if view.last is None:
            return True
        self._closed_at = self._closed_at or time.monotonic()
        waited = time.monotonic() - self._closed_at
        return self._machine.whole(self.run.attempt(view.last.number)) or waited > LATE_S

    def _ended(self, view: View) -> Verdict | None:
        """How the newest attempt ended, judged by all of the journal; None while it has not."""
        last = view.last
        if last is None:
            return None
        if last.facts.runner.exit is None and last.opening.lost is None:
            return None
        whole = RunReader(self.run).poll()
        # What the attempt came to, not what became of the run: judged as if it were closed with it.
        closing = say.Closed(None, last.number)
        settled = replace(whole, keeper=replace(whole.keeper, closed=closing, artifacts=None))
        frame = Frame(self.run.id, settled, time.time(), look(settled))
        return judge(frame, Thresholds.of(plain(self._profile.alerts)))

    def _situation(self, view: View, ended: Verdict | None) -> policy.Situation:
        wish = view.keeper.wish
        return policy.Situation(
            view=view,
            ended=ended,
            now=time.time(),
            runner_alive=self._runner_alive(view),
            runner_due=time.monotonic() >= self._rest_until,
            runner_failures=self._failures,
            trainer_alive=look(view).trainer_alive is True,
            stop_asked=wish is not None and wish.kind != "resume",
            resume_asked=wish is not None and wish.kind == "resume",
        )

    def _runner_alive(self, view: View) -> bool:
        """Where nobody can tell, the one that was there is taken to be there still."""
        if view.last is None:
            return False
        said = view.last.facts.runner.runner
        who = Identity(said.pid, said.start, said.boot) if said else None
        post = self._machine.post(self.run.attempt(view.last.number), who)
        if post is Post.KILLED:
            # Working until somebody killed it is no reason to give the attempt up.
            self._failures = 0
        elif post is Post.FAILED:
            self._failures += 1
            pause = min(TICK_S * 2**self._failures, LONGEST_REST_S)
            self._rest_until = time.monotonic() + pause
        return post in (Post.HELD, Post.UNSEEN)

    def _do(self, decision: policy.Decision, view: View) -> None:
        if isinstance(decision, policy.Open):
            self._open(decision, view)
        elif isinstance(decision, policy.Start):
            self._start(self.run.attempt(decision.number))
        elif isinstance(decision, policy.Lose):
            self._write(say.AttemptLost(_now(), decision.number, decision.reason))
        elif isinstance(decision, policy.Plan) and view.last:
            plan = say.RecoveryPlanned(_now(), view.last.number, decision.cause, decision.delay_s)
            self._write(plan)
        elif isinstance(decision, policy.Refuse) and view.last:
            number = view.last.number
            self._write(say.RecoveryRefused(_now(), number, decision.cause, decision.reason))
        elif isinstance(decision, policy.Close):
            self._close(view)

    def _open(self, decision: policy.Open, view: View) -> None:
        """Write the attempt's job, then the fact that it is open, then start its runner."""
        accepted = view.keeper.accepted
        cwd = accepted.cwd if accepted else "."
        restart = self._restart(decision, view)
        workspace = self._profile.workspace
        place = self._machine.place(Project(cwd, workspace.push, workspace.exclude))
        command = argv(self._profile, self.run, restart, place)
        folder = working_folder(self._profile, place)
        attempt = self.run.attempt(decision.number)
        attempt.folder.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
        body = job(self._profile, self.run, decision.number, command, folder)
        body["limits"]["price_hour"] = self._host.price_hour if self._host else None
        if view.attempts:
            body["resume"] = going_on(RunReader(self.run).poll(), restart)
        journal.replace(attempt.job, json.dumps(body).encode())
        opened = say.AttemptOpened(
            t=_now(),
            attempt=decision.number,
            machine=self._machine.name,
            argv=tuple(redact(part) for part in command),
            cwd=folder,
            reason=decision.reason,
            resume_from=restart.path if restart else None,
            resume_step=restart.step if restart else None,
        )
        self._write(opened)
        self._failures, self._rest_until = 0, 0.0
        self._start(attempt)

    def _restart(self, decision: policy.Open, view: View) -> Restart | None:
        """The checkpoint that the attempt continues from: the one asked for, else the newest there is."""
        if decision.reason == "launch":
            accepted = view.keeper.accepted
            if accepted is None or accepted.resume_from is None:
                return None
            return Restart(accepted.resume_from, accepted.resume_step)
        if decision.reason == "resume":
            wish = view.keeper.wish
            if wish is not None and wish.resume_from is not None:
                return Restart(wish.resume_from, wish.resume_step)
        whole = RunReader(self.run).poll()
        known = checkpoints.of_run(self.run, whole, self._profile)
        if whole.last is not None and rollback.asked(whole.last.facts.runner):
            found = rollback.target(known, whole)
        else:
            found = checkpoints.newest(known)
        if found is None or not checkpoints.resumable(self._profile):
            return None
        return Restart(found.path, found.step)

    def _start(self, attempt: Attempt) -> None:
        if self._opened != attempt.number:
            self._machine.open(attempt, json.loads(attempt.job.read_bytes()))
            self._opened = attempt.number
        given = {name: lookup(name) for name in addresses(self._profile)}
        keys = {name: secret.value for name, secret in given.items() if secret is not None}
        self._machine.start(attempt, {**keys, **require(self._profile.secrets.names)})

    def _close(self, view: View) -> None:
        number = view.last.number if view.last else 0
        if number and self._profile.artifacts.expect and view.keeper.artifacts is None:
            cwd = view.last.opening.cwd if view.last else "."
            found, missing = artifacts.look(self._profile.artifacts.expect, cwd, self.run.folder)
            self._write(say.ArtifactsChecked(_now(), number, found, missing))
        self._write(say.Closed(_now(), number))

    def _write(self, event: Event) -> None:
        self._writer.append(event, durable=True)


def _host(view: View) -> Host | None:
    """Where the run was accepted for; None is here."""
    name = view.keeper.accepted.host if view.keeper.accepted else LOCAL
    return None if name == LOCAL else hosts.find(name)


def _now() -> float:
    return time.time()


def _record(body: dict[str, Any]) -> Event:
    by = str(body.get("by", "unknown"))
    if body["kind"] == "note":
        return say.Noted(_now(), body["id"], str(body.get("text", "")), by)
    if body["kind"] == "dialect":
        return say.DialectChosen(_now(), str(body.get("dialect", "auto")), by)
    return say.Requested(
        t=_now(),
        id=body["id"],
        kind=body["kind"],
        by=by,
        reason=body.get("reason"),
        resume_from=body.get("resume_from"),
        resume_step=body.get("resume_step"),
    )
