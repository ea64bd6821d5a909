"""Every kind of file as a stream of records; what cannot be read is named by its line and the rest is read."""

from __future__ import annotations

import json
import os
import tracemalloc
from pathlib import Path

import pytest

from engine.data import reading, units
from engine.data.reading import lines, read_records, read_rows
from engine.data.rows import Fault, Row
from engine.errors import Problem
from tests.engine.data import grain

ROW = {"instruction": "Q", "output": "A"}
LINE = json.dumps(ROW)


def faults(path: Path) -> dict[str, str]:
    found = [value for _, value in read_records([path]) if isinstance(value, Fault)]
    return {fault.where.removeprefix(str(path)): fault.reason for fault in found}


@pytest.mark.parametrize(
    ("name", "text", "count"),
    [
        ("r.jsonl", f"{LINE}\n\n{LINE}\n{LINE}", 3),
        ("r.json", json.dumps([ROW] * 3, indent=1), 3),
        ("r.json", "\ufeff" + json.dumps([ROW] * 3), 3),
        ("r.json", LINE, 1),
        ("r.json", "[]", 0),
        ("r.csv", 'instruction,output\nQ,A\n"Q,\n2",A\n', 2),
        ("r.txt", "a tale\n\n\nanother\nof two lines\n\n\n\n\n", 2),
        ("r.jsonl", '\ufeff{"instruction": "Q", "output": NaN}\n' + LINE, 2),
        ("r.jsonl", "", 0),
    ],
)
def test_files_of_every_kind(name: str, text: str, count: int, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text)
    found = list(read_records([path]))
    assert len(found) == count and not faults(path)


@pytest.mark.parametrize(
    ("name", "text", "where", "reason", "good"),
    [
        ("r.jsonl", f"{LINE}\n{{broken\n{LINE}\n", ":2", "not JSON", 2),
        ("r.jsonl", LINE + "\n" + '{"instruction": "\\ud800"}' + "\n", ":2", "surrogate", 1),
        ("r.json", f"[{LINE},\n{LINE},\n{{broken\n, {LINE}]", "[3]", "not JSON at line 3", 2),
        (
            "r.json",
            f"[{LINE},\n{{broken\n, {LINE}]",
            "[2]",
            "what follows in this file is not read",
            1,
        ),
        ("r.json", f"[{LINE}, {LINE}", "[3]", "the list has no end", 2),
        ("r.json", "nothing", "[1]", "not JSON at line 1", 0),
        ("r.csv", "instruction,output\nQ,A,more\nQ,A\n", ":2", "more cells than columns", 1),
        ("r.csv", 'instruction,output\nQ,A\n"Q" x,A\n', ":3", "not CSV", 1),
        (
            "r.csv",
            'instruction,output\nQ,A\n"Q" x,A\nQ,A\n',
            ":3",
            "what follows in this file is not read",
            1,
        ),
    ],
)
def test_what_cannot_be_read_is_named(
    name: str, text: str, where: str, reason: str, good: int, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text(text)
    found = faults(path)
    assert reason in found[where]
    assert sum(not isinstance(v, Fault) for _, v in read_records([path])) == good


def test_nesting_without_end_is_named(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text("[" * 100_000 + "\n" + LINE)
    assert "not JSON" in faults(path)[":1"]


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(b'{"instruction": "caf\xe9"}\n' + LINE.encode())
    assert faults(path) == {":1": "not UTF-8 at byte 21"}


HOLE = (2 << 30) if os.getenv("SOAK") else (48 << 20)


def test_a_line_of_gigabytes_is_passed_over_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(LINE + "\n")
    with path.open("r+b") as file:
        # a hole: zeros that take no room on the disk
        file.seek(HOLE)
        file.write(b"\n" + LINE.encode() + b"\n")
    tracemalloc.start()
    found = list(lines(path, 1 << 20))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [line.number for line in found] == [1, 2, 3]
    assert found[1].data is None and found[1].at + found[1].size == found[2].at
    assert peak < 8 << 20 < HOLE


def test_a_text_without_an_end_is_read_in_little_memory(tmp_path: Path) -> None:
    """Both by who reads rows and by who shares them out."""
    path = tmp_path / "r.txt"
    with path.open("wb") as file:
        file.seek(HOLE)
        file.write(b"\n\n\nanother\n")
    tracemalloc.start()
    sizes = [len(record["text"]) for _, record in read_records([path])]
    parts = units.units([str(path)])
    shared = [len(row.turns[0].text) for unit in parts for _, row in units.rows(unit, "text")]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(sizes) == HOLE // reading.DOCUMENT + 1 and len(parts) > 5
    assert sizes[-1] == shared[-1] == len("another\n")
    assert sum(shared) == sum(sizes) - (len(sizes) - 2) >= HOLE
    assert peak < 40 << 20 < HOLE


def test_a_long_line_is_a_fault_and_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(LINE + "\n" + json.dumps({"text": "x" * 5000}) + "\n" + LINE + "\n")
    monkeypatch.setattr(lines, "__defaults__", (1000, 0))
    found = [isinstance(row, Row) for row in read_rows([path], "auto")]
    assert found == [True, False, True]
    assert "a line of" in faults(path)[":2"]


def test_a_list_longer_than_memory_is_read_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PIECE", 50)
    path = tmp_path / "r.json"
    rows = [grain.row("tax", "easy", n) for n in range(50)]
    path.write_text(json.dumps(rows, indent=2))
    assert [value for _, value in read_records([path])] == rows


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="no file"):
        list(read_records([tmp_path / "none.jsonl"]))


def test_parquet(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "r.parquet"
    parquet.write_table(pyarrow.Table.from_pylist([ROW] * 3), path)
    assert [value for _, value in read_records([path])] == [ROW] * 3
    path.write_bytes(path.read_bytes()[:40])
    assert "not Parquet" in faults(path)["[1]"]
