"""What is asked of the runner becomes deeds: orders of people, limits and rules of the profile.

Each is a fact before it is done, and done once for all runners of an attempt: the facts say what was done already.
"""

from __future__ import annotations

from typing import Iterable

from engine.alarms import Alarm
from engine.events import runner as say
from engine.runner import clock
from engine.runner.ending import Ending
from engine.runner.limits import ENDS, Reached, fired
from engine.runner.orders import Order, Orders, remove
from engine.runner.post import Post
from engine.scalars import AttemptFacts

SAVE = "this trainer is not known to save on a signal, and a signal it does not expect would end it"


class Obey:
    """Orders, limits and rules of one attempt."""

    def __init__(self, post: Post, end: Ending) -> None:
        self._post, self._end = post, end
        self._orders = Orders(post.folder.orders)
        self._limited = False

    def take_up(self) -> None:
        """Go on with what an earlier runner began, or said and did not live to begin."""
        facts = self._post.fold.facts().runner
        self._end.take_up(facts.signals)
        for rule in facts.rules:
            if rule.action in ENDS:
                self._end.ask(f"rule {rule.alarm}")
        if facts.limit is not None:
            self._end_for(facts.limit.limit, facts.limit.then)

    def orders(self) -> None:
        """Take up what lies there."""
        for order in self._orders.waiting():
            self._take(order)
            self._orders.again()

    def limits(self, reached: Reached | None) -> None:
        """A limit that was passed is a fact once, and the end of the attempt unless the profile says otherwise."""
        if reached is None or self._limited:
            return
        self._limited = True
        then = self._post.job.limits.then
        if self._post.fold.facts().runner.limit is None:
            fact = say.LimitReached(
                clock.wall(), reached.limit, round(reached.value, 6), reached.cap, then
            )
            self._post.ledger.tell(fact)
        self._end_for(reached.limit, then)

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
                self._end.ask(why)

    def _end_for(self, limit: str, then: str) -> None:
        if then != "notify":
            self._end.ask(f"limit {limit}")

    def _take(self, order: Order) -> None:
        facts = self._post.fold.facts().runner
        why = f"order {order.id}"
        if all(known.id != order.id for known in facts.orders):
            self._post.ledger.tell(
                say.Ordered(clock.wall(), order.id, order.kind or "unknown", order.by)
            )
        if all(known.why != why for known in facts.signals):
            refusal = self._do(order.kind, why)
            if refusal is not None:
                self._post.ledger.tell(say.OrderRefused(clock.wall(), order.id, refusal))
        remove(order)

    def _do(self, kind: str | None, why: str) -> str | None:
        """Carry it out; why it cannot be."""
        if kind == "stop":
            self._end.ask(why)
        elif kind == "kill":
            self._end.kill(why)
        elif kind == "save":
            return self._save(why)
        else:
            return "the file holds no order of the kinds stop, kill, save"
        return None

    def _save(self, why: str) -> str | None:
        number = self._post.job.save_signal
        if number is None:
            return SAVE
        if self._end.begun:
            return "it is being ended, which saves where it can"
        return None if self._end.save(number, why) else "nobody is left to save"
