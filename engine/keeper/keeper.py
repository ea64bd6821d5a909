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
from engine import checkpoints, control, hosts, journal, procs
from engine.alarms import Thresholds
from engine.checkpoints.committing import Committing
from engine.events import Event, saves
from engine.events import keeper as say
from engine.frame import Frame
from engine.hosts import LOCAL, Host
from engine.keeper import artifacts, continuing, policy, proving, rollback, shrinking, wishes
from engine.keeper.hand import Hand
from engine.keeper.job import Restart, addresses, argv, going_on, job, working_folder
from engine.keeper.mail import Mail
from engine.keeper.preparing import Preparing
from engine.keeper.pulling import Pulling
from engine.machines.machine import Away, Line, Place
from engine.profile import Profile, filled, from_json, plain
from engine.reader import RunReader, look
from engine.redact import redact
from engine.runs import PRIVATE_DIR, Attempt, Run
from engine.secrets import lookup, require
from engine.state import Verdict, judge
from engine.view import View

TICK_S = 0.2


class Keeper:
    """Holds one run until it is closed and nobody asks for more."""

    def __init__(self, run: Run, writer: journal.Writer, early: Line | None = None) -> None:
        self.run = run
        self._writer = writer
        self._profile: Profile = filled(from_json(run.profile.read_bytes()), run.id)
        # Scripts of others may announce checkpoints that nobody has committed yet.
        parts = ("runner", "trainer") if self._profile.recipe == "command" else ("runner",)
        self._reader = RunReader(run, parts)
        self._host = _host(self._reader.poll())
        self._hand = Hand(run, self._host, early)
        self._beside = self._hand.beside(self._profile)
        self._mail = Mail(run, self._profile)
        self._committing = Committing(run, self._profile)
        self._pulling = Pulling(run, self._profile, self._hand.depot)
        self._preparing = Preparing(run, self._profile, self._hand)

    def keep(self) -> None:
        """Until the run is closed and no request waits."""
        me = procs.myself()
        self._write(say.KeeperStarted(_now(), me.pid, me.start, me.boot, engine.__version__))
        try:
            while self.run.keeper.exists() and not self._step():  # what was removed is no run
                self._preparing.pause(TICK_S)
        finally:
            self._hand.close()

    def _step(self) -> bool:
        """One look and at most one act; True when there is nothing left to keep."""
        asked = control.requests(self.run)
        for fact in self._preparing.told():
            self._write(fact)
        decision: policy.Decision = policy.Wait()
        try:
            view = self._take(asked)
            self._hand.attend(view)
            self._measure()
            ended = self._ended(view)
            if ended is None and self._host is None:
                self._commit(view)
            for fact in self._pulling.look(view, ended is not None):
                self._write(fact)
            decision = policy.decide(self._situation(view, ended), self._profile.recover)
            self._do(decision, view)
        except Away:
            # It goes on without us; the next look may see it again.
            return False
        closed = isinstance(decision, policy.Wait) and view.keeper.closed is not None
        over = closed and not asked and self._hand.all_here(view) and self._pulling.settled(view)
        if not self._hand.runner_alive(view):
            self._post(view, ended)
        return over and not self._mail.busy(view)

    def _post(self, view: View, ended: Verdict | None) -> None:
        """Only while no runner is there, for it delivers its letters itself."""
        self._mail.tell(view, ended)
        for fact in self._mail.tick(view):
            self._write(fact)

    def _measure(self) -> None:
        if (measured := self._hand.clock()) is not None:
            self._write(measured)

    def _take(self, asked: list[dict[str, Any]]) -> View:
        """Record what people ask and forget the files."""
        view = self._reader.poll()
        known = {r.id for r in view.keeper.requests} | {n.id for n in view.keeper.notes}
        known |= view.keeper.saves.ids
        for body in asked:
            # Resuming what runs is no wish to start it again once it ends.
            idle = body["kind"] != "resume" or self._ended(view) is not None
            if body["id"] not in known and idle:
                self._write(wishes.fact(body))
            if body["kind"] in ("pin", "unpin"):
                self._pin()
            with suppress(FileNotFoundError):
                (self.run.requests / f"{body['id']}.json").unlink()
        return self._reader.poll() if asked else view

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
            runner_alive=self._hand.runner_alive(view),
            runner_due=self._hand.due,
            runner_failures=self._hand.failures,
            trainer_alive=look(view).trainer_alive is True,
            stop_asked=wish is not None and wish.kind != "resume",
            resume_asked=wish is not None and wish.kind == "resume",
            change=shrinking.next_change(self._profile, view),
        )

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
        cwd = view.keeper.accepted.cwd if view.keeper.accepted else "."
        place = self._preparing.place(cwd)
        if place is None:
            return
        restart = self._restart(decision, view)
        micro = shrinking.micro_batch(view, decision.change)
        command = argv(self._profile, self.run, restart, place, micro)
        folder = working_folder(self._profile, place)
        attempt = self.run.attempt(decision.number)
        attempt.folder.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
        diff = continuing.patch_of(self._profile, self.run, view, cwd)
        patched = continuing.patch(self._beside, command, folder, diff) if diff else None
        command = patched.argv if patched else command
        body = job(self._profile, self.run, decision.number, command, folder)
        body["bin"] = place.bin
        body["limits"]["price_hour"] = self._host.price_hour if self._host else None
        if view.attempts:
            body["resume"] = going_on(RunReader(self.run).poll(), restart)
        if restart is not None:
            body["proof"] = self._prepare(decision.number, restart, place)
        journal.replace(attempt.job, json.dumps(body).encode())
        opened = say.AttemptOpened(
            t=_now(),
            attempt=decision.number,
            machine=self._hand.name,
            argv=tuple(redact(part) for part in command),
            cwd=folder,
            reason=decision.reason,
            resume_from=restart.path if restart else None,
            resume_step=restart.step if restart else None,
            change=decision.change or (patched.change if patched else None),
        )
        self._write(opened)
        self._start(attempt)
        proving.note(self._beside, attempt, folder, place)

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
        whole = self._settle(view)
        if whole.last is not None and rollback.asked(whole.last.facts.runner):
            return self._back(whole)
        found = continuing.newest(self._beside, whole)
        for event in found.aside:
            self._write(event)
        return found.restart

    def _back(self, whole: View) -> Restart | None:
        """A rule of the profile ended the attempt in order to go back."""
        if not checkpoints.resumable(self._profile):
            return None
        known = self._beside.known(whole)
        found = rollback.target([one for one in known if one.flaw is None], whole)
        return Restart(found.path, found.step) if found else None

    def _prepare(self, number: int, restart: Restart, place: Place) -> dict[str, Any]:
        """Before a resume: what exists is made safe, what changed is said, what must come is written down."""
        whole = RunReader(self.run).poll()
        continuing.look_again(self._beside, whole)
        certificate = proving.certify(self._beside, whole, restart, place)
        if certificate is not None:
            self._write(saves.Certified(_now(), number, certificate.verdict, certificate.changed))
        for event in continuing.protect(self._beside, whole, number, restart):
            self._writer.append(event, durable=False)  # the opening that follows makes it so
        return proving.proof(self._beside, whole, restart)

    def _commit(self, view: View) -> None:
        for event in (found := self._committing.look(view)):
            self._write(event)
        if found:
            self._prune()

    def _prune(self) -> None:
        """A profile that says how many shall stay is taken at its word, each time that there is a new one."""
        if self._profile.checkpoints.keep.newest is None:
            return
        for event in continuing.prune(self._beside, RunReader(self.run).poll()):
            self._write(event)

    def _pin(self) -> None:
        for event in continuing.pin(self._beside, RunReader(self.run).poll()):
            self._write(event)

    def _settle(self, view: View) -> View:
        """The trainer has ended: undo what a refuted resume did, then commit or set aside what it left."""
        if view.last is not None:
            for event in continuing.undo(self._beside, view.last, view):
                self._write(event)
            if self._host is None:
                for event in self._committing.finish(RunReader(self.run).poll()):
                    self._writer.append(event, durable=False)  # found again where it is lost
            self._prune()
            continuing.release(self._beside, view.last, view)
        return RunReader(self.run).poll()

    def _start(self, attempt: Attempt) -> None:
        given = {name: lookup(name) for name in addresses(self._profile)}
        keys = {name: secret.value for name, secret in given.items() if secret is not None}
        self._hand.start(attempt, {**keys, **require(self._profile.secrets.names)})

    def _close(self, view: View) -> None:
        if not self._pulling.settled(view):
            return
        number = view.last.number if view.last else 0
        self._settle(view)
        if view.last is not None:
            continuing.unpatch(self._beside, view.last)
        if view.last is not None and view.keeper.artifacts is None:
            expected = self._profile.artifacts.expect
            for fact in artifacts.checked(expected, self.run, view.last.opening):
                self._write(fact)
        self._write(say.Closed(_now(), number))

    def _write(self, event: Event) -> None:
        self._writer.append(event, durable=True)


def _host(view: View) -> Host | None:
    """Where the run was accepted for; None is here."""
    name = view.keeper.accepted.host if view.keeper.accepted else LOCAL
    return None if name == LOCAL else hosts.find(name)


def _now() -> float:
    return time.time()
