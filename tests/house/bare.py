"""A Python that has no more than another system's: what only Linux, or only Linux and macOS, offer is taken away.

Others' packages are loaded before, since they have their own ways there. `python -m tests.house.bare SYSTEM STATEMENT`.
"""

from __future__ import annotations

import asyncio  # noqa: F401
import getpass  # noqa: F401
import multiprocessing.util  # noqa: F401
import os
import shutil  # noqa: F401
import signal
import ssl  # noqa: F401
import subprocess  # noqa: F401
import sys
import tempfile  # noqa: F401
import uuid  # noqa: F401
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

MODULES = {"fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"}
CALLS = """O_CLOEXEC O_DIRECTORY O_NOFOLLOW O_NONBLOCK fork getegid geteuid getgid getloadavg getpgid getsid getuid
    killpg mkfifo nice pread preadv pwrite pwritev sched_getaffinity setsid sysconf uname wait4 waitid""".split()
SIGNALS = "SIGALRM SIGCHLD SIGCONT SIGHUP SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGUSR1 SIGUSR2 SIGWINCH".split()
LINUX = ["sched_getaffinity"]
"""What macOS lacks of the calls; it has no /proc either."""


class Refusing(MetaPathFinder):
    """Modules that the other system has not."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name in MODULES:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
        return None


def become(system: str, proc: str = "/nowhere") -> None:
    """From here on this process is a Python of that system, as far as it can be simulated."""
    import ctypes  # noqa: F401

    import numpy  # noqa: F401
    import paramiko  # noqa: F401
    import textual.app
    import textual.drivers.linux_driver  # noqa: F401

    if system == "windows":
        for name in MODULES:
            sys.modules.pop(name, None)
        sys.meta_path.insert(0, Refusing())
        for name in SIGNALS:
            delattr(signal, name)
    for name in CALLS if system == "windows" else LINUX:
        if hasattr(os, name):
            delattr(os, name)
    from engine import procs

    procs.PROC = proc


def main() -> None:
    system, statement = sys.argv[1:]
    assert not [name for name in sys.modules if name.startswith(("engine", "cockpit"))]
    become(system)
    exec(statement, {"Path": Path})


if __name__ == "__main__":
    main()
