"""The fast list: what is final and unchanged is not folded again, and nothing else is believed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import index
from engine.events import Row, encode
from engine.runs import Run
from tests.support import journals
from tests.support import stories as s
from tests.support.tales import TALES, told

FINAL = ("DONE", "STOPPED", "FAILED 3", "LOST", "OOM", "LIMIT")


def cached(run: Run) -> Path:
    return run.cache / "row.json"


def forge(run: Run, **changed: object) -> None:
    """Write other words into the cache: if they come back, the cache was believed."""
    kept = json.loads(cached(run).read_text())
    kept["row"].update(changed)
    cached(run).write_text(json.dumps(kept))


@pytest.mark.parametrize("name", FINAL)
def test_a_final_run_is_folded_once(name: str, tmp_path: Path) -> None:
    run = journals.write(tmp_path, told(name))
    fresh = index.row(run)
    assert index.row(run) == fresh and not index.is_live(fresh)
    forge(run, word="FORGED")
    assert index.row(run)["word"] == "FORGED"


@pytest.mark.parametrize("name", sorted(set(TALES) - set(FINAL) - {"DONE"}))
def test_a_live_run_is_folded_every_time(name: str, tmp_path: Path) -> None:
    run = journals.write(tmp_path, told(name))
    found = index.row(run)
    assert cached(run).exists() != index.is_live(found)


def grown(run: Run) -> None:
    journals.append(run.attempt(1).trainer, encode(Row(s.T0, 999, {"loss": 1.0})))


def rewritten(run: Run) -> None:
    """Same size, other content, as an editor leaves it."""
    path = run.attempt(1).trainer
    path.write_bytes(path.read_bytes().replace(b"3.02", b"3.01"))


def resumed(run: Run) -> None:
    journals.write(run.folder.parent, s.opened(2, "resume"))


def retold(run: Run) -> None:
    journals.job(run, total=500)


@pytest.mark.parametrize("change", [grown, rewritten, resumed, retold])
def test_any_change_of_a_segment_is_seen(change: Callable[[Run], None], tmp_path: Path) -> None:
    run = journals.write(tmp_path, told("FAILED 3"))
    index.row(run)
    forge(run, word="FORGED")
    change(run)
    assert index.row(run)["word"] != "FORGED"


def test_a_checkpoint_that_goes_away_is_seen(tmp_path: Path) -> None:
    from engine.events import trainer as t

    folder = tmp_path / "step-40"
    folder.mkdir()
    (folder / "MANIFEST.json").write_text(json.dumps({"files": {}}))
    saved = ("1/trainer", t.Saved(s.T0 + 41, 40, str(folder), 0, None))
    run = journals.write(tmp_path / "logs", told("FAILED 3")[:-2], saved, s.exited(3), s.closed())
    assert index.row(run)["at_risk_steps"] == 10
    (folder / "MANIFEST.json").unlink()
    assert index.row(run)["at_risk_steps"] == 50


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"key":1}', b"\xff", b"[" * 100_000, b'{"key":[],"saved":{},"row":{}}'],
)
def test_a_broken_cache_is_no_cache(content: bytes, tmp_path: Path) -> None:
    run = journals.write(tmp_path, told("DONE"))
    fresh = index.row(run)
    cached(run).write_bytes(content)
    assert index.row(run) == fresh


def test_a_cached_row_of_the_wrong_shape_is_not_believed(tmp_path: Path) -> None:
    run = journals.write(tmp_path, told("DONE"))
    fresh = index.row(run)
    for wrong in ({"step": "many"}, {"extra": 1}, {"word": None}):
        forge(run, **wrong)
        assert index.row(run) == fresh


@pytest.mark.needs("root")
def test_a_folder_that_cannot_be_written_is_read_all_the_same(tmp_path: Path) -> None:
    """Root may write anywhere, so the cache's place is taken by a file."""
    run = journals.write(tmp_path, told("DONE"))
    run.cache.write_text("in the way")
    assert index.row(run)["word"] == "DONE"


def test_caches_are_private(tmp_path: Path) -> None:
    run = journals.write(tmp_path, told("DONE"))
    index.row(run)
    assert os.stat(cached(run)).st_mode & 0o777 == 0o600
