"""Who a process is: boot id + pid + start time. A pid alone is a number that the kernel gives away again.

Nothing is signalled here unless its identity was checked at that moment. Standard library, Python 3.8: the runner
carries it. Where there is no /proc the start time is unknown (0) and a living pid is taken at its word.
"""

from __future__ import annotations

import os
import signal as _signals
from dataclasses import dataclass
from typing import Iterator

from engine.identity import Identity

PROC = "/proc"


@dataclass(frozen=True)
class Stat:
    """The few fields of /proc/PID/stat that matter here."""

    pid: int
    state: str
    parent: int
    session: int
    start: int
    name: str = ""
    """The command's own name, at most 15 bytes of it; whoever runs it can choose it."""


def boot_id() -> str:
    """Changes with every boot; empty where the system has none."""
    try:
        with open(PROC + "/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        return ""


def stat(pid: int) -> Stat | None:
    """`None` when there is no such process. The command's name may hold spaces and brackets, so cut at the last one."""
    try:
        with open(f"{PROC}/{pid}/stat", "rb") as file:
            head, _, rest = file.read().rpartition(b")")
    except (OSError, ValueError):
        return None
    part = rest.split()
    if len(part) < 20:
        return None
    name = head.partition(b"(")[2].decode("utf-8", "replace")
    return Stat(pid, part[0].decode(), int(part[1]), int(part[3]), int(part[19]), name)


def identify(pid: int) -> Identity | None:
    """The identity of a process that exists now."""
    found = stat(pid)
    if found is not None:
        return Identity(pid, found.start, boot_id())
    if not visible() and _answers(pid):
        return Identity(pid, 0, boot_id())
    return None


def myself() -> Identity:
    """The identity of this process."""
    return identify(os.getpid()) or Identity(os.getpid(), 0, boot_id())


def alive(identity: Identity) -> bool:
    """The very process still runs; a zombie does not."""
    if identity.boot != boot_id():
        return False
    found = stat(identity.pid)
    if found is not None:
        return found.start == identity.start and found.state not in ("Z", "X")
    return identity.start == 0 and _answers(identity.pid)


def signal(identity: Identity, number: int) -> bool:
    """Signal this process and no other; False when it is gone."""
    try:
        handle = _handle(identity.pid)
    except ProcessLookupError:
        return False
    try:
        if not alive(identity):
            return False
        if handle is None:
            os.kill(identity.pid, number)
        else:
            _signals.pidfd_send_signal(handle, number)  # type: ignore[attr-defined,unused-ignore]
    except ProcessLookupError:
        return False
    finally:
        if handle is not None:
            os.close(handle)
    return True


def _handle(pid: int) -> int | None:
    """Holds on to the process behind a number, so that it cannot become another one between a look and a signal."""
    if not hasattr(os, "pidfd_open") or not hasattr(_signals, "pidfd_send_signal"):
        return None
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        raise
    except OSError:
        return None


def environment(pid: int) -> list[bytes]:
    """`NAME=value` as the process was started with; empty where that cannot be seen."""
    try:
        with open(f"{PROC}/{pid}/environ", "rb") as file:
            return file.read().split(b"\0")
    except OSError:
        return []


def session(leader: int) -> list[Stat]:
    """All processes of a session, zombies left out."""
    return [
        found for found in everything() if found.session == leader and found.state not in ("Z", "X")
    ]


def visible() -> bool:
    """There is a list of processes; without it only a known one can be looked at."""
    return os.path.isdir(PROC + "/self")


def everything() -> Iterator[Stat]:
    """All processes that can be seen."""
    try:
        names = os.listdir(PROC)
    except OSError:
        return
    for name in names:
        if name.isdigit():
            found = stat(int(name))
            if found is not None:
                yield found


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
