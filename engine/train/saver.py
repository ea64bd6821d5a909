"""Saves that the training does not wait for: one thread, one checkpoint in flight, `saved` told when it is durable."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from engine.train.checkpoint import MANIFEST, Checkpoint, Snapshot, commit, hash_file, rotate
from engine.train.errors import SaveError

Tell = Callable[[Checkpoint, str, float], None]


class Saver:
    """Commits snapshots below `root`. A failed save is told and the training goes on; `failed` holds the reason."""

    def __init__(self, root: Path, keep: int, tell: Tell, complain: Callable[[str], None]) -> None:
        self.root, self.keep = root, keep
        self.failed: str | None = None
        self._tell, self._complain = tell, complain
        self._thread: threading.Thread | None = None

    def save(self, snapshot: Snapshot, background: bool) -> None:
        """The snapshot must own its tensors when it is written in the background."""
        self.wait()
        if not background:
            self._work(snapshot)
            return
        # not a daemon: an interpreter that ends waits for the commit
        self._thread = threading.Thread(target=self._work, args=(snapshot,), name="saver")
        self._thread.start()

    def wait(self) -> None:
        """Until nothing is in flight."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _work(self, snapshot: Snapshot) -> None:
        began = time.monotonic()
        try:
            done = commit(self.root, snapshot)
            rotate(self.root, self.keep)
        except (SaveError, OSError) as error:
            self.failed = str(error)
            self._complain(self.failed)
            return
        self.failed = None
        self._tell(done, hash_file(done.path / MANIFEST), time.monotonic() - began)
