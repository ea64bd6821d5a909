"""Real trainer processes that can be killed: forked from a server that has imported torch once, so each is cheap."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

PRELOAD = [
    "engine.train.build",
    "engine.train.loop",
    "transformers.models.qwen2.modeling_qwen2",
    "transformers.models.gpt2.modeling_gpt2",
    "transformers.models.auto.modeling_auto",
]
LONGEST_S = 300.0


@dataclass(frozen=True)
class Ended:
    """What one process left behind."""

    status: int
    rows: list[dict[str, Any]]
    events: list[dict[str, Any]]
    console: str


@dataclass(frozen=True)
class Where:
    """Beside what a trainer's own profile says: where it saves and stands, and what it does to itself first."""

    out: Path | None = None
    cwd: Path | None = None
    before: Callable[[], None] | None = None


HERE = Where()


def train(folder: Path, profile: Path, resume: str | None = None, where: Where = HERE) -> Ended:
    """Let a trainer run to its end."""
    return finish(folder, start(folder, profile, resume, where))


def start(
    folder: Path, profile: Path, resume: str | None = None, where: Where = HERE
) -> BaseProcess:
    """A trainer in a process of its own, telling into `folder`."""
    context = server()
    folder.mkdir(parents=True, exist_ok=True)
    argv = [str(profile), "--out", str(where.out or profile.parent / "checkpoints")]
    argv += ["--resume", resume] if resume else []
    child = context.Process(target=_child, args=(folder, argv, where))
    child.start()
    return child


def server() -> Any:
    """The context whose processes have torch already. It outlives a test, so it must not know a test's home."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if "COCKPIT" in name}
    try:
        forkserver.ensure_running()
    finally:
        os.environ.update(hidden)
    return context


def kill_at(folder: Path, child: BaseProcess, rows: int, delay_s: float, number: int) -> bool:
    """Send the signal once so many rows are told; False if the trainer ended before."""
    deadline = time.monotonic() + LONGEST_S
    while child.is_alive() and time.monotonic() < deadline:
        if len(read(folder / "trainer.jsonl")[0]) >= rows:
            time.sleep(delay_s)
            if child.pid and child.is_alive():
                os.kill(child.pid, number)
                return True
            return False
        time.sleep(0.002)
    return False


def finish(folder: Path, child: BaseProcess) -> Ended:
    child.join(LONGEST_S)
    if child.is_alive():
        child.kill()
        child.join()
    rows, events = read(folder / "trainer.jsonl")
    return Ended(child.exitcode or 0, rows, events, (folder / "console.log").read_text())


def read(path: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows and events; a torn last line is no line."""
    if not path.exists():
        return [], []
    lines = path.read_bytes().split(b"\n")[:-1]
    told = [json.loads(line) for line in lines]
    return [x for x in told if "e" not in x], [x for x in told if "e" in x]


def _child(folder: Path, argv: list[str], where: Where) -> None:
    if where.cwd is not None:
        os.chdir(where.cwd)
    if where.before is not None:
        where.before()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.environ["COCKPIT_EVENTS"] = str(folder / "trainer.jsonl")
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["XDG_CACHE_HOME"] = str(folder.parent / "cache")
    console = os.open(folder / "console.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(console, 1)
    os.dup2(console, 2)
    from engine.train.__main__ import main

    sys.exit(main(argv))
