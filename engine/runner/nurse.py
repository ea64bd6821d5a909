"""The nurse: a fork that does nothing but wait for the trainer and write down how it ended.

The runner can be killed and started again, so it is no good parent; the nurse holds no state, needs no file of the
program any more and ignores polite signals. It keeps `trainer.lock` open, as the trainer and its children do: the
lock is free only when all of them are gone and the end is written.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import time
from typing import NoReturn

from engine.runner import records
from engine.runner.become import Command, become
from engine.runner.cgroup import Groups
from engine.runner.folder import Folder
from engine.runner.records import Ending, Failure

RETRY_S = 1.0
POLITE = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT)


def nurse(command: Command) -> NoReturn:
    """The whole life of the fork; never returns."""
    try:
        _settle(command)
        _tend(command)
    except Exception:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(0)


def _settle(command: Command) -> None:
    """Nothing of the runner's stays open here, least of all its journal, whose lock would outlive it."""
    os.setsid()
    for number in POLITE:
        signal.signal(number, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    _close_all_but({0, 1, 2, command.lock, command.ready})
    os.chdir("/")


def _close_all_but(kept: set[int]) -> None:
    for fd in sorted(int(name) for name in os.listdir("/dev/fd")):
        if fd not in kept:
            try:
                os.close(fd)
            except OSError as error:
                if error.errno != errno.EBADF:
                    raise


def _tend(command: Command) -> None:
    try:
        room = records.make_room(command.folder.exit)
    except OSError as error:
        _report(command, Failure(f"no room for the exit record: {error.strerror}", error.errno))
        return
    groups, began = Groups(), time.monotonic()
    before = groups.oom_kills()
    failed_r, failed_w = os.pipe()
    try:
        pid = os.fork()
    except OSError as error:
        refused = Failure(f"cannot start a process: {error.strerror}", error.errno)
        _write(command.folder, room, Ending(refused.code, None, time.time(), failure=refused))
        _report(command, refused)
        return
    if pid == 0:
        become(command, failed_w)
    os.close(failed_w)
    failure = _failure(failed_r)
    if failure is None:
        os.close(command.ready)
    _, status = os.waitpid(pid, 0)
    after, duration_s = groups.oom_kills(), time.monotonic() - began
    killed = before is not None and after is not None and after > before
    ending = _ending(status, killed, duration_s, failure)
    _write(command.folder, room, ending)
    if failure is not None:
        _report(command, failure)


def _failure(fd: int) -> Failure | None:
    """What the child says before it becomes the trainer; nothing once it has, or was killed before."""
    with os.fdopen(fd, "rb") as pipe:
        number, _, reason = pipe.read().decode("utf-8", "replace").partition(" ")
    return Failure(reason, int(number) or None) if reason else None


def _report(command: Command, failure: Failure) -> None:
    """Last of all, so that a runner that hears it finds the exit record."""
    try:
        os.write(command.ready, f"{failure.errno or 0} {failure.reason}".encode())
    except OSError:
        pass  # no runner is left; the record says it too


def _ending(status: int, oom_killed: bool, duration_s: float, failure: Failure | None) -> Ending:
    """`oom_killed`: the kernel killed for memory in our group meanwhile, the trainer only if it died of that signal."""
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
    killed = number == signal.SIGKILL or code == 128 + signal.SIGKILL
    return Ending(code, number, time.time(), killed and oom_killed, round(duration_s, 3), failure)


def _write(folder: Folder, room: int, ending: Ending) -> None:
    """Until it is on disk: the lock is held so long, and nobody takes the trainer for lost."""
    while True:
        try:
            records.write_exit(folder.exit, room, ending)
            return
        except OSError as error:
            if error.errno == errno.ENOENT:
                return  # the run's folder was removed
            time.sleep(RETRY_S)
