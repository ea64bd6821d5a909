"""What stays, what is exact, what a patch does, what is protected: by values and small files."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine import system
from engine.checkpoints import Checkpoint, retention
from engine.checkpoints.certificate import (
    BUT,
    EXACT,
    REFUSED,
    UNKNOWN,
    batch_words,
    certify,
    scan,
)
from engine.checkpoints.retention import Kept
from engine.errors import Unusable
from engine.profile.tables.proving import Checkpoints, Keep
from engine.shelf import acts, patching, protecting
from tests.support import foreign

ALL = ("weights", "optimizer", "scheduler", "rng", "data")


def saved(step: int, loss: float | None = None, **more: Any) -> Checkpoint:
    metrics = {} if loss is None else {"eval_loss": loss}
    one = Checkpoint(f"c-{step}", f"/out/c-{step}", step, 100, float(step), "committed")
    return dataclasses.replace(one, metrics=metrics, kind="transformers", holds=ALL, **more)


def kept(known: list[Checkpoint], **keep: Any) -> dict[int | None, str | None]:
    plan = retention.plan(known, Checkpoints(keep=Keep(**keep)))
    return {one.checkpoint.step: one.reason for one in plan}


def test_newest_best_every_and_pinned_stay() -> None:
    known = [saved(s, loss=abs(s - 300) / 100) for s in range(100, 1001, 100)]
    known[1] = dataclasses.replace(known[1], pinned=True)
    found = kept(known, newest=2, best=1, every=500)
    stays = {step: reason for step, reason in found.items() if reason}
    assert stays == {200: "pinned", 300: "best", 500: "every 500", 900: "newest", 1000: "newest"}


def test_without_a_rule_all_stay() -> None:
    assert set(kept([saved(1), saved(2)]).values()) == {"all are kept"}


def test_the_only_whole_one_stays_and_broken_ones_are_left_alone() -> None:
    known = [saved(1), saved(2, flaw="cut off"), saved(3, flaw="cut off")]
    assert kept(known, newest=1) == {1: "newest", 2: "broken, left alone", 3: "broken, left alone"}


@given(
    some.lists(some.tuples(some.booleans(), some.booleans()), max_size=12),
    some.integers(1, 4),
    some.integers(0, 3),
)
def test_no_plan_takes_the_last_whole_one(
    flags: list[tuple[bool, bool]], newest: int, best: int
) -> None:
    known = [
        saved(n, loss=float(n % 3), flaw="torn" if torn else None, pinned=pinned)
        for n, (torn, pinned) in enumerate(flags)
    ]
    plan = retention.plan(known, Checkpoints(keep=Keep(newest=newest, best=best)))
    whole = [one for one in plan if one.checkpoint.flaw is None]
    assert not whole or any(one.reason for one in whole)
    assert all(one.reason for one in plan if one.checkpoint.flaw or one.checkpoint.pinned)


def test_deleting_takes_what_was_planned_and_never_all(tmp_path: Path) -> None:
    paths = [foreign.nanogpt(tmp_path / f"c-{n}.pt", n) for n in range(3)]
    known = [dataclasses.replace(saved(n), path=str(p)) for n, p in enumerate(paths)]
    everything = [Kept(one, None) for one in known]
    assert retention.going(everything) == []
    going = retention.going(retention.plan(known, Checkpoints(keep=Keep(newest=1))))
    answer = acts.do(acts.delete([*going, str(tmp_path / "gone.pt")]))
    assert [Path(p).name for p in answer["gone"]] == ["c-0.pt", "c-1.pt"] and answer["bytes"] > 0
    assert [p.name for p in tmp_path.glob("*.pt")] == ["c-2.pt"]
    room = retention.room(known, tmp_path)
    assert room.checkpoints == room.free // 100


THEN: dict[str, Any] = {
    "command": ["python", "train.py", "--batch_size", "4", "--max_steps", "30"],
    "script": {"train.py": "a"},
    "data": {"rows.jsonl": "d"},
    "threads": 1,
    "devices": None,
    "libraries": {"torch": "2.13.0", "transformers": "5.23.0"},
}


def changed(**now: Any) -> list[str]:
    return list(certify(saved(10), THEN, {**THEN, **now}).changed)


def test_nothing_changed_is_bit_exact() -> None:
    assert certify(saved(10), THEN, THEN).sentence == "bit-exact"
    assert certify(saved(10, total=30), THEN, THEN).verdict == EXACT


TEN = {
    "the batch": (
        {"command": [*THEN["command"][:3], "2", *THEN["command"][4:]]},
        "batch_size 4 → 2",
    ),
    "the horizon": ({"command": [*THEN["command"][:5], "60"]}, "max_steps 30 → 60"),
    "the data": ({"data": {"rows.jsonl": "e"}}, "training data has changed"),
    "the threads": ({"threads": 2}, "threads 1 → 2"),
    "a library": (
        {"libraries": {"torch": "2.14.0", "transformers": "5.23.0"}},
        "torch 2.13.0 → 2.14.0",
    ),
    "the script": ({"script": {"train.py": "b"}}, "train.py was edited"),
}


@pytest.mark.parametrize("what", TEN)
def test_each_silent_change_is_said(what: str) -> None:
    now, words = TEN[what]
    assert any(words in clause for clause in changed(**now)), changed(**now)


@pytest.mark.parametrize(
    ("left_out", "words"),
    [
        ("optimizer", "moments begin anew"),
        ("rng", "random numbers differ"),
        ("data", "another order"),
    ],
)
def test_what_the_checkpoint_does_not_hold_is_said(left_out: str, words: str) -> None:
    one = dataclasses.replace(saved(10), holds=tuple(part for part in ALL if part != left_out))
    found = certify(one, THEN, THEN)
    assert found.verdict == BUT and words in found.sentence


@pytest.mark.parametrize("word", ["group_by_length", "ignore_data_skip", "streaming"])
def test_words_that_make_another_training_are_found(word: str) -> None:
    assert len(scan([f"TrainingArguments({word}=True)"])) == 1
    assert scan([f"TrainingArguments({word}=False)"]) == []


def test_what_cannot_be_known_is_never_exact() -> None:
    assert certify(saved(10), None, THEN).verdict == UNKNOWN
    assert certify(dataclasses.replace(saved(10), holds=()), THEN, THEN).verdict == UNKNOWN
    assert certify(saved(10, flaw="torn"), THEN, THEN).verdict == REFUSED
    assert certify(dataclasses.replace(saved(10), holds=("rng",)), THEN, THEN).verdict == REFUSED


def test_the_horizon_inside_the_checkpoint_counts_too() -> None:
    longer = {**THEN, "command": [*THEN["command"][:5], "60"]}
    assert "the horizon 30 → 60" in certify(saved(10, total=30), longer, longer).sentence


def test_a_batch_that_is_made_up_for_is_the_same() -> None:
    then = ["torchrun", "--nproc_per_node=2", "t.py", "--batch_size", "4"]
    assert batch_words(then, ["python", "t.py", "--batch_size", "4", "--grad_accum", "2"]) is None
    assert batch_words(then, ["python", "t.py", "--batch_size", "4"]) == "the effective batch 8 → 4"
    assert "not known" in (batch_words(then, ["python", "t.py"]) or "")
    halved = [*THEN["command"][:3], "2", "--gradient_accumulation_steps", "2"]
    said = changed(command=[*halved, *THEN["command"][4:]])
    assert any("--batch_size 4 → 2: the effective batch stays" in clause for clause in said), said


SCRIPT = "a = 1\nb = 2\nc = 3\nd = 4\n"
DIFF = "--- a/train.py\n+++ b/train.py\n@@ -1,3 +1,3 @@\n a = 1\n-b = 2\n+b = 5\n c = 3\n"


def test_a_patch_changes_a_copy_beside_the_script(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    found = patching.patched(["python", "train.py", "-x"], tmp_path, DIFF, "r1")
    assert found.argv == ("python", ".train.r1.py", "-x")
    assert found.copy.read_text() == SCRIPT.replace("b = 2", "b = 5")
    assert (tmp_path / "train.py").read_text() == SCRIPT and found.script.name == "train.py"


def test_a_patch_finds_its_lines_where_they_moved_and_only_if_there_is_one_place() -> None:
    patch = patching.parse(DIFF)
    assert patching.apply(patch, "# new\n" + SCRIPT) == "# new\n" + SCRIPT.replace("b = 2", "b = 5")
    with pytest.raises(Unusable, match="does not fit train"):
        patching.apply(patch, "x\n" + SCRIPT + SCRIPT)
    with pytest.raises(Unusable, match="does not fit"):
        patching.apply(patch, "other\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [("nothing", "no unified diff"), (DIFF + DIFF.replace("train", "other"), "more than one file")],
)
def test_what_is_no_patch_of_one_script_is_refused(text: str, words: str) -> None:
    with pytest.raises(Unusable, match=words):
        patching.parse(text)


def test_a_patch_of_another_script_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="which the command does not name"):
        patching.patched(["python", "other.py"], tmp_path, DIFF, "r1")


def test_a_copy_survives_deletion_and_overwriting(tmp_path: Path) -> None:
    path = foreign.transformers(tmp_path / "out" / "checkpoint-5", 5)
    before = {f.name: f.read_bytes() for f in path.iterdir()}
    brought = protecting.bring(path, tmp_path / "safe" / "checkpoint-5")
    assert brought.word in ("copy", "reflink")
    for file in path.iterdir():
        file.write_bytes(b"another training")
    assert protecting.give_back(Path(brought.copy or ""), path) == "it was overwritten"
    assert {f.name: f.read_bytes() for f in path.iterdir()} == before
    assert (tmp_path / "out" / "checkpoint-5.not-resumed").is_dir()
    assert protecting.give_back(Path(brought.copy or ""), path) is None


def test_control_a_hard_link_does_not_survive_a_script_that_writes_again(tmp_path: Path) -> None:
    """Why links are taken only for files that the script cannot write to."""
    path = foreign.nanogpt(tmp_path / "ckpt.pt", 5)
    whole = path.read_bytes()
    (tmp_path / "link").hardlink_to(path)
    copy = protecting.bring(path, tmp_path / "safe" / "ckpt.pt")
    path.write_bytes(b"new")
    assert (tmp_path / "link").read_bytes() == b"new"
    assert Path(copy.copy or "").read_bytes() == whole


def test_a_disk_without_room_is_said_and_nothing_half_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = foreign.nanogpt(tmp_path / "ckpt.pt", 5)
    monkeypatch.setattr(protecting, "RESERVE", 1e18)
    monkeypatch.setattr(system, "clone", lambda target, source: False)
    brought = protecting.bring(path, tmp_path / "safe" / "ckpt.pt")
    assert brought.copy is None and "too little room" in brought.word
    assert list((tmp_path / "safe").iterdir()) == []
