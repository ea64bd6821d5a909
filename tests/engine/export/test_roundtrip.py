"""What is written for TensorBoard and W&B is read back as it was: steps, times, values, gaps, what is no number."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np
import pytest

from engine.curves import whole
from engine.events import Row
from engine.imports import crc
from engine.rows import steps
from engine.runs import Run, find
from tests.support import journals
from tests.support import stories as s
from tests.support.cli import Engine
from tests.support.shelf import PROFILE, falling, shelved, with_

WIDE = "w" * 110
STEPS = (0, 1, 127, 128, 300, 16383, 16384, 2_000_000, 5_000_000_000)
VALUES = (1.5, -2.25, math.nan, math.inf, -math.inf, 0.0, 1e-30, 3.0, 4.0)


def odd(logs: Path) -> Run:
    """Steps of every width, rows that tell different metrics, numbers that are none."""
    told = [
        (
            "1/trainer",
            Row(
                s.T0 + 2 + at, step, {"loss": value, **({"eval_loss": 0.5} if at % 3 == 0 else {})}
            ),
        )
        for at, (step, value) in enumerate(zip(STEPS, VALUES, strict=True))
    ]
    return journals.write(
        logs, s.live(), told, s.exited(), s.closed(), run_id="odd-20260921-000009-abc9"
    )


def told(run: Run, digits: bool) -> list[tuple[int | None, float, dict[str, str]]]:
    """Comparable rows; TensorBoard's numbers have 32 bits."""
    kept = (lambda v: repr(v)) if digits else (lambda v: repr(float(np.float32(v))))
    return [
        (one.step, one.t or 0.0, {k: kept(v) for k, v in one.values.items()}) for one in steps(run)
    ]


def back(engine: Engine, logs: Path, path: Path) -> Run:
    [name] = engine("import", str(path)).out.split()
    return find(name, logs)


@pytest.mark.parametrize("form", ["tensorboard", "wandb"])
@pytest.mark.parametrize("which", ["odd", "usual"])
def test_it_comes_back(engine: Engine, logs: Path, tmp_path: Path, form: str, which: str) -> None:
    run = odd(logs) if which == "odd" else shelved(logs, 1, falling())
    [value] = engine("export", run.id, "--to", form, "--out", str(tmp_path / "x"), "--json").valid(
        "export"
    )
    found = back(engine, logs, Path(value["path"]))
    digits = form == "wandb"
    assert told(found, digits) == told(run, digits) and value["rows"] == len(told(run, digits))


def test_wandb_keeps_how_it_ended_and_what_was_asked(
    engine: Engine, logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", "s3cret-value-of-mine")
    profile = with_(
        PROFILE, secrets={"names": ["MY_TOKEN"]}, model={"base": "s3cret-value-of-mine"}
    )
    run = shelved(logs, 1, falling(), profile)
    engine("export", run.id, "--to", "wandb", "--out", str(tmp_path))
    [folder] = tmp_path.glob("offline-run-*")
    [log] = folder.glob("run-*.wandb")
    assert b"s3cret" not in log.read_bytes() and b"learning_rate" in log.read_bytes()
    found = back(engine, logs, folder)
    assert engine("status", found.id, "--json").valid("status")[0]["exit"]["code"] == 0
    planned = whole(found).view.attempts[0].facts.trainer.planned
    assert planned and planned.facts and planned.facts["config"]["optim"] == {"learning_rate": 1e-4}


def test_every_record_has_the_checksum_of_its_content(
    engine: Engine, logs: Path, tmp_path: Path
) -> None:
    run = odd(logs)
    engine("export", run.id, "--to", "tensorboard", "--out", str(tmp_path / "tb"))
    [path] = (tmp_path / "tb").iterdir()
    data, at, count = path.read_bytes(), 0, 0
    while at < len(data):
        (size,) = struct.unpack_from("<Q", data, at)
        body = data[at + 12 : at + 12 + size]
        assert crc.masked(data[at : at + 8]) == struct.unpack_from("<I", data, at + 8)[0]
        assert crc.masked(body) == struct.unpack_from("<I", data, at + 12 + size)[0]
        assert crc.masked(body + b"x") != struct.unpack_from("<I", data, at + 12 + size)[0]
        at, count = at + 16 + size, count + 1
    assert count == 1 + len(STEPS)


def test_a_long_record_goes_over_blocks(engine: Engine, logs: Path, tmp_path: Path) -> None:
    """Rows longer than a block of 32 KiB, as of a run that tells hundreds of metrics by long names."""
    wide = [
        ("1/trainer", Row(s.T0 + 2 + n, n, {f"m{i:04d}{WIDE}": float(i + n) for i in range(200)}))
        for n in range(20)
    ]
    run = journals.write(logs, s.live(), wide, s.exited(), run_id="wide-20260921-000008-abc8")
    engine("export", run.id, "--to", "wandb", "--out", str(tmp_path))
    [folder] = tmp_path.glob("offline-run-*")
    found = whole(back(engine, logs, folder))
    assert len(found.curves.metrics) == 200 and found.status.step == 19
    _, y = found.curves.points(f"m0199{WIDE}")
    assert list(y) == [199.0 + n for n in range(20)]
