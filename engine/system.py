"""What differs between systems, in one place: locks, reading and writing at an offset, who one is, how many cores.

Each has an answer on Linux, macOS and Windows; nobody else asks which of them this is. Standard library, Python 3.8:
the runner carries it, though it runs on Linux and macOS alone.
"""

from __future__ import annotations

import errno
import os
import signal
import sys

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

RAW = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
"""For every `os.open`: bytes as they are, and no child inherits it."""
NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
NONBLOCK: int = getattr(os, "O_NONBLOCK", 0)
FARTHEST = 1 << 40
"""Where Windows locks: its locks keep others from reading what they cover, so it is a byte that no file has."""


def lock(fd: int) -> bool:
    """This file is ours while it is open; False when it is another's."""
    try:
        if fcntl is not None:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            _lock_far(fd)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            return False
        raise
    return True


def _lock_far(fd: int) -> None:
    import msvcrt

    here = os.lseek(fd, 0, os.SEEK_CUR)
    os.lseek(fd, FARTHEST, os.SEEK_SET)
    try:
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    finally:
        os.lseek(fd, here, os.SEEK_SET)


def clone(target: int, source: int) -> bool:
    """One file's bytes shared with another, where the file system has that; False where not."""
    if fcntl is None:
        return False
    try:
        fcntl.ioctl(target, 0x40049409, source)  # FICLONE
    except OSError:
        return False
    return True


def read_at(fd: int, count: int, offset: int) -> bytes:
    """As `os.pread`. Without it the descriptor's own place moves, so one thread at a time reads it."""
    if hasattr(os, "pread"):
        return os.pread(fd, count, offset)
    os.lseek(fd, offset, os.SEEK_SET)
    return os.read(fd, count)


def write_at(fd: int, data: bytes, offset: int) -> int:
    """As `os.pwrite`."""
    if hasattr(os, "pwrite"):
        return os.pwrite(fd, data, offset)
    os.lseek(fd, offset, os.SEEK_SET)
    return os.write(fd, data)


def sync_folder(path: str | os.PathLike[str]) -> None:
    """Makes a rename in this folder durable; Windows knows no folder as a file, and does so by itself."""
    if os.name == "nt":
        return
    fd = os.open(path, os.O_RDONLY | RAW)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def cores() -> int:
    """Those that this process may use, where the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def is_root() -> bool:
    """Whether rights on files hold us back."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def user() -> int | None:
    """The number of this user; None where users have none."""
    return os.geteuid() if hasattr(os, "geteuid") else None


def end_group(pid: int) -> None:
    """A process that leads a group of its own, at once and with all it started. One that is gone is no error."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return


def trains_here() -> bool:
    """Whether a runner can start a trainer on this system: it forks."""
    return sys.platform != "win32" and hasattr(os, "fork")
