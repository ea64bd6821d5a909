"""How verbs and screens steer a run: a request is a small file that its keeper takes up.

Asking is safe to repeat: a request has an id, and the keeper acts on each id once. Whoever finds a live run without a
living keeper starts one.
"""

from __future__ import annotations

import getpass
import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import engine
from engine import journal, system, vault
from engine.errors import Unusable
from engine.events import Event
from engine.runs import PRIVATE_DIR, PRIVATE_FILE, Run

TOLD = ("pin", "unpin", "pruned", "pushed")
"""Words about checkpoints, which become facts and steer nothing."""
KINDS = ("stop", "kill", "save", "note", "resume", "dialect", "pull", *TOLD)


def who() -> str:
    """The person asking, as far as the system knows."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return f"uid {system.user()}"


def _ours_to_change(run: Run) -> None:
    if vault.inside(run.folder):
        raise Unusable(
            f"{run.id} lies in a bundle, which nobody changes",
            "engine note FILE TEXT writes beside it",
        )


def request(run: Run, kind: str, **fields: Any) -> str:
    """Leave a request and see that somebody takes it up; returns its id."""
    _ours_to_change(run)
    number = f"{time.time_ns():x}-{os.urandom(4).hex()}"
    body = {"id": number, "kind": kind, "by": who(), "t": time.time(), **fields}
    try:
        run.requests.mkdir(mode=PRIVATE_DIR, exist_ok=True)
        journal.replace(run.requests / f"{number}.json", json.dumps(body).encode())
    except OSError as error:
        raise Unusable(
            f"cannot ask {run.id}: {error.strerror}", fix=f"check {run.requests}"
        ) from error
    ensure_keeper(run)
    return number


def record(run: Run, event: Event) -> bool:
    """Write a fact about a run that has ended and so has no keeper; False: somebody holds the segment."""
    _ours_to_change(run)
    try:
        writer = journal.Writer(run.keeper)
    except journal.Held:
        return False
    try:
        writer.append(event, durable=True)
    finally:
        writer.close()
    return True


def requests(run: Run) -> list[dict[str, Any]]:
    """Those that wait, oldest first; a file that is no request is left alone."""
    found = []
    for path in sorted(run.requests.glob("*.json")):
        try:
            body = json.loads(path.read_bytes())
        except (OSError, ValueError):
            continue
        if isinstance(body, dict) and body.get("kind") in KINDS and body.get("id") == path.stem:
            found.append(body)
    return found


def ensure_keeper(run: Run) -> None:
    """Start a keeper and leave it; where one lives already the new one ends at once."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | system.RAW
    errors = os.open(run.keeper_errors, flags, PRIVATE_FILE)
    try:
        _keeper([str(run.folder)], subprocess.DEVNULL, errors)
    finally:
        os.close(errors)


class Early:
    """A keeper that begins before there is a run to keep, and meanwhile gets through to the run's host: on a long road
    that takes a second. Given none, it ends and has done nothing.
    """

    def __init__(self, host: str) -> None:
        process = _keeper(["--for", host], subprocess.PIPE, subprocess.DEVNULL)
        assert process.stdin is not None
        self._told = process.stdin

    def __enter__(self) -> Early:
        return self

    def keep(self, run: Run) -> None:
        """From now on it is this run's."""
        with suppress(BrokenPipeError):
            self._told.write(os.fsencode(run.folder) + b"\n")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        with suppress(BrokenPipeError):
            self._told.close()


def _keeper(words: list[str], told: int, errors: int) -> subprocess.Popen[bytes]:
    """Its parent may be a shell that ends: a session of its own, and a working folder that can be unmounted."""
    env = dict(os.environ)
    root = str(Path(engine.__file__).parent.parent)
    env["PYTHONPATH"] = os.pathsep.join([root, *filter(None, [env.get("PYTHONPATH")])])
    return subprocess.Popen(
        [sys.executable, "-m", "engine.keeper", *words],
        stdin=told,
        stdout=errors,
        stderr=errors,
        start_new_session=True,
        cwd="/",
        env=env,
    )
