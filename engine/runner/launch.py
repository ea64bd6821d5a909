"""From a decision to a trainer: gather the evidence, hold the lock, fork the nurse."""

from __future__ import annotations

import os
import pkgutil
import select
from typing import Mapping

from engine import journal, procs, system
from engine.runner import records
from engine.runner.become import Command
from engine.runner.decide import Evidence
from engine.runner.folder import PRIVATE, Folder
from engine.runner.job import Job
from engine.runner.nurse import nurse
from engine.runner.records import Failure

START_S = 30.0
"""How long an exec may hang, on a network disk for example, before the start is looked for instead of waited for."""
KEPT = "COCKPIT_HOME"


class Lock:
    """`trainer.lock`: held by a trainer's whole family through the descriptor they inherit, never given back by hand.

    Its content is the number of the attempt whose family holds it.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self.fd = -1

    def take(self) -> bool:
        """True while it is in our hands."""
        if self.fd >= 0:
            return True
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
        try:
            free = system.lock(fd)
        except OSError:
            os.close(fd)
            raise
        if not free:
            os.close(fd)
            return False
        self.fd = fd
        return True

    def name(self, attempt: int) -> None:
        """Say whose family will hold it."""
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, b"%d\n" % attempt, 0)

    def attempt(self) -> int | None:
        """Whose family holds it, or held it last."""
        try:
            with open(self._path, "rb") as file:
                found = file.read(32).strip()
        except OSError:
            return None
        return int(found) if found.isdigit() else None

    def drop(self) -> None:
        """Close our copy; the family's copies hold it on."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def gather(folder: Folder, lock: Lock, said: bool) -> Evidence:
    """The evidence now. The lock is looked at first: what its last holder wrote before letting go is then seen."""
    free = lock.take()
    identity = records.read_pid(folder.pid)
    return Evidence(
        lock_free=free,
        lock_ours=lock.attempt() == folder.number,
        pid_written=os.path.exists(folder.pid),
        alive=identity is not None and procs.alive(identity),
        ended=os.path.exists(folder.exit),
        said=said,
    )


def start(folder: Folder, job: Job, env: Mapping[str, str], lock: Lock) -> Failure | None:
    """Start the trainer under a nurse; returns once it runs, or why it does not. The lock must be in our hands."""
    try:
        lock.name(folder.number)
    except OSError as error:
        return Failure(f"cannot write {folder.lock}: {error.strerror}", error.errno)
    ready_r, ready_w = os.pipe()
    try:
        pid = os.fork()
    except OSError as error:
        return Failure(f"cannot start a process: {error.strerror}", error.errno)
    if pid == 0:
        os.close(ready_r)
        nurse(Command(folder, job.argv, job.cwd, env, lock.fd, ready_w))
    os.close(ready_w)
    lock.drop()
    return _heard(ready_r)


def _heard(fd: int) -> Failure | None:
    """What the nurse says until it closes its end, which it does once the trainer runs."""
    said = b""
    try:
        while select.select([fd], [], [], START_S)[0]:
            piece = os.read(fd, 4096)
            if not piece:
                break
            said += piece
    finally:
        os.close(fd)
    number, _, reason = said.decode("utf-8", "replace").partition(" ")
    return Failure(reason, int(number) or None) if reason else None


def lay_hook(folder: str) -> bool:
    """Put the hook where the script's Python finds it. Without it the console is all there is, which is no failure."""
    try:
        data = pkgutil.get_data("engine.runner", "hook/sitecustomize.py")
        os.makedirs(folder, mode=0o700, exist_ok=True)
        if data is None:
            return False
        journal.replace(os.path.join(folder, "sitecustomize.py"), data)
    except OSError:
        return False
    return True


def environment(
    base: Mapping[str, str], job: Job, secrets: Mapping[str, str], folder: Folder
) -> dict[str, str]:
    """The trainer's: the runner's own without what is internal, the job's, the secrets, and where to write events."""
    kept = {k: v for k, v in base.items() if not k.startswith("COCKPIT_") or k == KEPT}
    kept["PYTHONUNBUFFERED"] = "1"
    kept.update(job.env)
    if job.bin:
        kept["PATH"] = os.pathsep.join(filter(None, (job.bin, kept.get("PATH", os.defpath))))
        kept["VIRTUAL_ENV"] = os.path.dirname(job.bin)
    kept.update(secrets)
    if job.hook and lay_hook(folder.hook):
        kept["PYTHONPATH"] = os.pathsep.join(filter(None, (folder.hook, kept.get("PYTHONPATH"))))
    kept["COCKPIT_EVENTS"] = folder.trainer
    kept["COCKPIT_RUN"] = job.run
    kept["COCKPIT_ATTEMPT"] = str(job.attempt)
    return kept
