"""A thread that delivers what lies in the box, and tries again later while there is no way. It writes no journal.

Outcomes wait for whoever asks: only the thread that owns a segment writes to it.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import Mapping, NamedTuple, Sequence

from engine.notify.channels import Outcome, deliver
from engine.notify.outbox import Letter, Outbox

FIRST_S, LONGEST_S = 5.0, 300.0
"""Before the second try, and between later ones at most."""
GIVE_UP_S = 24 * 3600.0


class Delivery(NamedTuple):
    """A letter that is done with: it was sent, or it never will be."""

    letter: Letter
    outcome: Outcome
    tries: int


class Courier:
    """`wake` when there is something new; `done` gives what came of it."""

    def __init__(
        self,
        outbox: Outbox,
        keys: Mapping[str, str],
        command: Sequence[str] = (),
        first_s: float = FIRST_S,
    ) -> None:
        self._outbox, self._keys, self._command = outbox, dict(keys), tuple(command)
        self._first_s = first_s
        self._done: queue.SimpleQueue[Delivery] = queue.SimpleQueue()
        self._wake, self._closing = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._tries: dict[str, int] = {}
        self._due: dict[str, float] = {}
        self._met: dict[str, float] = {}

    def wake(self) -> None:
        """Look into the box now. The thread begins with the first letter."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="courier", daemon=True)
            self._thread.start()
        self._wake.set()

    def done(self) -> list[Delivery]:
        """What was settled since this was last asked; the box has forgotten it when this has been written down."""
        found = []
        while not self._done.empty():
            found.append(self._done.get())
        return found

    def settle(self, delivery: Delivery) -> None:
        """It is on record, so it need not be delivered again."""
        self._outbox.remove(delivery.letter)

    def close(self) -> None:
        """No further try begins."""
        self._closing.set()
        self._wake.set()

    def _work(self) -> None:
        while not self._closing.is_set():
            self._wake.clear()
            now = time.monotonic()
            for letter in self._outbox.waiting():
                if self._closing.is_set():
                    return
                if self._due.setdefault(letter.id, now) <= now:
                    self._try(letter)
            open_ = [due for due in self._due.values() if due < float("inf")]
            self._wake.wait(max(min(open_, default=now + LONGEST_S) - time.monotonic(), 0.05))

    def _try(self, letter: Letter) -> None:
        begun = self._met.setdefault(letter.id, time.monotonic())
        outcome = deliver(letter, self._keys, self._command)
        tries = self._tries[letter.id] = self._tries.get(letter.id, 0) + 1
        if outcome.again and time.monotonic() - begun < GIVE_UP_S:
            pause = min(self._first_s * 2.0 ** (tries - 1), LONGEST_S)
            self._due[letter.id] = time.monotonic() + pause
            return
        self._due[letter.id] = float("inf")
        self._done.put(Delivery(letter, outcome, tries))
