"""The user's own machine: its files are the run's files, so nothing is mirrored."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from engine import journal, procs, system
from engine.events import keeper as say
from engine.identity import Identity
from engine.machines.machine import Depot, Place, Post, Project, Tell
from engine.machines.outfit import Outfit
from engine.runner.bundle import bundle
from engine.runs import PRIVATE_DIR, PRIVATE_FILE, Attempt, Run
from engine.shelf import acts
from engine.shelf.acts import Act, Answer


class Local:
    """A machine whose processes are ours to see."""

    name = "local"

    def __init__(self, run: Run) -> None:
        self._runner: subprocess.Popen[bytes] | None = None
        self.home = str(run.folder)

    def shelf(self, asked: Sequence[Act]) -> list[Answer]:
        return [acts.do(one) for one in asked]

    @property
    def depot(self) -> Depot | None:
        return None

    def reach(self) -> None:
        """It is here."""

    def place(self, project: Project) -> Place:
        return Place(project.folder)

    def fit(self, outfit: Outfit, place: Place, tell: Tell) -> Place:
        return place

    def open(self, attempt: Attempt, job: Mapping[str, Any]) -> None:
        """The job lies where the keeper wrote it."""

    def start(self, attempt: Attempt, secrets: Mapping[str, str]) -> None:
        self._runner = start_runner(attempt, secrets)

    def post(self, attempt: Attempt, said: Identity | None) -> Post:
        if self._runner is not None:
            if self._runner.poll() is None:
                return Post.HELD
            ended, self._runner = self._runner, None
            spoke = said is not None and said.pid == ended.pid
            return Post.KILLED if spoke and ended.returncode < 0 else Post.FAILED
        return Post.HELD if said is not None and procs.alive(said) else Post.EMPTY

    def whole(self, attempt: Attempt) -> bool:
        """A runner that is our child is waited for, so that it does not stay a zombie."""
        return self._runner is None or self._runner.poll() is not None

    def order(self, attempt: Attempt, body: Mapping[str, Any]) -> None:
        attempt.orders.mkdir(mode=PRIVATE_DIR, exist_ok=True)
        journal.replace(attempt.orders / f"{body['id']}.json", json.dumps(body).encode())

    def clock(self) -> say.ClockMeasured | None:
        return None

    def close(self) -> None:
        """What runs here needs nobody who holds it."""


def start_runner(attempt: Attempt, secrets: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """A runner in a session of its own, which survives whoever started it. Secrets travel on its standard input."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | system.RAW
    errors = os.open(attempt.errors, flags, PRIVATE_FILE)
    try:
        process = subprocess.Popen(
            [sys.executable, "-B", str(bundle()), str(attempt.folder)],
            stdin=subprocess.PIPE,
            stdout=errors,
            stderr=errors,
            start_new_session=True,
        )
    finally:
        os.close(errors)
    if process.stdin is not None:
        try:
            process.stdin.write(json.dumps(dict(secrets)).encode() + b"\n")
            process.stdin.close()
        except BrokenPipeError:
            pass
    return process
