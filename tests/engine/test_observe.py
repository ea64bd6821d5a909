"""Checkpoints as they lie on the disk, and the terms of a run."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from engine.events import keeper as k
from engine.events import trainer as t
from engine.observe import MANIFEST, Observer, inspect, look_at_disk
from engine.status import Seen
from tests.support import journals
from tests.support import stories as s
from tests.support.tales import told


def checkpoint(folder: Path, **files: bytes) -> str:
    """A folder with a manifest over its files; the manifest's SHA-256."""
    folder.mkdir(parents=True)
    entries = {}
    for name, content in files.items():
        (folder / name).write_bytes(content)
        entries[name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    manifest = json.dumps({"schema": 1, "step": 1, "files": entries}).encode()
    (folder / MANIFEST).write_bytes(manifest)
    return hashlib.sha256(manifest).hexdigest()


GOOD, BAD, UNKNOWN, GONE = (Seen(True, v) for v in (True, False, None, None))
GONE = Seen(False, None)


def test_a_whole_checkpoint_is_verified(tmp_path: Path) -> None:
    mark = checkpoint(tmp_path / "ck", weights=b"abc", state=b"")
    assert inspect(tmp_path / "ck", mark) == GOOD
    assert inspect(tmp_path / "ck", None, hashes=True) == GOOD
    assert inspect(tmp_path / "ck", "another") == BAD


def test_what_is_cut_missing_or_changed_is_not(tmp_path: Path) -> None:
    for number, spoil in enumerate(("cut", "missing", "link", "folder")):
        folder = tmp_path / str(number)
        checkpoint(folder, weights=b"abc")
        file = folder / "weights"
        if spoil == "cut":
            file.write_bytes(b"ab")
        else:
            file.unlink()
        if spoil == "link":
            file.symlink_to(folder / MANIFEST)
        if spoil == "folder":
            file.mkdir()
        assert inspect(folder, None) == BAD, spoil


def test_a_changed_byte_is_found_by_reading_them_all(tmp_path: Path) -> None:
    checkpoint(tmp_path / "ck", weights=b"abc")
    (tmp_path / "ck" / "weights").write_bytes(b"abX")
    assert inspect(tmp_path / "ck", None) == GOOD
    assert inspect(tmp_path / "ck", None, hashes=True) == BAD


def test_a_foreign_checkpoint_is_neither(tmp_path: Path) -> None:
    (tmp_path / "checkpoint-10").mkdir()
    assert inspect(tmp_path / "checkpoint-10", None) == UNKNOWN
    assert inspect(tmp_path / "nothing", None) == GONE


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"[]",
        b"{}",
        b"[" * 99_999,
        b'{"files":[]}',
        b'{"files":{"a":1}}',
        b'{"files":{"\\u0000":{}}}',
        b'{"files":{"a":{"bytes":"1"}}}',
    ],
)
def test_a_broken_manifest_verifies_nothing(manifest: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / MANIFEST).write_bytes(manifest)
    assert inspect(tmp_path, None).verified is False


def test_a_pipe_called_manifest_holds_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / MANIFEST)
    assert inspect(tmp_path, None) == UNKNOWN


def test_relative_paths_begin_where_the_trainer_was_started(tmp_path: Path) -> None:
    mark = checkpoint(tmp_path / "work" / "out" / "ck", weights=b"abc")
    opened = ("keeper", k.AttemptOpened(s.T0, 1, "local", (), str(tmp_path / "work"), "launch"))
    saved = ("1/trainer", t.Saved(s.T0 + 1, 5, "out/ck", 3, mark))
    seen = look_at_disk(s.view(s.accepted(), opened, saved))
    assert seen == {(1, "out/ck"): GOOD}


def test_another_machines_paths_are_not_looked_for_here(tmp_path: Path) -> None:
    checkpoint(tmp_path / "ck", weights=b"abc")
    far = ("keeper", k.Accepted(s.T0, 1, "r", "p", "d", "pod", "0", "/"))
    saved = ("1/trainer", t.Saved(s.T0 + 1, 5, str(tmp_path / "ck"), 3, "m"))
    assert look_at_disk(s.view(far, s.opened(), saved)) == {}


def test_the_job_sets_thresholds_total_and_price(tmp_path: Path) -> None:
    run = journals.write(tmp_path, told("DIVERGING"))
    assert [need.alarm for need in Observer(run).status().needs if need.alarm == "nan"] == ["nan"]
    journals.job(run, total=77, alerts={"nan": 0}, limits={"price_hour": 2.0, "dollars": "x"})
    status = Observer(run).status()
    assert "nan" not in [need.alarm for need in status.needs]
    assert (status.cost.rate, status.cost.cap) == (2.0, None)
    run.attempt(1).job.write_bytes(b"\xff{")
    assert Observer(run).status().cost.rate is None


def test_before_the_first_attempt_the_profile_speaks(tmp_path: Path) -> None:
    run = journals.write(tmp_path, told("QUEUED"))
    run.profile.write_text(json.dumps({"train": {"max_steps": 9}, "limits": {"dollars": 3}}))
    status = Observer(run).status()
    assert (status.total, status.cost.cap) == (9, 3.0)


def test_the_newest_attempts_job_counts(tmp_path: Path) -> None:
    run = journals.write(tmp_path, told("LIVE"))
    observer = Observer(run)
    journals.job(run, limits={"price_hour": 1.0})
    assert observer.status().cost.rate == 1.0
    journals.write(tmp_path, s.opened(2, "crash"))
    journals.job(run, 2, limits={"price_hour": 2.0})
    assert observer.status().cost.rate == 2.0


def test_an_old_job_has_its_gates_and_bands_from_the_profile(tmp_path: Path) -> None:
    run = journals.write(tmp_path, told("DONE"))
    journals.job(run)
    run.profile.write_text(
        json.dumps({"gates": {"loss": "< 1"}, "expect": {"loss": {"range": [5, 6]}}})
    )
    assert Observer(run).status().exit_status == 7
    journals.job(run, gates={"loss": "< 100"}, expect={}, log={})
    assert Observer(run).status().exit_status == 0


def test_a_scripts_own_checkpoints_are_found_and_nobody_vouches_for_them(
    home: Path, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    for step in (20, 100):
        (work / "out" / f"checkpoint-{step}").mkdir(parents=True)
    opened = ("keeper", k.AttemptOpened(s.T0, 1, "local", (), str(work), "launch"))
    mark = checkpoint(work / "out" / "checkpoint-60", weights=b"x")
    saved = ("1/trainer", t.Saved(s.T0 + 1, 60, "out/checkpoint-60", 1, mark))
    story = [s.accepted(), opened, *s.started(), *s.rows([1.0] * 110), saved]
    for logs, names in (
        (home / "logs", ["checkpoint-60", "checkpoint-20", "checkpoint-100"]),
        (tmp_path / "recordings", ["checkpoint-60"]),
    ):
        run = journals.write(logs, story)
        run.profile.write_text(json.dumps({"checkpoints": {"glob": ["out/checkpoint-*"]}}))
        status = Observer(run).status()
        assert [one.name for one in status.checkpoints] == names
        assert [one.verified for one in status.checkpoints] == [True, None, None][: len(names)]
        assert status.at_risk.newest_safe == "checkpoint-60"
