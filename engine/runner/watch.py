"""The loop beside a living trainer: beats, the time index, rules, limits and orders, until the trainer has ended.

One thread and no waiting on anything: each round looks at what changed and sleeps. Only the steady clock decides.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

from engine import journal, procs
from engine.alarms import Case, Thresholds, judge
from engine.events import Row, Segment, encode
from engine.events import runner as say
from engine.events.wire import interpret
from engine.identity import Identity
from engine.runner import clock, foreign, limits, notice, records
from engine.runner.files import Files
from engine.runner.herald import Herald
from engine.runner.leaving import Leaving
from engine.runner.obey import Obey
from engine.runner.post import Post
from engine.runner.pulse import TICK_S, Pulse
from engine.runner.reach import Reach
from engine.runner.reading import Note, Reading, Sizes
from engine.runner.records import Ending
from engine.runner.stopping import Stopping

FAST_S, CALM_S, QUIET_S = 0.1, 0.25, 0.5
"""How long a round sleeps: while files grow, between two growths, and when nothing came for a minute."""
LOOK_S = 1.0
"""Between two looks at the process, the limits and the rules."""
FAMILY_S = 30.0
"""Between two looks at who belongs to the trainer: workers with sessions of their own are known only while it lives."""
SETTLE_S = 2.0
"""Workers end a little later than their trainer, and its nurse a little later still."""


class Watch:
    """`until_ended` is the trainer's life, `until_left` what its family does after it."""

    def __init__(self, post: Post, trainer: Identity, herald: Herald) -> None:
        self._post, self._trainer, self._herald = post, trainer, herald
        self._nurse = records.read_nurse(post.folder.pid)
        self._met = clock.steady()
        self.foreign, log = foreign.read(post.folder.foreign)
        self._copier = foreign.Copier(log, post.folder.console)
        self._reading = Reading(post.fold, post.folder.trainer, post.folder.console)
        self._files = Files(post.job.files, post.job.cwd, post.folder.files, post.job.lens)
        self._reach = Reach(trainer, post.job.run)
        self._stopping = Stopping(self._reach, post.ledger, post.job.grace_s)
        self._obey = Obey(post, self._stopping, self._reread)
        self._leaving = Leaving(post, self._stopping)
        self._thresholds = Thresholds.of(post.job.alerts)
        self._pulse = Pulse(post.job.pulse_s, (post.folder.path, post.job.cwd))
        self._pulse.follow(trainer.pid)
        self._sizes = Sizes(0, 0)
        self._grew_at = self._busy_at = self._met
        self._beat_at = self._look_at = self._met
        self._family_at = self._met + LOOK_S
        self._gone_at: float | None = None
        self._alive = True
        self.asked = False
        """A signal asked this runner to go."""
        self.released = False
        """It goes; the trainer stays."""

    def until_ended(self) -> Ending | None:
        """How the trainer ended; None when the runner was asked to go before."""
        self._obey.take_up()
        self._leaving.take_up()
        while not self.released:
            ending = self._round()
            if ending is not None:
                self._finish()
                return ending
            self._sleep()
        return None

    def until_left(self, ended_badly: bool) -> None:
        """Whoever outlives the trainer: ended when it failed or was stopped, else watched under the same limits."""
        self._alive = False
        left = self._settle()
        if left and not self._stopping.begun:
            self._post.ledger.tell(say.OrphansSeen(clock.wall(), tuple(left)))
            if ended_badly:
                self._stopping.ask("left behind by a trainer that failed")
        while not self.released and not self._stopping.over():
            self._round()
            time.sleep(FAST_S if self._stopping.begun else LOOK_S)

    def until_stopped(self) -> None:
        """The rest of a stop that was begun: somebody else of the family may still be saving."""
        while self._stopping.begun and not self.released and not self._stopping.over():
            self._round()
            time.sleep(FAST_S)

    def _round(self) -> Ending | None:
        now = clock.steady()
        self._index(now)
        self._feel(now)
        self._go()
        self._leaving.tick()
        self._obey.orders()
        self._stopping.tick()
        if now >= self._look_at:
            self._look_at = now + LOOK_S
            self._look(now)
        if now >= self._beat_at:
            self._beat_at = max(self._beat_at + self._post.job.beat_s, now)
            self._beat()
        return self._ended(now)

    def _go(self) -> None:
        """A system that goes down asks everybody to go; then the trainer's end is what there is to stay for."""
        if self.asked:
            self.asked = False
            if notice.going_down():
                self._leaving.shutdown()
            else:
                self.released = True

    def _index(self, now: float) -> None:
        """Note the sizes before reading: what is dated must have been there."""
        self._copier.copy()
        sizes = self._reading.sizes()
        if sizes != self._sizes:
            self._sizes, self._grew_at = sizes, now
            self._post.ledger.mention(say.Grew(clock.wall(), sizes.console, sizes.trainer))
        self._note(self._reading.read(sizes))
        self._filed(self._files.look(now))

    def _feel(self, now: float) -> None:
        """What the machine tells. A GPU that works is no idle one, whatever is printed."""
        for reading in self._pulse.tick():
            event = interpret(reading.as_event(), Segment.RUNNER)
            if isinstance(event, (say.GpusFound, say.Pulsed)):
                self._post.ledger.mention(event)
            if isinstance(event, say.Pulsed) and limits.busy(event):
                self._busy_at = now

    def _reread(self, dialect: str) -> None:
        """Somebody chose how the console is to be read; the runner after this one must know it, too."""
        with suppress(OSError):
            journal.replace(self._post.folder.dialect, dialect.encode())
        self._post.fold.look(self._post.job.lens.chosen(dialect))
        self._reading.reread()

    def _filed(self, rows: list[Row]) -> None:
        for row in rows:
            self._post.fold.feed("files", encode(row))

    def _note(self, notes: list[Note]) -> None:
        for note in notes:
            name = "trainer.jsonl" if note.file == "trainer" else "console.log"
            if note.reset is not None:
                self._post.ledger.tell(say.LogReset(clock.wall(), name, note.reset))
            if note.skipped:
                self._post.ledger.tell(say.ReadSkipped(clock.wall(), name, note.skipped))

    def _look(self, now: float) -> None:
        self._reap()
        self._alive = self._alive and procs.alive(self._trainer)
        self._post.ledger.flush()
        up_s = self._post.job.agreed.before_s + clock.up_s(self._trainer, self._met)
        self._obey.limits(
            limits.reached(self._post.job.limits, up_s, now - max(self._grew_at, self._busy_at))
        )
        if self._alive and now >= self._family_at:
            self._family_at = now + FAMILY_S
            self._reach.members()
        self._herald.tick()
        watched = self._post.job.alerts.get("actions") or self._post.job.proof
        if self._alive and (watched or self._herald.listens):
            self._judge()

    def _judge(self) -> None:
        """The rules over what is known now: what the profile lets follow, then who is told."""
        case = Case(self._post.fold.facts(), self._thresholds, clock.wall(), self._post.job.agreed)
        found = judge(case.facts, case.limits, case.now, case.agreed)
        self._obey.resume(case.facts)
        self._obey.rules(found, case.facts)
        self._herald.hear(found, case)

    def _beat(self) -> None:
        up_s = round(clock.up_s(self._trainer, self._met), 3)
        self._post.ledger.mention(say.Beat(clock.wall(), up_s, self._alive))
        self._note(self._reading.skipped())

    def _ended(self, now: float) -> Ending | None:
        if os.path.exists(self._post.folder.exit):
            return self._told()
        if self._alive:
            return None
        if self._nurse is not None:
            if procs.alive(self._nurse):
                return None
            # It wrote the record before it ended, or nobody ever will: no reason to wait, for this runner may be
            # killed as well.
            return self._told()
        self._gone_at = self._gone_at or now
        return self._told() if now - self._gone_at >= SETTLE_S else None

    def _told(self) -> Ending:
        """What the nurse wrote down; where it did not, nobody knows."""
        return records.read_exit(self._post.folder.exit) or Ending(None, None)

    def _finish(self) -> None:
        """What the trainer wrote last."""
        self._reap()
        self._alive = False
        self._index(clock.steady())
        self._note(self._reading.finish())
        self._filed(self._files.last())
        self._obey.resume(self._post.fold.facts())

    def _settle(self) -> list[int]:
        """Who of the family is left once it had time to end."""
        until = clock.steady() + SETTLE_S
        left = self._reach.members()
        while left and clock.steady() < until:
            time.sleep(FAST_S)
            left = self._reach.members()
        return sorted(one.pid for one in left)

    def _sleep(self) -> None:
        quiet = clock.steady() - self._grew_at
        pause = min(max(FAST_S, quiet), CALM_S) if quiet < 60.0 else QUIET_S
        if self._stopping.begun:
            pause = FAST_S
        time.sleep(min(pause, max(self._pulse.wait_s(), TICK_S)))

    def _reap(self) -> None:
        """A nurse of our own that is done must not stay a zombie."""
        if self._nurse is not None:
            with suppress(ChildProcessError):
                os.waitpid(self._nurse.pid, os.WNOHANG)

    def close(self) -> None:
        self._pulse.close()
        self._files.close()
        self._leaving.close()
