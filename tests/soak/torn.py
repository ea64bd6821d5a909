"""SIGKILL of scripts in mid-save: what is offered afterwards is whole and never older than what was offered before.

A script of others writes in place, so the file that it dies on is torn. Each trial forks such a writer, kills it at a
random moment, lets the keeper's part look, and reads every byte of what would be resumed from.
"""

from __future__ import annotations

import os
import random
import signal
import time
import zipfile
from pathlib import Path

from engine.checkpoints import choosing, of_run
from engine.reader import RunReader
from tests.soak.outcome import Outcome
from tests.support import foreign, shelves

FORMS = ("out/checkpoint-*", "out/ckpt.pt")
"""A name for each step, and one name for all."""
PARTS = 8
PAUSE_S = 0.005
"""Between two saves, about as long as a save: half of the kills find one under way."""


def run(count: int, seed: int, home: Path) -> Outcome:
    """So many kills, shared by the forms."""
    outcome = Outcome("kills in mid-save", seed)
    for number, form in enumerate(FORMS):
        trials(form, count // len(FORMS), random.Random(seed + number), home / str(number), outcome)
    return outcome


def trials(form: str, count: int, dice: random.Random, home: Path, outcome: Outcome) -> None:
    wanted = shelves.of(form)
    project = home / "project"
    (project / "out").mkdir(parents=True)
    kept = shelves.run(home / "logs", project, wanted)
    offered = 0
    for _ in range(count):
        reached = killed(project / "out", form, offered, dice)
        outcome.totals["kills"] += 1
        shelves.committed(kept, wanted)
        view = RunReader(kept).poll()
        choice = choosing.latest(kept, of_run(kept, view, wanted), view)
        outcome.totals["torn and passed over"] += len(choice.passed)
        step = (choice.chosen.step or 0) if choice.chosen else 0
        if step < offered:
            outcome.violations.append(f"{form}: {step} offered after {offered}")
        if choice.chosen is not None and not readable(Path(choice.chosen.path), step):
            outcome.violations.append(f"{form}: step {step} is offered and cannot be read")
        if "*" in form and reached - step > 1:
            outcome.violations.append(f"{form}: {reached} was whole and {step} is offered")
        offered = step
        clean(project / "out", step)
    outcome.totals["newest offered"] += offered


def killed(out: Path, form: str, first: int, dice: random.Random) -> int:
    """A writer that saves in place until it is killed; the step that it was at."""
    pid = os.fork()
    if pid == 0:
        for step in range(first + 1, first + 1000):
            save(out / ("ckpt.pt" if "*" not in form else f"checkpoint-{step}.pt"), step)
            time.sleep(PAUSE_S)
        os._exit(0)
    time.sleep(dice.uniform(0.002, 0.06))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    steps = [int(p.stem.rpartition("-")[2]) for p in out.glob("checkpoint-*.pt")]
    return max(steps, default=first)


def save(path: Path, step: int) -> None:
    """In pieces, so that a kill finds it half written."""
    made = foreign.torch_file(path.with_suffix(".tmp"), model=foreign.STATE, iter_num=step)
    whole = made.read_bytes()
    made.unlink()
    with path.open("wb", buffering=0) as file:
        for at in range(0, len(whole), len(whole) // PARTS):
            file.write(whole[at : at + len(whole) // PARTS])
            time.sleep(0.0005)


def readable(path: Path, step: int) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None and str(step) != ""
    except (OSError, zipfile.BadZipFile):
        return False


def clean(out: Path, newest: int) -> None:
    """As scripts do, and so that the trials stay quick: the newest few stay."""
    for path in out.glob("checkpoint-*.pt"):
        if abs(int(path.stem.rpartition("-")[2]) - newest) > 3:
            path.unlink()
