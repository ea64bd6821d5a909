"""A machine that says it will be taken away: what is saved, and what the run is called then."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import procs
from engine.alarms import Thresholds
from engine.events import encode
from engine.frame import Frame, Sight
from engine.reader import RunReader
from engine.runner import notice
from engine.runs import Run
from engine.state import Verdict, judge
from tests.engine.runner.attempts import (
    PYTHON,
    ROOT,
    RUN,
    SAVES,
    Attempt,
    attempt,
    broken,
    python,
    signals,
    until,
)
from tests.support.gcp_metadata import Metadata, at_home, on_loopback
from tests.support.journals import append
from tests.support.stories import accepted, closed, opened

TRAINER = str(ROOT / "tests/support/trainer.py")
EVERY = 40
"""Steps between two checkpoints of the trainer's own; 0.05 s each."""
DEAF = ("runner/notice.py", "        if address is not None:", "        if False:")
"""A runner without the thread that listens."""


@pytest.fixture
def metadata() -> Iterator[Metadata]:
    with on_loopback() as made:
        yield made


def training(home: Path, build: Path = ROOT, **job: Any) -> Any:
    words = ["--steps", "100000", "--gap", "0.05", "--every", str(EVERY)]
    argv = [PYTHON, "-S", TRAINER, "--out", str(home / "out"), *words]
    return attempt(home, argv, build, **{"save_signal": "SIGUSR1", "grace_s": 10.0, **job})


def told(one: Attempt) -> list[dict[str, Any]]:
    path = one.folder / "trainer.jsonl"
    data = path.read_bytes() if path.exists() else b""
    return [json.loads(line) for line in data.splitlines(keepends=True) if line.endswith(b"\n")]


def steps(one: Attempt) -> int:
    return max([line["step"] for line in told(one) if "loss" in line], default=0)


def trained(one: Attempt, past: int) -> None:
    until(lambda: steps(one) >= past, "steps")


def newest(one: Attempt) -> int:
    """The step of the newest checkpoint whose every byte agrees with its manifest."""
    found = 0
    for line in told(one):
        if line.get("e") == "saved":
            folder = Path(line["path"])
            manifest = (folder / "MANIFEST.json").read_bytes()
            assert hashlib.sha256(manifest).hexdigest() == line["manifest"]
            for name, entry in json.loads(manifest)["files"].items():
                assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == entry["sha256"]
            found = max(found, line["step"])
    return found


def verdict(home: Path) -> Verdict:
    """What the run is called, from its files alone."""
    run = Run(home / RUN)
    if not run.keeper.exists():
        for _, event in (accepted(), opened(), closed()):
            append(run.keeper, encode(event))
    view = RunReader(run).poll()
    return judge(Frame(run.id, view, time.time(), Sight()), Thresholds())


def systemctl(home: Path, says: str) -> dict[str, str]:
    """A system of which its manager says this."""
    folder = home / "bin"
    folder.mkdir()
    program = folder / "systemctl"
    program.write_text(f"#!/bin/sh\necho {says}\nexit 1\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


@pytest.mark.needs("root", "ip")
def test_a_notice_at_the_real_address_saves_what_was_not_saved(tmp_path: Path) -> None:
    """Notice, save, a checkpoint that verifies, the word for it; all before the machine is gone."""
    with at_home() as metadata, training(tmp_path) as one:
        one.start(inside=metadata.inside, **metadata.env)
        trained(one, EVERY + 10)
        assert one.said("notice_watched")[0].heard and one.said("notice_watched")[0].fits is None
        metadata.be("TRUE")
        assert one.runners[0].wait(30) == 0
        assert one.names("runner_started", "started", "notice_watched") == [
            "preemption_noticed",
            "signalled",
            "exited",
        ]
        noticed, end = one.said("preemption_noticed")[0], one.said("exited")[0]
        assert (noticed.source, noticed.action, noticed.within_s) == ("metadata", "save", 30.0)
        assert end.code == 143 and newest(one) == steps(one) >= noticed.step > EVERY
        assert end.t - noticed.t < noticed.within_s
        assert verdict(tmp_path).word == "PREEMPTED"


def test_without_the_thread_the_checkpoint_is_old(tmp_path: Path, metadata: Metadata) -> None:
    """The same story told to a runner that does not listen: the machine goes and the work since is lost."""
    with training(tmp_path, broken(tmp_path, DEAF)) as one:
        one.start(**metadata.env)
        trained(one, EVERY + 10)
        metadata.be("TRUE")
        trained(one, steps(one) + 10)
        trainer = one.trainer()
        assert trainer is not None
        procs.signal(trainer, signal.SIGKILL)
        assert one.runners[0].wait(30) == 0
        assert one.said("preemption_noticed") == []
        assert newest(one) < steps(one) and newest(one) % EVERY == 0
        assert verdict(tmp_path).word == "FAILED SIGKILL"


def test_a_runner_that_comes_late_hears_it_at_once(tmp_path: Path, metadata: Metadata) -> None:
    metadata.be("TRUE")
    with training(tmp_path) as one:
        assert one.run(**metadata.env) == 0
        assert len(one.said("preemption_noticed")) == 1 and newest(one) == steps(one)


def test_what_was_said_and_not_begun_is_begun_by_the_next_runner(
    tmp_path: Path, metadata: Metadata
) -> None:
    """Killed between the fact and the deed."""
    dies = (
        "runner/leaving.py",
        "        if refusal is None:",
        "        import os; os._exit(9)\n        if refusal is None:",
    )
    with training(tmp_path, broken(tmp_path, dies)) as one:
        one.start(**metadata.env)
        trained(one, 5)
        metadata.be("TRUE")
        assert one.runners[0].wait(30) == 9
        assert signals(one) == []
        one.build = ROOT
        assert one.run(**metadata.env) == 0
        assert signals(one) == ["SIGTERM"] and len(one.said("preemption_noticed")) == 1
        assert newest(one) == steps(one)


def test_a_save_that_cannot_fit_is_said_at_the_start_and_not_asked_for(
    tmp_path: Path, metadata: Metadata
) -> None:
    with training(tmp_path, notice_s=30, save_s=41.5) as one:
        one.start(**metadata.env)
        watched = until(lambda: one.said("notice_watched"), "a word on the notice")[0]
        assert (watched.fits, watched.save_s, watched.within_s) == (False, 41.5, 30.0)
        trained(one, 3)
        metadata.be("TRUE")
        noticed = until(lambda: one.said("preemption_noticed"), "the notice")[0]
        assert noticed.action == "none" and "41.5 s" in noticed.detail
        trained(one, steps(one) + 3)
        assert signals(one) == []
        one.order("kill")
        assert one.runners[0].wait(30) == 0


def test_a_measured_save_counts_more_than_an_earlier_one(
    tmp_path: Path, metadata: Metadata
) -> None:
    """The trainer tells how long its save took; from then on that is what must fit."""
    tells = '\'{"e":"saved","step":1,"path":"/x","seconds":44.0}\\n\''
    code = f"import os\nopen(os.environ['COCKPIT_EVENTS'], 'a').write({tells})\n{SAVES}"
    with attempt(tmp_path, python(code), save_signal="SIGUSR1", save_s=1.0) as one:
        one.start(**metadata.env)
        until(lambda: [w for w in one.said("notice_watched") if w.fits is False], "a word")
        assert one.said("notice_watched")[-1].save_s == 44.0
        one.order("kill")
        assert one.runners[0].wait(30) == 0


def test_a_trainer_that_does_not_expect_a_signal_gets_none(
    tmp_path: Path, metadata: Metadata
) -> None:
    with training(tmp_path, save_signal=None) as one:
        one.start(**metadata.env)
        trained(one, 3)
        assert one.said("notice_watched")[0].fits is False
        metadata.be("TRUE")
        noticed = until(lambda: one.said("preemption_noticed"), "the notice")[0]
        assert noticed.action == "none" and "not known to save" in noticed.detail
        trained(one, steps(one) + 3)
        assert signals(one) == []
        one.order("kill")
        assert one.runners[0].wait(30) == 0


def test_a_system_that_goes_down_is_no_runner_that_is_asked_to_go(tmp_path: Path) -> None:
    with training(tmp_path) as one:
        runner = one.start(**systemctl(tmp_path, "stopping"))
        trained(one, 5)
        runner.terminate()
        assert runner.wait(30) == 0
        noticed = one.said("preemption_noticed")[0]
        assert (noticed.source, noticed.action) == ("shutdown", "save")
        assert newest(one) == steps(one)
        seen = verdict(tmp_path)
        assert (seen.word, seen.reason) == ("LOST", "the machine was shut down")


def test_a_runner_that_is_asked_to_go_leaves_the_trainer(tmp_path: Path) -> None:
    """The other half of the promise above: only a system that goes down is one."""
    with training(tmp_path) as one:
        runner = one.start(**systemctl(tmp_path, "running"))
        trained(one, 5)
        runner.terminate()
        assert runner.wait(30) == 143
        trainer = one.trainer()
        assert trainer is not None and procs.alive(trainer)
        assert one.said("preemption_noticed") == []


@pytest.mark.skipif(notice.server() is not None, reason="this machine is Google's")
def test_nobody_is_asked_on_a_machine_that_is_not_googles(tmp_path: Path) -> None:
    with training(tmp_path) as one:
        one.start()
        trained(one, 5)
        assert one.said("notice_watched") == []
        one.order("kill")
        assert one.runners[0].wait(30) == 0
