"""The names of runs: the newest is the one that was made last, within a second, too."""

from __future__ import annotations

from pathlib import Path

from engine import runs


def test_runs_of_one_second_are_told_apart_by_when_they_were_made(tmp_path: Path) -> None:
    """Whatever their names: `@` is the last one made, not the last of the alphabet."""
    first = runs.create("zebra", tmp_path, 1000.25)
    then = runs.create("ant", tmp_path, 1000.5)
    last = runs.create("mouse", tmp_path, 1001.0)
    assert [run.id for run in runs.every(tmp_path)] == [last.id, then.id, first.id]
    (then.folder / "keeper.jsonl").touch()
    assert runs.find("ant", tmp_path) == then
    last.requests.rmdir()
    last.folder.rmdir()
    assert runs.find("@", tmp_path) == then


def test_runs_of_one_moment_all_have_a_folder_and_stay_in_order(tmp_path: Path) -> None:
    made = [runs.create("same", tmp_path, 1000.99999).id for _ in range(50)]
    assert len(set(made)) == 50 and made == sorted(made)
    assert all(runs.ID.fullmatch(name) for name in made)
