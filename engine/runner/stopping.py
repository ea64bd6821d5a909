"""Stopping a trainer: TERM, time to save, KILL. The only place from which a signal goes out.

What was begun by a runner that was killed is taken up from its `signalled` facts and finished.
"""

from __future__ import annotations

import signal
from typing import Sequence

from engine.events import runner as say
from engine.runner import clock
from engine.runner.ledger import Ledger
from engine.runner.reach import Reach


class Stopping:
    """At most one goes on; asking again changes nothing, but a kill cuts the grace short."""

    def __init__(self, reach: Reach, ledger: Ledger, grace_s: float) -> None:
        self._reach = reach
        self._ledger = ledger
        self._grace_s = grace_s
        self._kill_at: float | None = None
        self._why = ""
        self._killed = False

    @property
    def begun(self) -> bool:
        return self._kill_at is not None

    def take_up(self, signals: Sequence[say.Signalled]) -> None:
        """Go on with what an earlier runner began. Its clock may have been set since: the grace is never longer."""
        for known in signals:
            if known.signal in ("SIGTERM", "SIGKILL") and self._kill_at is None:
                spent = max(0.0, clock.wall() - known.t) if known.t is not None else 0.0
                left = 0.0 if known.signal == "SIGKILL" else max(0.0, self._grace_s - spent)
                self._why, self._kill_at = known.why, clock.steady() + left
                self._killed = known.signal == "SIGKILL"

    def ask(self, why: str, within_s: float | None = None) -> None:
        """Politely, with time to save; `within_s` cuts the grace short."""
        if self.begun:
            return
        grace_s = self._grace_s if within_s is None else min(self._grace_s, within_s)
        self._why, self._kill_at = why, clock.steady() + grace_s
        self._send(signal.SIGTERM, why, heads_only=True)
        self._reach.wake()

    def kill(self, why: str) -> None:
        """Now."""
        if not self._killed:
            self._why, self._kill_at = why, clock.steady()
        self.tick()

    def save(self, number: int, why: str) -> bool:
        """Ask for a checkpoint; False when nobody was there to be asked."""
        return self._send(number, why, heads_only=True)

    def tick(self) -> None:
        """Once the grace is over, kill whoever is left, again and again, for a family may grow meanwhile."""
        if self._kill_at is None or clock.steady() < self._kill_at:
            return
        if not self._killed:
            self._killed = self._send(signal.SIGKILL, self._why)
        else:
            self._reach.send(signal.SIGKILL)

    def over(self) -> bool:
        """Nobody is left."""
        return not self._reach.members()

    def _send(self, number: int, why: str, heads_only: bool = False) -> bool:
        if not self._reach.send(number, heads_only):
            return False
        self._ledger.tell(say.Signalled(clock.wall(), signal.Signals(number).name, why))
        return True
