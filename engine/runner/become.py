"""The child between fork and exec: it makes itself the trainer, or says why it cannot.

The order matters. Output goes to the console file first, so that everything after it can be seen there; the identity
is durable before the command runs, so that a trainer without a `trainer.pid` cannot exist.
"""

from __future__ import annotations

import errno
import os
import signal
from dataclasses import dataclass
from typing import Mapping, NoReturn

from engine import procs
from engine.runner import records
from engine.runner.folder import Folder

HARDER = 200
"""Added to the trainer's OOM score, so that the kernel takes it before its runner and its nurse."""

_RESTORED = ("SIGHUP", "SIGINT", "SIGTERM", "SIGQUIT", "SIGPIPE", "SIGXFSZ", "SIGUSR1", "SIGUSR2")


@dataclass(frozen=True)
class Command:
    """What the trainer is, and the descriptors that come with it. `lock` is inherited, `ready` tells the runner."""

    folder: Folder
    argv: tuple[str, ...]
    cwd: str
    env: Mapping[str, str]
    lock: int
    ready: int


class _Refused(Exception):
    """A step failed; the message is for the user."""

    def __init__(self, what: str, error: OSError) -> None:
        super().__init__(what)
        self.number = error.errno or 0


def become(command: Command, failed: int) -> NoReturn:
    """Exec the trainer in this process. Only returns as an exit of 126 or 127."""
    number, reason = 0, "stopped before it began"
    try:
        _prepare(command)
        _exec(command)
    except _Refused as refused:
        number, reason = refused.number, str(refused)
        _say(reason)
    except Exception as error:
        reason = repr(error)
        _say(reason)
    finally:
        os.write(failed, f"{number} {reason}".encode())
        os._exit(records.Failure(reason, number).code)


def _prepare(command: Command) -> None:
    os.setsid()
    _console(command.folder.console)
    for name in _RESTORED:
        # Python ignores some and the nurse others, and what is ignored stays so through exec.
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    _offer_to_the_kernel()
    try:
        records.write_pid(command.folder.pid, procs.myself(), procs.identify(os.getppid()))
    except OSError as error:
        raise _Refused(f"cannot write {command.folder.pid}: {error.strerror}", error) from None
    try:
        os.chdir(command.cwd)
    except OSError as error:
        raise _Refused(f"working folder {command.cwd}: {error.strerror}", error) from None
    os.set_inheritable(command.lock, True)


def _console(path: str) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    try:
        console = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError as error:
        raise _Refused(f"cannot write {path}: {error.strerror}", error) from None
    os.dup2(console, 1)
    os.dup2(console, 2)


def _offer_to_the_kernel() -> None:
    """Raising one's own score is always allowed."""
    try:
        with open("/proc/self/oom_score_adj", "r+") as file:
            score = min(1000, int(file.read()) + HARDER)
            file.seek(0)
            file.write(str(score))
    except (OSError, ValueError):
        return


def _exec(command: Command) -> None:
    name = command.argv[0]
    try:
        os.execvpe(name, command.argv, dict(command.env))
    except OSError as error:
        raise _Refused(_why(name, error), error) from None


def _why(name: str, error: OSError) -> str:
    what = f"cannot execute {name}: {error.strerror}"
    if error.errno == errno.ENOENT and os.sep in name and os.path.exists(name):
        return what + " (the file is there; the interpreter in its first line is not)"
    if error.errno == errno.ENOENT:
        return what + " (looked in the working folder and PATH of the job)"
    if error.errno == errno.ENOEXEC:
        return what + " (its first line should name an interpreter: #!/bin/sh)"
    if error.errno == errno.EACCES and os.path.isdir(name):
        return what + " (it is a folder)"
    if error.errno == errno.EACCES:
        return what + " (chmod +x makes a file executable)"
    return what


def _say(reason: str) -> None:
    """Where the user looks first. The console may be what is missing."""
    try:
        os.write(2, f"cockpit: {reason}\n".encode("utf-8", "backslashreplace"))
    except OSError:
        pass
