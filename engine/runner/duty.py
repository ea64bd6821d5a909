"""One attempt from whatever is found to its end: start or adopt, watch, record."""

from __future__ import annotations

import os
import time
from typing import Mapping

from engine.events import runner as say
from engine.identity import Identity
from engine.runner import clock, epilogue, launch, records
from engine.runner.decide import Decision, decide
from engine.runner.herald import Herald
from engine.runner.launch import Lock
from engine.runner.post import Post
from engine.runner.reach import Reach
from engine.runner.records import Ending, Failure
from engine.runner.watch import Watch

WRITES_S = 60.0
"""How long a child may take to become the trainer, on a disk that hangs, until that is called a failure."""
UNLOCKS_S = 10.0
"""How long, beyond the grace, an earlier attempt's family may take to leave."""
ROUND_S = 0.1
CALM = 10
"""Added to the runner's niceness, after the trainer was started."""


class Stuck(Exception):
    """What has to come first does not come."""


class Duty:
    """Runs one attempt to its end. `release` lets the runner go and the trainer stay."""

    def __init__(self, post: Post, values: Mapping[str, str]) -> None:
        self._post, self._values = post, values
        self._lock = Lock(post.folder.lock)
        self._herald = Herald(post)
        self._watch: Watch | None = None
        self._ours = False
        self.released = False

    def release(self) -> None:
        """Called from a signal's handler."""
        if self._watch is not None:
            self._watch.asked = True
        else:
            self.released = True

    def run(self) -> None:
        """Until the end is recorded, or released."""
        decision = self._decision()
        if decision is Decision.START:
            decision = self._start()
        if decision is not None:
            self._follow(adopt=decision is Decision.ADOPT)

    def _decision(self) -> Decision | None:
        """What the evidence says once it says something definite; None when there is nothing left to do."""
        began = clock.steady()
        while not self.released:
            facts = self._post.fold.facts().runner
            said = facts.trainer is not None or facts.start_failed is not None
            found = launch.gather(self._post.folder, self._lock, said)
            decision = decide(found)
            waited = clock.steady() - began
            if decision is Decision.BLOCKED:
                if waited >= self._post.job.grace_s + UNLOCKS_S:
                    self._blocked()
                    return None
            elif decision is not Decision.WAIT:
                return decision
            elif found.pid_written:
                return Decision.LOSE  # unless its nurse still writes, for which the watch waits
            elif waited >= WRITES_S:
                raise Stuck("the trainer's start hangs; neither trainer.pid nor exit.json comes")
            time.sleep(ROUND_S)
        return None

    def _blocked(self) -> None:
        number = self._lock.attempt()
        earlier = os.path.join(self._post.folder.run, "attempts", str(number), "trainer.pid")
        leader = records.read_pid(earlier)
        left = Reach(leader, self._post.job.run).members() if leader else []
        pids = tuple(sorted(one.pid for one in left))
        if pids:
            self._post.ledger.tell(say.OrphansSeen(clock.wall(), pids))
        who = ", ".join(str(pid) for pid in pids) or "some process that holds trainer.lock"
        epilogue.start_failed(
            self._post, Failure(f"attempt {number} still has processes: {who}; end them first")
        )

    def _start(self) -> Decision | None:
        """Start the trainer and say so; the decision that follows."""
        missing = [name for name in self._post.job.secrets if name not in self._values]
        if missing:
            names = ", ".join(missing)
            failure: Failure | None = Failure(f"secrets without a value: {names}")
        else:
            env = launch.environment(os.environ, self._post.job, self._values, self._post.folder)
            failure = launch.start(self._post.folder, self._post.job, env, self._lock)
        if failure is not None:
            self._lock.drop()
            epilogue.start_failed(self._post, failure)
            self._herald.part()
            return None
        self._ours = True
        return self._decision()

    def _follow(self, adopt: bool) -> None:
        """See a trainer that was started to its end, which may lie behind."""
        self._lock.drop()
        os.nice(CALM)
        trainer = records.read_pid(self._post.folder.pid)
        ending = records.read_exit(self._post.folder.exit)
        if trainer is None and adopt:
            raise Stuck("trainer.pid cannot be read, so its process cannot be told from another")
        if trainer is None or (ending is not None and ending.failure is not None):
            self._record(ending or self._unstarted())
            return
        self._meet(trainer, adopt)
        watch = self._watch = Watch(self._post, trainer, self._herald)
        watch.asked = watch.asked or self.released
        self.released = False
        try:
            self._attend(watch)
        finally:
            self._watch = None
            self.released = self.released or watch.released or watch.asked
            watch.close()

    def _unstarted(self) -> Ending:
        """Nothing ran; an earlier runner may have said why."""
        failed = self._post.fold.facts().runner.start_failed
        return Ending(Failure("", failed.errno).code if failed else None, None)

    def _meet(self, trainer: Identity, adopt: bool) -> None:
        """Say who it is: started once, and adopted by each runner that found it living."""
        if adopt and not self._ours:
            self._post.ledger.tell(
                say.Adopted(clock.wall(), trainer.pid, trainer.start, trainer.boot)
            )
        elif self._post.fold.facts().runner.trainer is None:
            began = clock.began(trainer)
            self._post.ledger.tell(say.Started(began, trainer.pid, trainer.start, trainer.boot))

    def _attend(self, watch: Watch) -> None:
        ending = watch.until_ended()
        if ending is None:
            return
        watch.until_stopped()
        self._record(ending)
        watch.until_left(ended_badly=ending.code != 0 and not watch.foreign)

    def _record(self, ending: Ending) -> None:
        if ending.failure is not None:
            epilogue.start_failed(self._post, ending.failure)
        else:
            epilogue.exited(self._post, ending)
        self._herald.part()
