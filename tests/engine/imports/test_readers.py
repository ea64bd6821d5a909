"""Files really written by TensorBoard's and W&B's own libraries, whole, torn and damaged."""

from __future__ import annotations

import gzip
import io
import json
import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.imports import leveldb, tfevents, wandb
from engine.imports.told import Found, Names

RECORDED = gzip.decompress((Path(__file__).parent / "files/tensorboardx.tfevents.gz").read_bytes())


def rows(blocks: Iterator[bytes]) -> list[dict[str, Any]]:
    return [json.loads(text) for text in b"".join(blocks).splitlines()]


def events(data: bytes) -> list[dict[str, Any]]:
    return rows(tfevents._Reader(io.BytesIO(data), Found(), "", Names()).blocks())


def f32(value: float) -> float:
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


def log(files: Path) -> Path:
    return next((files / "wandb").rglob("*.wandb"))


def test_tensorboardx_is_read_to_the_last_digit(files: Path) -> None:
    found = Found()
    told = rows(tfevents.lines(next((files / "tb").iterdir()), found))
    assert found.unread == [] and [row["step"] for row in told] == list(range(301))
    losses = {row["step"]: row["loss"] for row in told[:300]}
    assert losses == {step: f32(4 * math.exp(-step / 100)) for step in range(300)}
    evals = {row["step"]: row["eval_loss"] for row in told if "eval_loss" in row}
    assert evals == dict.fromkeys(range(0, 300, 50), 1.5)
    assert told[-1]["loss"] == "nan" and told[7]["learning_rate"] == f32(7e-3)


def test_torchs_writer_is_read_to_the_last_digit(files: Path) -> None:
    told = rows(tfevents.lines(next((files / "torch").iterdir()), Found()))
    assert [(r["step"], r["loss"]) for r in told] == [(s, f32(2 / (s + 1))) for s in range(100)]


def test_what_repeats_and_what_is_read_one_by_one_is_the_same(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = events(RECORDED)
    monkeypatch.setattr("engine.imports.repeats.LEAST", 10**9)
    monkeypatch.setattr(tfevents, "CHUNK", 100)
    assert events(RECORDED) == fast


@given(st.integers(0, len(RECORDED) - 1))
def test_a_torn_file_gives_what_is_whole(cut: int) -> None:
    whole, part = events(RECORDED), events(RECORDED[:cut])
    assert part[:-1] == whole[: max(len(part) - 1, 0)]


def test_a_damaged_length_ends_the_reading_and_is_said(files: Path) -> None:
    path = next((files / "tb").iterdir())
    data = bytearray(RECORDED)
    # The begin of a record: 12 bytes of length, 9 of time, 2 or 3 of step, then summary and value.
    data[data.index(b"train/loss", 9000) - 30 : data.index(b"train/loss", 9000) - 22] = b"\xff" * 8
    path.write_bytes(data)
    found = Found()
    told = rows(tfevents.lines(path, found))
    assert 50 < len(told) < 300 and len(found.unread) == 1


def test_wandb_is_read_to_the_last_digit(files: Path) -> None:
    found = Found()
    told = rows(wandb.lines(log(files), found))
    assert (found.code, found.name, found.unread) == (3, "my run", [])
    assert found.facts["config"]["nested"] == {"a": 1}
    for step, row in enumerate(told[:200]):
        want = {150: "nan", 151: "inf"}.get(step, 4 * math.exp(-step / 100))
        assert row["loss"] == (want if isinstance(want, str) else pytest.approx(want, rel=1e-15))
        assert row["step"] == step and row["accuracy"] == step / 200 and row["t"] > 1.7e9
    odd = told[200]
    assert (odd["big"], odd["nest/x/y"], odd["ünï"]) == (1e20, 3.5, 2.5)
    assert {"weird", "img", "hist", "flag"}.isdisjoint(odd)
    wide = {name: value for row in told[201:] for name, value in row.items() if name[0] == "m"}
    assert wide == {f"m{i}": i for i in range(300)} and {row["step"] for row in told[201:]} == {201}


def test_the_usual_and_the_careful_way_agree(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = rows(wandb.lines(log(files), Found()))
    monkeypatch.setattr(wandb.History, "_usual", lambda self, items: pytest.fail("not here"))
    monkeypatch.setattr(wandb, "_AROUND", 10**6)
    assert rows(wandb.lines(log(files), Found())) == fast


def test_a_damaged_block_costs_itself_alone(files: Path) -> None:
    path = log(files)
    data = bytearray(path.read_bytes())
    assert len(data) > leveldb.BLOCK
    whole = rows(wandb.lines(path, Found()))
    data[12_000] ^= 0xFF
    path.write_bytes(data)
    found = Found()
    left = rows(wandb.lines(path, found))
    assert 0 < len(left) < len(whole) and "damaged" in found.unread[0]
    assert left[-1] == whole[-1], "the control: the next block is read"


def test_a_log_that_is_still_written_is_read_so_far(files: Path) -> None:
    path = log(files)
    whole = rows(wandb.lines(path, Found()))
    path.write_bytes(path.read_bytes()[:20_000])
    found = Found()
    part = rows(wandb.lines(path, found))
    assert part == whole[: len(part)] and len(part) > 10 and found.code is None
    assert "torn" in found.unread[0]


@given(st.binary(max_size=300))
def test_rubbish_is_counted_and_never_an_error(data: bytes) -> None:
    found = leveldb.Log(io.BytesIO(wandb.HEADER + data), len(wandb.HEADER))
    assert list(found.records()) == [] or found.lost + found.torn <= len(data)
    events(data)
    events(RECORDED[:100] + data)
