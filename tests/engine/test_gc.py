"""What goes and what never does."""

from __future__ import annotations

import os
import time
from pathlib import Path

from engine import gc, index
from engine.journal import Writer
from engine.runs import Run
from tests.support import journals
from tests.support.tales import told

DAY = 86400.0
NOW = time.time()


def aged(run: Run, days: float) -> Run:
    for path in run.folder.rglob("*"):
        os.utime(path, (NOW - days * DAY,) * 2)
    return run


def found(logs: Path, older_days: float | None = None) -> list[tuple[str, str]]:
    older = None if older_days is None else older_days * DAY
    return [(item.path.name, item.why) for item in gc.find(logs, NOW, older)]


def test_caches_and_old_temporary_files_go(tmp_path: Path) -> None:
    run = journals.write(tmp_path, told("DONE"))
    index.row(run)
    for name in ("a.tmp", "requests/b.tmp", "attempts/1/c.tmp", "attempts/1/console.log"):
        (run.folder / name).write_text("x")
    aged(run, 1)
    (run.folder / "fresh.tmp").write_text("x")
    kinds = {"cache": [".cache"], "leftover": ["a.tmp", "b.tmp", "c.tmp"]}
    assert sorted(found(tmp_path)) == sorted(
        (name, why) for why, names in kinds.items() for name in names
    )
    for item in gc.find(tmp_path, NOW):
        assert gc.remove(item)
    assert found(tmp_path) == []
    assert (run.folder / "fresh.tmp").exists() and run.attempt(1).console.exists()


def test_runs_go_only_when_final_old_and_asked_for(tmp_path: Path) -> None:
    names = {"DONE": 40, "FAILED 3": 40, "LIVE": 40, "RECOVERING": 40, "STOPPED": 5}
    for index_, (name, days) in enumerate(names.items()):
        aged(journals.write(tmp_path, told(name), run_id=f"r{index_}-20260921-000000-abcd"), days)
    assert [name for name, why in found(tmp_path) if why == "old run"] == []
    old = sorted(name[:2] for name, why in found(tmp_path, 30) if why == "old run")
    assert old == ["r0", "r1"]


def test_a_run_that_is_held_by_a_keeper_stays(tmp_path: Path) -> None:
    run = aged(journals.write(tmp_path, told("DONE")), 40)
    (item,) = gc.find(tmp_path, NOW, 30 * DAY)
    keeper = Writer(run.keeper)
    assert not gc.remove(item) and run.folder.exists()
    keeper.close()
    assert gc.remove(item) and not run.folder.exists()


def test_a_run_that_came_to_life_meanwhile_stays(tmp_path: Path) -> None:
    run = aged(journals.write(tmp_path, told("DONE")), 40)
    (item,) = gc.find(tmp_path, NOW, 30 * DAY)
    journals.write(tmp_path, told("RESUMED")[-6:])
    assert not gc.remove(item) and run.keeper.exists()


def test_a_removal_that_was_cut_short_is_finished(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    run = journals.write(logs, told("DONE"))
    os.rename(run.folder, logs / (gc.TRASH + run.id))
    (logs / ".trash-of-somebody-else").mkdir()
    assert found(logs) == [(gc.TRASH + run.id, "leftover")]
    for item in gc.find(logs, NOW):
        assert gc.remove(item)
    assert [path.name for path in logs.iterdir()] == [".trash-of-somebody-else"]


def test_links_are_removed_and_never_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "weights").write_bytes(b"x" * 1000)
    run = journals.write(tmp_path / "logs", told("DONE"))
    (run.folder / "link").symlink_to(precious)
    (run.folder / ".cache").symlink_to(precious)
    aged(run, 40)
    assert found(tmp_path / "logs") == []
    for item in gc.find(tmp_path / "logs", NOW, 0):
        assert gc.remove(item)
    assert not run.folder.exists() and (precious / "weights").exists()
