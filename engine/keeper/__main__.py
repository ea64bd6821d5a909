"""`python -m engine.keeper RUN-FOLDER`: keep one run. A second keeper of a run ends at once.

`--for HOST` begins before there is a run: it gets through to the host and reads the run's folder from standard input.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from engine import control, journal
from engine.errors import Problem
from engine.events import keeper as say
from engine.machines.machine import Line
from engine.runs import PRIVATE_FILE, Run

FAILED = 70
"""The exit status of a keeper that met a bug: EX_SOFTWARE."""


def main(argv: list[str]) -> int:
    # A closing terminal or an interrupted shell must not end the keeping.
    for name in ("SIGHUP", "SIGINT"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    early = _early(argv[2]) if argv[1] == "--for" else None
    folder = os.fsdecode(sys.stdin.buffer.readline().rstrip(b"\n")) if early else argv[1]
    if not folder:
        return 0
    run = Run(Path(folder))
    if early is not None:
        _say_into(run.keeper_errors)
    while True:
        try:
            writer = journal.Writer(run.keeper)
        except journal.Held:
            return 0
        try:
            status = _keep(run, writer, early)
            early = None
        finally:
            writer.close()
        # A request that came between the last look and the release would otherwise wait for the next verb.
        if status or not control.requests(run):
            return status


def _early(name: str) -> Line:
    """On its way to the host while the rest of the program is loaded."""
    from engine.hosts import find
    from engine.machines.wire import Wire

    wire = Wire(find(name), lambda news: None, lambda beat: None)
    wire.start()
    import engine.keeper.keeper  # noqa: F401

    return wire


def _say_into(path: Path) -> None:
    errors = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE_FILE)
    for stream in (1, 2):
        os.dup2(errors, stream)
    os.close(errors)


def _keep(run: Run, writer: journal.Writer, early: Line | None) -> int:
    from engine.keeper.keeper import Keeper

    try:
        Keeper(run, writer, early).keep()
    except (Problem, OSError) as error:
        return _failed(writer, str(error))
    except Exception as error:
        return _failed(writer, f"{type(error).__name__}: {error}")
    return 0


def _failed(writer: journal.Writer, words: str) -> int:
    print(words, file=sys.stderr)
    try:
        writer.append(say.KeeperFailed(time.time(), words), durable=True)
    except OSError as error:
        print(f"and it could not be written down: {error}", file=sys.stderr)
    return FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv))
