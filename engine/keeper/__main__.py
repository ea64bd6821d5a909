"""`python -m engine.keeper RUN-FOLDER`: keep one run. A second keeper of a run ends at once."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

from engine import control, journal
from engine.errors import Problem
from engine.events import keeper as say
from engine.keeper.keeper import Keeper
from engine.runs import Run

FAILED = 70
"""The exit status of a keeper that met a bug: EX_SOFTWARE."""


def main(argv: list[str]) -> int:
    # A closing terminal or an interrupted shell must not end the keeping.
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    run = Run(Path(argv[1]))
    while True:
        try:
            writer = journal.Writer(run.keeper)
        except journal.Held:
            return 0
        try:
            status = _keep(run, writer)
        finally:
            writer.close()
        # A request that came between the last look and the release would otherwise wait for the next verb.
        if status or not control.requests(run):
            return status


def _keep(run: Run, writer: journal.Writer) -> int:
    try:
        Keeper(run, writer).keep()
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
