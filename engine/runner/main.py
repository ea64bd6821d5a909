"""The runner's process: `runner.pyz <run>/attempts/<n>`, secrets as one line of JSON on standard input.

Exit status: 0 the end of the attempt is recorded, 75 another runner has it, 2 wrong use, 1 the runner failed (its
journal says why; the next one adopts the trainer), 143 it was asked to go and the trainer stays.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback

import engine
from engine import procs
from engine.events import runner as say
from engine.journal import Held, Writer
from engine.runner import clock, epilogue, job
from engine.runner.duty import Duty
from engine.runner.folder import Folder
from engine.runner.job import BadJob, Job
from engine.runner.ledger import Ledger
from engine.runner.post import Post, recall
from engine.runner.records import Failure
from engine.runner.reserve import Reserve
from engine.runner.secrets import given
from engine.scalars import AttemptFold

DONE, FAILED, USAGE, BUSY, RELEASED = 0, 1, 2, 75, 143
HELD_S = 1.0
"""A predecessor's fork may hold the journal's lock for a moment."""

ROOM_S = 1.0
"""Between two attempts to write the last facts to a full disk."""


def main(arguments: list[str]) -> int:
    """Take the attempt over and stay until its end."""
    if len(arguments) != 1 or not os.path.isdir(arguments[0]):
        print("usage: runner.pyz <run>/attempts/<n>, a folder that holds job.json", file=sys.stderr)
        return USAGE
    folder = Folder(os.path.abspath(arguments[0]))
    if not os.path.basename(folder.path).isdigit():
        print(f"{folder.path}: an attempt's folder is named by its number", file=sys.stderr)
        return USAGE
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        writer = _writer(folder.journal)
    except OSError as error:
        print(f"{folder.journal}: {error.strerror}", file=sys.stderr)
        return FAILED
    return BUSY if writer is None else _serve(folder, writer)


def _writer(path: str) -> Writer | None:
    """The journal of this attempt; None while another runner has it."""
    until = time.monotonic() + HELD_S
    while True:
        try:
            return Writer(path)
        except Held:
            if time.monotonic() > until:
                return None
            time.sleep(0.05)


def _serve(folder: Folder, writer: Writer) -> int:
    try:
        work, refused = job.read(folder.job), None
    except BadJob as error:
        work, refused = Job(folder.run_id, folder.number, ("",), folder.path), str(error)
    chosen = _chosen(folder.dialect)
    fold = AttemptFold(work.lens if chosen is None else work.lens.chosen(chosen))
    recall(fold, folder.journal)
    values = given((*work.secrets, *work.notify.secrets), folder)
    known = None if set(work.secrets) - set(values) else tuple(values.values())
    ledger = Ledger(writer, Reserve(folder.reserve), lambda line: fold.feed("runner", line))
    keys = {name: values[name] for name in work.notify.secrets if name in values}
    post = Post(folder, work, ledger, fold, known, keys)
    ledger.tell(_started(work))
    own = {name: values[name] for name in work.secrets if name in values}
    return _edge(post, Duty(post, own), refused)


def _chosen(path: str) -> str | None:
    """The dialect that somebody chose, as an earlier runner noted it."""
    try:
        with open(path, "rb") as file:
            return file.read(1 << 16).decode("utf-8", "replace") or None
    except OSError:
        return None


def _edge(post: Post, duty: Duty, refused: str | None) -> int:
    """Whatever goes wrong from here on is a fact, and the trainer's life goes on."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: duty.release())
    try:
        if refused is not None and not os.path.exists(post.folder.pid):
            epilogue.start_failed(post, Failure(refused))
        else:
            duty.run()
    except Exception as error:
        traceback.print_exc()
        post.ledger.tell(say.RunnerFailed(clock.wall(), repr(error)))
        return FAILED
    if duty.released:
        post.ledger.tell(say.RunnerFailed(clock.wall(), "asked to go by a signal"))
        return RELEASED
    while not post.ledger.close() and not duty.released and os.path.isdir(post.folder.path):
        time.sleep(ROOM_S)
    return DONE


def _started(work: Job) -> say.RunnerStarted:
    me = procs.myself()
    return say.RunnerStarted(
        t=clock.wall(),
        pid=me.pid,
        start=me.start,
        boot=me.boot,
        version=engine.__version__,
        python=".".join(map(str, sys.version_info[:3])),
        machine=os.uname().nodename,
        beat_s=work.beat_s,
        pulse_s=work.pulse_s,
    )
