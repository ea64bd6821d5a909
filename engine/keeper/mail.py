"""What the keeper tells people: only what no runner could, and the letters that a runner left behind.

A lost or preempted attempt has no runner that could speak. Letters of an attempt whose runner is gone are delivered
from here, until they are there or a day has passed.
"""

from __future__ import annotations

import time

from engine.alarms import Agreed, Alarm, Case, Thresholds
from engine.events import keeper as say
from engine.keeper.job import addresses, job
from engine.notify import Courier, Outbox, compose
from engine.notify.notice import ENDED
from engine.profile import Profile, plain
from engine.redact import redact
from engine.runs import Run
from engine.secrets import lookup
from engine.state import Verdict
from engine.view import AttemptView, View

UNSEEN = ("LOST", "PREEMPTED")
STAYS_S = 12 * 3600.0
"""How long a keeper of a closed run stays for letters that find no way."""


class Mail:
    """Silent where the profile names nobody to tell."""

    def __init__(self, run: Run, profile: Profile) -> None:
        self._run, self._profile = run, profile
        body = job(profile, run, 0, (), "")
        self._to = tuple(body["notify"]["to"])
        self._limits = Thresholds.of(plain(profile.alerts))
        self._agreed = Agreed.of(body)
        self._couriers: dict[int, Courier] = {}
        self._since: float | None = None

    def tell(self, view: View, ended: Verdict | None) -> None:
        """Of an attempt that ended without anybody of the machine's side to say so."""
        last = view.last
        if not self._to or ended is None or last is None or ended.word not in UNSEEN:
            return
        name = ended.word.lower()
        outbox, number = self._outbox(last.number), f"{name}-1"
        told = {(one.attempt, one.id.partition(".")[0]) for one in view.keeper.notices}
        waiting = {letter.id.partition(".")[0] for letter in outbox.waiting()}
        # A runner that found nobody alive has told of the end itself.
        spoke = any(one.alarm == ENDED for one in last.facts.runner.notices)
        if spoke or (last.number, number) in told or waiting & {number, f"{ENDED}-1"}:
            return
        notice = compose(self._case(last), self._alarm(name, ended), self._run.id, view.total)
        outbox.put(number, self._to, notice)

    def tick(self, view: View) -> list[say.Informed]:
        """Deliver what is left in the boxes of attempts that have ended; what became of it."""
        found: list[say.Informed] = []
        for attempt in view.attempts if self._to else ():
            self._tidy(view, attempt)
            over = attempt.facts.runner.exit is not None or attempt.opening.lost is not None
            if over and attempt.number not in self._couriers and self._left(attempt.number):
                self._couriers[attempt.number] = self._courier(attempt.number)
                self._couriers[attempt.number].wake()
        for number, courier in self._couriers.items():
            for letter, outcome, tries in courier.done():
                told = (number, letter.id, letter.alarm, letter.to, outcome.sent, tries)
                found.append(say.Informed(time.time(), *told, outcome.reason))
                self._outbox(number).remove(letter)
        return found

    def _tidy(self, view: View, attempt: AttemptView) -> None:
        """A letter that is on record as done was only not thrown away before somebody was killed."""
        done = {one.id for one in attempt.facts.runner.notices}
        done |= {one.id for one in view.keeper.notices if one.attempt == attempt.number}
        outbox = self._outbox(attempt.number)
        for letter in outbox.waiting():
            if letter.id in done:
                outbox.remove(letter)

    def busy(self, view: View) -> bool:
        """Letters wait, and not for too long yet."""
        if not self._to or not any(self._left(attempt.number) for attempt in view.attempts):
            self._since = None
            return False
        self._since = self._since or time.monotonic()
        return time.monotonic() - self._since < STAYS_S

    def wake(self) -> None:
        """There may be something new."""
        for courier in self._couriers.values():
            courier.wake()

    def _left(self, number: int) -> bool:
        return bool(self._outbox(number).waiting())

    def _outbox(self, number: int) -> Outbox:
        return Outbox(str(self._run.attempt(number).folder / "outbox"))

    def _courier(self, number: int) -> Courier:
        found = {name: lookup(name) for name in addresses(self._profile)}
        keys = {name: secret.value for name, secret in found.items() if secret is not None}
        return Courier(self._outbox(number), keys, self._profile.alerts.command)

    def _case(self, last: AttemptView) -> Case:
        return Case(last.facts, self._limits, time.time(), self._agreed)

    def _alarm(self, name: str, ended: Verdict) -> Alarm:
        fix = "engine resume RUN goes on from the newest checkpoint"
        return Alarm(name, redact(ended.reason or ended.word), fix, red=True)
