"""What is asked of the runner becomes deeds: orders of people, limits and rules of the profile.

Each is a fact before it is done, and done once for all runners of an attempt: the facts say what was done already.
"""

from __future__ import annotations

from typing import Callable, Iterable

from engine import proof
from engine.alarms import Alarm
from engine.events import runner as say
from engine.proof import Told
from engine.runner import clock
from engine.runner.limits import ENDS, Reached, fired
from engine.runner.orders import Order, remove, waiting
from engine.runner.post import Post
from engine.runner.stopping import Stopping
from engine.scalars import AttemptFacts

NOT_RESUMED = "the resume is not proven"
LEAVES_S = 45.0
"""Seconds at most to leave for a trainer that did not resume: it must be gone a minute after its first row."""
SAVE = "this trainer is not known to save on a signal, and a signal it does not expect would end it"


class Obey:
    """Orders, limits and rules of one attempt."""

    def __init__(self, post: Post, stopping: Stopping, reread: Callable[[str], None]) -> None:
        self._post, self._stopping, self._reread = post, stopping, reread
        self._limited = False

    def take_up(self) -> None:
        """Go on with what an earlier runner began, or said and did not live to begin."""
        facts = self._post.fold.facts().runner
        self._stopping.take_up(facts.signals)
        for rule in facts.rules:
            if rule.action in ENDS:
                self._stopping.ask(f"rule {rule.alarm}")
        if facts.resume is not None and facts.resume.action == "stop":
            self._stopping.ask(NOT_RESUMED, within_s=LEAVES_S)
        if facts.limit is not None:
            self._stop_for(facts.limit.limit, facts.limit.then)

    def orders(self) -> None:
        """Take up what lies there."""
        for order in waiting(self._post.folder.orders):
            self._take(order)

    def limits(self, reached: Reached | None) -> None:
        """A limit that was passed is a fact once, and the end of the attempt unless the profile says otherwise.

        What a trainer left behind stands under the same limits, but its own end is no limit's any more.
        """
        if reached is None or self._limited:
            return
        self._limited = True
        then = self._post.job.limits.then
        facts = self._post.fold.facts().runner
        if facts.limit is None and facts.exit is None:
            fact = say.LimitReached(
                clock.wall(), reached.limit, round(reached.value, 6), reached.cap, then
            )
            self._post.ledger.tell(fact)
        self._stop_for(reached.limit, then)

    def rules(self, alarms: Iterable[Alarm], facts: AttemptFacts) -> None:
        """The consequences that the profile draws from alarms."""
        actions = self._post.job.alerts.get("actions") or {}
        done = [rule.alarm for rule in facts.runner.rules]
        for alarm, action in fired(alarms, actions, done):
            why, detail = f"rule {alarm.name}", alarm.detail
            if action == "save":
                refusal = self._save(why)
                detail += f"; not saved: {refusal}" if refusal else ""
            fact = say.RuleFired(clock.wall(), alarm.name, action, detail, alarm.step)
            self._post.ledger.tell(fact)
            if action in ENDS:
                self._stopping.ask(why)

    def resume(self, facts: AttemptFacts) -> None:
        """A resume is judged by its first rows, and ended when they refute it and the profile says so."""
        spec, before = self._post.job.proof, facts.runner.resume
        if spec is None or (before is not None and before.verdict != proof.WEAK):
            return
        found = proof.judge(spec, [Told(row.step, row.values) for row in facts.tally.first])
        if found is None or (before is not None and found.verdict == proof.WEAK):
            return
        ends = found.verdict == proof.REFUTED and spec.then == "stop"
        fact = say.ResumeJudged(
            t=clock.wall(),
            verdict=found.verdict,
            failed=found.failed,
            detail=found.detail,
            step=found.step,
            action="stop" if ends else None,
        )
        self._post.ledger.tell(fact)
        if ends:
            self._stopping.ask(NOT_RESUMED, within_s=LEAVES_S)

    def _stop_for(self, limit: str, then: str) -> None:
        if then != "notify":
            self._stopping.ask(f"limit {limit}")

    def _take(self, order: Order) -> None:
        facts = self._post.fold.facts().runner
        why = f"order {order.id}"
        if all(known.id != order.id for known in facts.orders):
            self._post.ledger.tell(
                say.Ordered(clock.wall(), order.id, order.kind or "unknown", order.by)
            )
        if all(known.why != why for known in facts.signals):
            refusal = self._do(order, why)
            if refusal is not None:
                self._post.ledger.tell(say.OrderRefused(clock.wall(), order.id, refusal))
        remove(order)

    def _do(self, order: Order, why: str) -> str | None:
        """Carry it out; why it cannot be."""
        kind = order.kind
        if kind == "stop":
            self._stopping.ask(why)
        elif kind == "kill":
            self._stopping.kill(why)
        elif kind == "save":
            return self._save(why)
        elif kind == "dialect" and order.dialect:
            self._reread(order.dialect)
        else:
            return "the file holds no order of the kinds stop, kill, save, dialect"
        return None

    def _save(self, why: str) -> str | None:
        number = self._post.job.save_signal
        if number is None:
            return SAVE
        if self._stopping.begun:
            return "it is being ended, which saves where it can"
        return None if self._stopping.save(number, why) else "nobody is left to save"
