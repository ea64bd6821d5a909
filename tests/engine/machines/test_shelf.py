"""Checkpoints on a machine behind a real sshd: listed by one question, read to the last byte, made safe, proven."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from engine import hosts, procs
from engine.checkpoints import afar
from engine.machines import visit
from engine.reader import RunReader
from engine.runs import Run, logs_folder
from tests.cockpit.stage import opened, play, text, until
from tests.support import foreign
from tests.support import sshd as sshds
from tests.support.cli import Engine
from tests.support.cutter import Cutter
from tests.support.sshd import Sshd

pytestmark = pytest.mark.needs("sshd", "ssh", "rsync")
SUPPORT = Path(sshds.__file__).parent
LONDON = [sys.executable, "train.py", "--max_iters", "400"]


def the(run_id: str) -> Run:
    return Run(logs_folder() / run_id.split()[0])


def profile(project: Path, argv: list[str], *more: str) -> str:
    lines = ["recipe = 'command'", "[command]", f"argv = {json.dumps(argv)}", *more]
    (project / "p.toml").write_text("\n".join(lines) + "\n")
    return "p.toml"


def there(sshd: Sshd, run: Run) -> Path:
    """The run's working folder on the machine."""
    return sshd.home / ".cockpit" / "runs" / run.id / "work"


SAVES = """
import pathlib, shutil, sys, time
sys.path.insert(0, ".")
from foreign import nanogpt, transformers
for step in (10, 20, 30):
    transformers(pathlib.Path("out", f"checkpoint-{step}"), step)
nanogpt(pathlib.Path("out/checkpoint-40.pt"), 40)
print("step 40/40 loss 1.0", flush=True)
"""


def saved(engine: Engine, project: Path, sshd: Sshd) -> Run:
    """A script of others has ended there and left four checkpoints, one of which was torn."""
    shutil.copy(SUPPORT / "foreign.py", project / "foreign.py")
    (project / "train.py").write_text(SAVES)
    words = profile(
        project, [sys.executable, "train.py"], '[checkpoints]\nglob = ["out/checkpoint-*"]'
    )
    run = the(engine("launch", words, "--host", "far", "--wait").out)
    torn = there(sshd, run) / "out" / "checkpoint-20" / "model.safetensors"
    torn.write_bytes(torn.read_bytes()[:-7])
    return run


def test_what_lies_on_the_machine_is_listed_with_what_is_inside(
    engine: Engine, sshd: Sshd, project: Path
) -> None:
    run = saved(engine, project, sshd)
    known = {
        one["name"]: one for one in engine("checkpoints", run.id, "--json").valid("checkpoints")
    }
    assert sorted(known) == [*(f"checkpoint-{n}" for n in (10, 20, 30)), "checkpoint-40.pt"]
    assert known["checkpoint-10"]["kind"] == "transformers" and known["checkpoint-10"]["step"] == 10
    assert "optimizer" in known["checkpoint-10"]["holds"] and known["checkpoint-10"]["bytes"] > 0
    assert (
        known["checkpoint-20"]["verified"] is False and "cut off" in known["checkpoint-20"]["flaw"]
    )
    assert known["checkpoint-40.pt"]["kind"] == "nanogpt"
    assert known["checkpoint-30"]["where"] == "far"
    # the torn one is never what a resume goes on from
    shutil.rmtree(there(sshd, run) / "out" / "checkpoint-30")
    (there(sshd, run) / "out" / "checkpoint-40.pt").unlink()
    names = [one["name"] for one in engine("checkpoints", run.id, "--json").values()]
    assert names == ["checkpoint-10", "checkpoint-20"]


def test_a_machine_that_cannot_be_asked_leaves_what_was_known_and_when(
    engine: Engine, sshd: Sshd, project: Path
) -> None:
    run = saved(engine, project, sshd)
    assert len(engine("checkpoints", run.id, "--json").values()) == 4
    sshd.stop()
    again = engine("checkpoints", run.id, "--json")
    assert len(again.values()) == 4 and "far cannot be asked" in again.err and "as of" in again.err
    refused = engine("checkpoints", run.id, "verify")
    assert refused.status == 3 and "far" in refused.err


def test_hundreds_come_by_one_question(engine: Engine, sshd: Sshd, project: Path) -> None:
    folder = sshd.home / "many"
    for step in range(250):
        foreign.nanogpt(folder / f"checkpoint-{step}.pt", step)
    question = {"paths": [], "folder": str(folder), "globs": ["*.pt"], "kind": "auto"}
    answer = visit.checkpoints(hosts.find("far"), question)
    assert sorted(one["step"] for one in answer["found"]) == list(range(250))
    assert answer["free"] > 0


def test_what_a_machine_says_is_taken_for_no_more_than_it_is(home: Path, tmp_path: Path) -> None:
    run = Run(tmp_path / "r")
    run.folder.mkdir()
    afar.keep(run, {"paths": []}, {"found": [{"path": "/x", "step": "many"}], "free": None})
    assert afar.answered(run) is None
    afar.keep(run, {"paths": []}, {"found": [{"path": "/x", "step": 3, "evil": 1}], "free": 5})
    answer = afar.answered(run)
    assert answer is not None and answer.found[0].step == 3


def test_verify_reads_every_byte_there(engine: Engine, sshd: Sshd, project: Path) -> None:
    argv = [sys.executable, str(SUPPORT / "trainer.py"), "--out", "out", "--steps", "10"]
    run = the(engine("launch", profile(project, argv), "--host", "far", "--wait").out)
    assert engine("checkpoints", run.id, "verify").status == 0
    state = there(sshd, run) / "out" / "step-000005" / "state.json"
    state.write_bytes(state.read_bytes().replace(b"5", b"6"))
    # by its size alone it is whole: the control
    assert all(one["verified"] for one in engine("checkpoints", run.id, "--json").values())
    answer = engine("checkpoints", run.id, "verify", "--json")
    found = {one["name"]: one for one in answer.values()}
    assert answer.status == 1
    assert found["step-000005"]["verified"] is False and "damaged" in found["step-000005"]["flaw"]
    assert found["step-000010"]["verified"] is True


def test_prune_deletes_there_and_says_so(engine: Engine, sshd: Sshd, project: Path) -> None:
    run = saved(engine, project, sshd)
    dry = engine("checkpoints", run.id, "prune", "--newest", "1", "--dry-run")
    assert dry.status == 0 and len(list((there(sshd, run) / "out").iterdir())) == 4
    assert engine("checkpoints", run.id, "prune", "--newest", "1").status == 0
    left = sorted(path.name for path in (there(sshd, run) / "out").iterdir())
    assert left == ["checkpoint-20", "checkpoint-40.pt"]  # what is broken is left alone
    until = time.monotonic() + 20
    while not RunReader(run).poll().keeper.saves.ids and time.monotonic() < until:
        time.sleep(0.05)
    assert engine("status", run.id).status == 0


def test_the_screen_asks_the_machine_and_reads_every_byte_there(
    engine: Engine, sshd: Sshd, project: Path
) -> None:
    run = saved(engine, project, sshd)
    own = there(sshd, run) / "out" / "checkpoint-40.pt"
    raw = bytearray(own.read_bytes())

    async def scene() -> None:
        async with opened(run.folder.parent, run) as pilot:
            await pilot.press("c")
            await until(pilot, lambda: "✖ unusable" in text(pilot))
            assert text(pilot).count("checkpoint-40.pt") == 1
            assert "far, this disk" in text(pilot)
            raw[len(raw) // 2] ^= 255
            own.write_bytes(raw)
            await pilot.press("v")
            await until(pilot, lambda: "✖ broken" in text(pilot))

    play(scene)


def trained(engine: Engine, project: Path, resume: str) -> Run:
    """helloLondon's stand-in on the machine, killed there once it had come so far."""
    shutil.copy(SUPPORT / "london.py", project / "train.py")
    more = (f"resume = {resume}", '[checkpoints]\nglob = ["out/checkpoint-*.pt"]')
    run = the(engine("launch", profile(project, LONDON, *more), "--host", "far").out)
    reader, until = RunReader(run), time.monotonic() + 60
    while True:
        assert time.monotonic() < until, "the trainer makes no steps"
        view = reader.poll()
        if (view.step or 0) >= 70 and view.last and view.last.facts.runner.trainer:
            assert procs.signal(view.last.facts.runner.trainer, signal.SIGKILL)
            break
        time.sleep(0.02)
    assert engine("wait", run.id).status == 1
    return run


def hashes(folder: Path) -> dict[str, str]:
    found = sorted((folder / "out").glob("checkpoint-*.pt"))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def judged(run: Run) -> Any:
    last = RunReader(run).poll().last
    assert last is not None
    return last.facts.runner.resume


def test_what_did_not_resume_is_stopped_and_what_it_destroyed_put_back(
    engine: Engine, sshd: Sshd, project: Path
) -> None:
    run = trained(engine, project, '["--quiet", "45"]')
    before = hashes(there(sshd, run))
    assert len(before) == 3
    assert engine("resume", run.id, "--wait").status == 8
    after = hashes(there(sshd, run))
    assert {name: after.get(name) for name in before} == before
    facts = RunReader(run).poll().keeper.saves
    copies = [Path(one.copy or "") for one in facts.protected]
    assert copies and all(sshd.home in copy.parents for copy in copies)
    assert len(facts.restored) >= 2
    assert judged(run).verdict == "refuted"


def test_with_the_patch_the_proof_holds_there_as_here(
    engine: Engine, sshd: Sshd, project: Path
) -> None:
    run = trained(engine, project, '["--resume_from_checkpoint", "{path}"]')
    patch = str(SUPPORT / "london.diff")
    answer = engine("resume", run.id, "--patch", patch, "--yes", "--wait")
    assert answer.status == 0, answer.err
    said = judged(run)
    assert (said.verdict, said.step) == ("proven", 60)
    work = there(sshd, run)
    assert (
        not list(work.glob(".train*"))
        and (work / "train.py").read_bytes() == (project / "train.py").read_bytes()
    )
    (told,) = RunReader(run).poll().keeper.saves.certified
    assert told.verdict == "exact but for" and any("random numbers" in w for w in told.changed)


def test_a_pin_waits_for_a_machine_that_is_away(
    engine: Engine, sshd: Sshd, line: Cutter, project: Path
) -> None:
    """Its keeper lives through it, and the copy is made once the machine is back."""
    shutil.copy(SUPPORT / "london.py", project / "train.py")
    argv = [*LONDON[:2], "--max_iters", "4000", "--keep", "1000"]
    words = profile(project, argv, '[checkpoints]\nglob = ["out/checkpoint-*.pt"]')
    run = the(engine("launch", words, "--host", "weak").out)
    reader, until = RunReader(run), time.monotonic() + 60
    while (reader.poll().step or 0) < 50:
        assert time.monotonic() < until
        time.sleep(0.05)
    name = engine("checkpoints", run.id, "--json").values()[-1]["name"]
    sshd.stop()
    line.cut()
    assert engine("checkpoints", run.id, "pin", name).status == 0
    time.sleep(2.0)
    assert reader.poll().keeper.failed is None
    sshd.start()
    until = time.monotonic() + 60
    while not reader.poll().keeper.saves.protected:
        assert time.monotonic() < until, "the pin was forgotten"
        time.sleep(0.1)
    (copy,) = reader.poll().keeper.saves.protected
    assert copy.copy is not None and sshd.home in Path(copy.copy).parents
    assert reader.poll().keeper.keepers == 1
    assert engine("kill", run.id, "--wait").status == 0


def test_what_was_brought_here_can_be_pushed_on_and_what_was_not_says_so(
    engine: Engine, sshd: Sshd, project: Path, tmp_path: Path
) -> None:
    argv = [sys.executable, str(SUPPORT / "trainer.py"), "--out", "out", "--steps", "10"]
    run = the(engine("launch", profile(project, argv), "--host", "far", "--wait").out)
    sink = ("--to", f"file://{tmp_path / 'sink'}")
    refused = engine("checkpoints", run.id, "push", "step-000005", *sink)
    assert refused.status == 2 and "lies on far" in refused.err and "engine pull" in refused.err
    answer = engine("checkpoints", run.id, "push", "latest", *sink)
    assert answer.status == 0, answer.err
    assert (tmp_path / "sink" / run.id / "step-000010" / "state.json").is_file()
