"""When a script's own checkpoint becomes ours, when it is set aside, and what is offered after that."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from engine import profile
from engine.checkpoints import choosing, committing, drystart, history, of_run
from engine.checkpoints.committing import Committing
from engine.events import Row
from engine.events import runner as r
from engine.keeper import continuing, proving
from engine.keeper.job import Restart
from engine.machines.machine import Place
from engine.observe import look_at_disk
from engine.proof import REFUTED
from engine.reader import RunReader
from engine.runs import Run
from engine.status import Terms
from engine.status.risk import at_risk
from tests.support import foreign, journals, shelves
from tests.support import stories as s

GLOB = shelves.of("out/checkpoint-*")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def names(run: Run) -> dict[str, str | None]:
    """Every checkpoint with its flaw."""
    view = RunReader(run).poll()
    return {one.name: one.flaw for one in of_run(run, view, GLOB)}


def latest(run: Run) -> tuple[str | None, list[str]]:
    view = RunReader(run).poll()
    choice = choosing.latest(run, of_run(run, view, GLOB), view)
    chosen = choice.chosen.name if choice.chosen else None
    return chosen, [one.checkpoint.name for one in choice.passed]


def test_what_does_not_change_between_two_looks_is_committed(
    logs: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committing, "LOOK_S", 0.0)
    run = shelves.run(logs, project, GLOB)
    keeping, view = Committing(run, GLOB), RunReader(run).poll()
    path = foreign.nanogpt(project / "out" / "checkpoint-20.pt", 20)
    assert keeping.look(view) == []
    path.write_bytes(path.read_bytes() + b"still growing")
    assert keeping.look(view) == []
    foreign.nanogpt(path, 20)
    assert keeping.look(view) == []
    assert keeping.look(view) == [] and keeping._thread is not None
    keeping._thread.join()
    (fact,) = keeping.look(view)
    assert (fact.step, fact.kind, fact.holds) == (20, "nanogpt", ("weights", "optimizer"))  # type: ignore[attr-defined]
    journals.write(logs, [("keeper", fact)])
    assert Committing(run, GLOB).finish(RunReader(run).poll()) == []
    assert names(run) == {"checkpoint-20.pt": None}


def test_what_is_torn_is_left_while_the_script_runs_and_set_aside_after(
    logs: Path, project: Path
) -> None:
    run = shelves.run(logs, project, GLOB)
    foreign.transformers(project / "out" / "checkpoint-10", 10)
    torn = foreign.transformers(project / "out" / "checkpoint-20", 20, trainer_state=True)
    keeping, view = Committing(run, GLOB), RunReader(run).poll()
    assert keeping.look(view) == []
    shelves.committed(run, GLOB)
    facts = RunReader(run).poll().keeper.saves
    assert [one.step for one in facts.commits] == [10]
    assert [one.path for one in facts.aside] == [str(torn)] and torn.is_dir()
    assert latest(run) == ("checkpoint-10", ["checkpoint-20"])


def test_a_broken_newest_one_falls_back_to_the_one_before(logs: Path, project: Path) -> None:
    run = shelves.run(logs, project, GLOB)
    paths = [foreign.nanogpt(project / "out" / f"checkpoint-{n}.pt", n) for n in (20, 40, 60)]
    shelves.committed(run, GLOB)
    assert latest(run) == ("checkpoint-60.pt", [])
    whole = bytearray(paths[2].read_bytes())
    whole[300] ^= 1
    paths[2].write_bytes(whole)
    assert latest(run) == ("checkpoint-40.pt", ["checkpoint-60.pt"])
    view = RunReader(run).poll()
    found = continuing.newest(continuing.here(run, GLOB), view)
    assert found.restart == Restart(str(paths[1]), 40)
    assert "damaged" in found.aside[0].reason  # type: ignore[attr-defined]
    paths[1].unlink()
    assert latest(run)[0] == "checkpoint-20.pt"


def test_a_file_that_is_written_over_keeps_its_last_state_out_of_reach(
    logs: Path, project: Path
) -> None:
    """nanoGPT's one `ckpt.pt`: killed in mid-save, it is torn and was the only one."""
    wanted = shelves.of("out/ckpt.pt")
    run = shelves.run(logs, project, wanted)
    path = foreign.nanogpt(project / "out" / "ckpt.pt", 50)
    shelves.committed(run, wanted)
    path.write_bytes(path.read_bytes()[:700])
    shelves.committed(run, wanted)
    view = RunReader(run).poll()
    choice = choosing.latest(run, of_run(run, view, wanted), view)
    assert choice.chosen is not None
    assert (choice.chosen.step, choice.chosen.copy_of) == (50, str(path))
    assert Path(choice.chosen.path).parent == run.safe


def test_what_a_resume_that_was_refuted_wrote_is_never_committed(logs: Path, project: Path) -> None:
    run = shelves.run(logs, project, GLOB, s.exited(1))
    good = foreign.nanogpt(project / "out" / "checkpoint-60.pt", 60)
    shelves.committed(run, GLOB)
    judged = r.ResumeJudged(s.T0, REFUTED, ("step",), "step 0", 0, "stop")
    more = shelves.opened(project, 2, resume_from=str(good), resume_step=60)
    journals.write(logs, more, s.started(2), [("2/runner", judged)], s.exited(143, 2))
    foreign.nanogpt(project / "out" / "checkpoint-80.pt", 80)
    shelves.committed(run, GLOB)
    assert latest(run) == ("checkpoint-60.pt", ["checkpoint-80.pt"])
    assert "which did not resume" in (names(run)["checkpoint-80.pt"] or "")


def test_control_without_the_judgement_it_would_be_the_newest(logs: Path, project: Path) -> None:
    run = shelves.run(logs, project, GLOB)
    for step in (60, 80):
        foreign.nanogpt(project / "out" / f"checkpoint-{step}.pt", step)
    shelves.committed(run, GLOB)
    assert latest(run) == ("checkpoint-80.pt", [])


def test_a_committed_checkpoint_takes_its_work_out_of_risk(logs: Path, project: Path) -> None:
    run = shelves.run(logs, project, GLOB, s.rows([1.0] * 60))
    path = foreign.nanogpt(project / "out" / "checkpoint-40.pt", 40)

    def risk() -> tuple[int | None, str | None]:
        view = RunReader(run).poll()
        found = at_risk(view, look_at_disk(view, run), Terms(), s.T0 + 61)
        return found.steps, found.newest_safe

    assert risk() == (60, None)
    shelves.committed(run, GLOB)
    assert risk() == (20, "checkpoint-40.pt")
    path.write_bytes(b"gone")
    assert risk() == (60, None)


def test_a_resume_of_another_runs_checkpoint_says_so(logs: Path, project: Path) -> None:
    run = shelves.run(logs, project, GLOB)
    other = foreign.nanogpt(project / "other" / "checkpoint-40.pt", 40)
    view = RunReader(run).poll()
    beside, restart = continuing.here(run, GLOB), Restart(str(other), 40)
    found = proving.certify(beside, view, restart, Place(str(project)))
    assert found is not None and found.changed == ("the checkpoint is not one of this run's",)


def test_the_curve_leaves_out_what_did_not_resume(logs: Path, project: Path) -> None:
    run = shelves.run(logs, project, GLOB, s.rows([5.0, 4.0, 3.0]))
    judged = r.ResumeJudged(s.T0, REFUTED, ("step",), "step 1", 1, "stop")
    more = shelves.opened(project, 2, resume_from="/x", resume_step=3)
    journals.write(logs, more, [("2/runner", judged)], s.rows([9.0, 9.0], 2))
    view = RunReader(run).poll()
    assert [loss for _, loss, _ in history.of(run, view)] == [5.0, 4.0, 3.0]
    warned = dataclasses.replace(judged, verdict="proven", action=None)
    journals.write(logs, [("2/runner", warned)])
    assert [loss for _, loss, _ in history.of(run, RunReader(run).poll())] == [9.0, 9.0, 3.0]


def test_a_profile_that_says_how_many_stay_is_taken_at_its_word(logs: Path, project: Path) -> None:
    wanted = shelves.of("out/checkpoint-*", checkpoints={"keep": {"newest": 2, "every": 20}})
    run = shelves.run(logs, project, wanted)
    for step in (20, 30, 50, 70):
        foreign.nanogpt(project / "out" / f"checkpoint-{step}.pt", step)
    shelves.committed(run, wanted)
    beside = continuing.here(run, wanted)
    (fact,) = continuing.prune(beside, RunReader(run).poll())
    assert [Path(p).name for p in fact.paths] == ["checkpoint-30.pt"]  # type: ignore[attr-defined]
    assert list(continuing.prune(beside, RunReader(run).poll())) == []
    kept = {path.name for path in (project / "out").iterdir()}
    assert kept == {"checkpoint-20.pt", "checkpoint-50.pt", "checkpoint-70.pt"}
    assert list(continuing.prune(continuing.here(run, GLOB), RunReader(run).poll())) == []


def test_folders_of_a_dry_start_are_each_there_once(project: Path) -> None:
    (project / "out").mkdir()
    found = drystart.outermost([project / "out", project, project / "gone", project / "out"])
    assert found == [project.resolve()]


@pytest.mark.parametrize("ends", ["A", None])
def test_where_a_phase_ends_no_learning_rate_is_foretold(
    ends: str | None, logs: Path, project: Path
) -> None:
    phases = [{"id": "A", "max_steps": 3}, {"id": "B", "max_steps": 3, "learning_rate": 1e-5}]
    table = {"name": "mine", "recipe": "finetune", "model": {"base": "m"}, "phase": phases}
    wanted = profile.from_table({**table, "data": {"train": "d.jsonl"}})
    told = [
        ("1/trainer", Row(s.T0 + step, step, {"loss": 3.0, "learning_rate": 1e-4 * step}))
        for step in (1, 2, 3)
    ]
    run = shelves.run(logs, project, wanted, told)
    saved = project / "checkpoint-3"
    saved.mkdir()
    kept = {"step": 3, "holds": ["weights"], "files": {}, **({"phase_end": ends} if ends else {})}
    (saved / "MANIFEST.json").write_text(json.dumps(kept))
    view = RunReader(run).poll()
    spec = proving.proof(continuing.here(run, wanted), view, Restart(str(saved), 3))
    assert [rate for _, _, rate in spec["points"]] == (
        [None] * 3 if ends else pytest.approx([1e-4, 2e-4, 3e-4])
    )
