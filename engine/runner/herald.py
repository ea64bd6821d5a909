"""Tells people, from the machine itself, of every alarm once, and of the end.

What was told is known from the journal and the box, so a new runner repeats nothing. An alarm that was gone for a
while and stands again is a new one.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import Iterable

from engine.alarms import Alarm, Case
from engine.alarms.thresholds import Thresholds
from engine.events import runner as say
from engine.notify import Courier, Outbox, compose
from engine.notify.notice import Notice, end_of
from engine.redact import redact
from engine.runner import clock
from engine.runner.post import Post

REARM_S = 600.0
"""How long an alarm must have been gone to be told of again."""
PARTING_S = 10.0
"""How long a runner stays for its last letters; the keeper delivers what is left."""


class Herald:
    """Silent where the profile names nobody to tell."""

    def __init__(self, post: Post) -> None:
        self._post, self._to = post, post.job.notify.to
        self._outbox = Outbox(os.path.join(post.folder.path, "outbox"))
        self._courier = Courier(self._outbox, post.keys, post.job.notify.command)
        self._seen: dict[str, float] = {}
        self._ids: set[str] = set()
        if self._to:
            done = {one.id for one in post.fold.facts().runner.notices}
            for letter in self._outbox.waiting():
                if (
                    letter.id in done
                ):  # on record, and its runner was killed before it threw it away
                    self._outbox.remove(letter)
            told = {number.partition(".")[0] for number in done}
            waiting = {letter.id.partition(".")[0] for letter in self._outbox.waiting()}
            self._ids = told | waiting
            if waiting:
                self._courier.wake()

    @property
    def listens(self) -> bool:
        """Somebody wants to be told."""
        return bool(self._to)

    def hear(self, alarms: Iterable[Alarm], case: Case) -> None:
        """Tell of those that are new."""
        now = clock.steady()
        for alarm in alarms:
            known = self._count(alarm.name)
            gone_s = now - self._seen.get(alarm.name, now)
            if not known or gone_s >= REARM_S:
                self._tell(f"{alarm.name}-{known + 1}", alarm, case)
            self._seen[alarm.name] = now

    def tick(self) -> None:
        """Write down what became of letters."""
        for delivery in self._courier.done() if self._to else ():
            letter, outcome = delivery.letter, delivery.outcome
            fact = say.Notified(
                t=clock.wall(),
                id=letter.id,
                alarm=letter.alarm,
                to=letter.to,
                sent=outcome.sent,
                tries=delivery.tries,
                reason=outcome.reason,
            )
            self._post.ledger.tell(fact)
            self._courier.settle(delivery)

    def part(self) -> None:
        """Tell of the end, and stay a moment for what is still in the box."""
        if not self._to:
            return
        job, facts = self._post.job, self._post.fold.facts()
        case = Case(facts, Thresholds.of(job.alerts), clock.wall(), job.agreed)
        if not self._count("ended"):
            self._tell("ended-1", end_of(case, job.total), case)
        until = clock.steady() + PARTING_S
        while self._outbox.waiting() and clock.steady() < until:
            time.sleep(0.05)
            self.tick()
        self._courier.close()

    def _count(self, alarm: str) -> int:
        return sum(one.rpartition("-")[0] == alarm for one in self._ids)

    def _tell(self, number: str, alarm: Alarm, case: Case) -> None:
        self._ids.add(number)
        notice = compose(case, alarm, self._post.job.run, self._post.job.total)
        try:
            self._outbox.put(number, self._to, self._redacted(notice))
        except OSError:
            return  # a full disk is an alarm of its own, and this one stays on the screen
        self._courier.wake()

    def _redacted(self, notice: Notice) -> Notice:
        values = self._post.secrets or ()
        lines = tuple(redact(line, values) for line in notice.lines)
        return replace(notice, title=redact(notice.title, values), lines=lines)
