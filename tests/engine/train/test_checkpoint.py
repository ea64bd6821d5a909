"""What is offered verifies, whatever died while it was written; `SOAK=1` runs the full counts."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import torch

from engine.train import checkpoint
from engine.train.checkpoint import MANIFEST, Snapshot, commit, committed, newest, rotate, verify
from engine.train.errors import ResumeError, SaveError
from engine.train.saver import Saver
from engine.train.tensors import write_tensors
from tests.engine.train import trainer

KILLS = 300 if os.environ.get("SOAK") else 15


def snapshot(step: int, **facts: object) -> Snapshot:
    source = torch.Generator().manual_seed(step)
    tensors = {f"w{i}": torch.randn(40, 50, generator=source) for i in range(3)}
    return Snapshot(
        f"checkpoint-{step}",
        {"step": step, **facts},
        {"model.safetensors": tensors, "optimizer.safetensors": tensors},
        {"state.json": b'{"at": 1}'},
    )


def save_for_ever(root: Path, first: int) -> None:
    for step in range(first, first + 10_000):
        commit(root, snapshot(step))
        rotate(root, 2)


def test_killed_in_mid_save_the_newest_offered_is_whole_and_never_older(tmp_path: Path) -> None:
    context = trainer.server()
    source, step = random.Random(4), 0
    for _ in range(KILLS):
        child = context.Process(target=save_for_ever, args=(tmp_path, step + 1))
        child.start()
        deadline = time.monotonic() + 60
        while not (tmp_path / f"checkpoint-{step + 1}").exists() and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(source.random() * 0.03)
        child.kill()
        child.join()
        found, passed_over = newest(tmp_path)
        assert found is not None and not passed_over
        assert found.step > step
        step = found.step
    checkpoint.sweep(tmp_path)
    assert all(not path.name.startswith(".") for path in tmp_path.iterdir())


TRACED = {"checkpoint.py", "tensors.py"}
Save = Callable[[Path, Snapshot], object]


def killed_at(line: int, save: Save, root: Path) -> bool:
    """Save in a child that is killed by SIGKILL at the so-manieth line that it runs; False: it had no such line."""
    child = os.fork()
    if child:
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])
    left = line

    def trace(frame: FrameType, event: str, value: object) -> Any:
        nonlocal left
        if os.path.basename(frame.f_code.co_filename) not in TRACED | {"test_checkpoint.py"}:
            return None
        left -= event == "line"
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    try:
        save(root, snapshot(2))
        rotate(root, 1)
    finally:
        os._exit(0)


def in_place(root: Path, made: Snapshot) -> None:
    """The control: a checkpoint written over the one before, its manifest first."""
    good = next(root.glob("checkpoint-*"))
    facts = json.loads((good / MANIFEST).read_text())
    (good / MANIFEST).write_text(json.dumps({**facts, "step": 2}))
    for name, tensors in made.tensors.items():
        write_tensors(good / name, tensors)


def losses(save: Save, root: Path, lines: range) -> list[str]:
    """At which lines a kill cost the newest good checkpoint."""
    found = []
    for line in lines:
        shutil.rmtree(root, ignore_errors=True)
        commit(root, snapshot(1))
        if not killed_at(line, save, root):
            break
        offered, passed_over = newest(root)
        if offered is None or passed_over or offered.step not in (1, 2):
            found.append(f"line {line}: {passed_over or 'nothing is offered'}")
        checkpoint.sweep(root)
        if [path.name for path in root.iterdir() if path.name.startswith(".")]:
            found.append(f"line {line}: something is left")
    return found


def test_a_save_may_be_killed_at_any_of_its_lines(tmp_path: Path) -> None:
    """One after the other, not at random: every line with `SOAK=1`, else every so-manieth."""
    root = tmp_path / "out"
    commit(root, snapshot(1))
    total = next(n for n in (100, 200, 400, 800, 1600) if not killed_at(n, commit, root))
    stride = 1 if os.environ.get("SOAK") else total // 25
    assert losses(commit, root, range(1, total, stride)) == []
    assert losses(in_place, root, range(1, total, stride)), "the control: a save in place is caught"


def harm(folder: Path, source: random.Random) -> str:
    """Do one of the things that disks and copies do to files."""
    file = folder / source.choice([p.name for p in folder.iterdir() if p.name != MANIFEST])
    kind = source.choice(["flip", "cut", "grow", "remove", "zero", "swap"])
    content = bytearray(file.read_bytes())
    if kind == "remove":
        file.unlink()
        return kind
    if kind == "flip":
        content[source.randrange(len(content))] ^= 1 << source.randrange(8)
    elif kind == "cut":
        del content[source.randrange(len(content)) :]
    elif kind == "grow":
        content += b"\0"
    elif kind == "zero":
        at = source.randrange(len(content))
        content[at : at + 4096] = bytes(b ^ 255 for b in content[at : at + 4096])
    else:
        content[:2] = reversed(content[:2])
        content[-1] ^= 1
    file.write_bytes(content)
    return kind


def test_every_corruption_is_found(tmp_path: Path) -> None:
    source = random.Random(9)
    good = commit(tmp_path, snapshot(1)).path
    unseen_by_size = 0
    for number in range(200):
        bad = tmp_path / f"bad-{number}"
        shutil.copytree(good, bad)
        kind = harm(bad, source)
        with pytest.raises(ResumeError):
            verify(bad)
        # the control: sizes alone would have offered these
        unseen_by_size += kind in ("flip", "zero", "swap")
        shutil.rmtree(bad)
    assert unseen_by_size > 50


def test_a_broken_newest_falls_back_to_the_one_before(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        commit(tmp_path, snapshot(step))
    (tmp_path / "checkpoint-3" / "model.safetensors").write_bytes(b"torn")
    (tmp_path / "checkpoint-2" / MANIFEST).write_bytes(b"{")
    found, reasons = newest(tmp_path)
    assert found is not None and found.step == 1
    assert len(reasons) == 1 and "truncated" in reasons[0]
    assert (tmp_path / "checkpoint-3").exists(), "set aside, never deleted"


def test_a_checkpoint_that_stands_is_not_written_again(tmp_path: Path) -> None:
    first = commit(tmp_path, snapshot(5, t=1.0))
    again = commit(tmp_path, snapshot(5, t=2.0))
    assert again.manifest == first.manifest
    (first.path / "state.json").unlink()
    assert commit(tmp_path, snapshot(5, t=3.0)).manifest["t"] == 3.0


def test_rotation_keeps_the_newest_the_best_and_the_ends_of_phases(tmp_path: Path) -> None:
    losses = {1: 2.0, 2: 0.5, 3: 1.0, 4: 1.5, 5: 1.2, 6: 1.1}
    for step, loss in losses.items():
        commit(tmp_path, snapshot(step, eval_loss=loss, phase_end="A" if step == 3 else None))
    gone = {path.name for path in rotate(tmp_path, 2)}
    assert gone == {"checkpoint-1", "checkpoint-4"}
    assert [path.name for path in committed(tmp_path)] == [f"checkpoint-{n}" for n in (2, 3, 5, 6)]
    assert rotate(tmp_path, 0) and [p.name for p in committed(tmp_path)][-1] == "checkpoint-6"


def test_a_full_disk_leaves_nothing_half_and_is_told(tmp_path: Path) -> None:
    root = tmp_path / "out"
    commit(root, snapshot(1))
    told: list[str] = []
    complaints: list[str] = []
    saver = Saver(root, 2, lambda c, m, s: told.append(c.path.name), complaints.append)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(SaveError, match="are free there"):
            commit(root, snapshot(2))
        saver.save(snapshot(2), background=True)
        saver.wait()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [p.name for p in root.iterdir()] == ["checkpoint-1"]
    assert saver.failed == complaints[0] and not told
    saver.save(snapshot(3), background=True)
    saver.wait()
    assert told == ["checkpoint-3"] and saver.failed is None


def test_saved_is_told_only_of_what_verifies(tmp_path: Path) -> None:
    seen: list[int] = []
    saver = Saver(tmp_path, 3, lambda c, m, s: seen.append(verify(c.path).step), print)
    for step in range(1, 6):
        saver.save(snapshot(step), background=step % 2 == 0)
    saver.wait()
    assert seen == [1, 2, 3, 4, 5]
    assert json.loads((tmp_path / "checkpoint-5" / MANIFEST).read_text())["step"] == 5
