"""A glance at a run shows true rows of it, from its first to its last."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.columns import Columns, preview
from tests.engine.columns.same import plain


def journal(path: Path, length: int, wide: int = 40) -> Path:
    rows = ({"step": at, "loss": 1 / (at + 1), "note": "x" * (at % wide)} for at in range(length))
    path.write_bytes(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    return path


@pytest.mark.parametrize("wide", [40, 3000])
def test_rows_from_first_to_last_evenly_spread(tmp_path: Path, wide: int) -> None:
    path = journal(tmp_path / "trainer.jsonl", 50_000 if wide == 40 else 2_000, wide)
    made = Columns()
    made.feed(path.read_bytes())
    whole, found = made.table(), preview(path, 500)
    assert found.preview and not whole.preview
    assert (found.step[0], found.step[-1]) == (0, len(whole) - 1)
    assert 300 < len(found) <= 500
    assert (np.diff(found.step) > 0).all()
    assert np.diff(found.ends).max() < 4 * path.stat().st_size / 500 + 2 * wide
    at = np.searchsorted(whole.ends, found.ends)
    assert plain(whole.ends[at]) == plain(found.ends)
    assert plain(whole.metrics["loss"].values[at]) == plain(found.metrics["loss"].values)


def test_a_torn_end_is_not_shown(tmp_path: Path) -> None:
    path = journal(tmp_path / "trainer.jsonl", 50_000)
    with path.open("ab") as end:
        end.write(b'{"step":77')
    assert preview(path).step[-1] == 49_999


def test_a_short_run_is_shown_whole(tmp_path: Path) -> None:
    found = preview(journal(tmp_path / "trainer.jsonl", 100), 10)
    assert (len(found), found.preview) == (100, False)


@pytest.mark.parametrize("data", [b"", b"\n", b"x" * (3 << 20), b"\x00\n" * (1 << 20)])
def test_a_file_without_rows_is_empty(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "trainer.jsonl"
    assert len(preview(path)) == 0
    path.write_bytes(data)
    assert len(preview(path)) == 0
