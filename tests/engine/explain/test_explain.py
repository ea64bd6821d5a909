"""The cards where people meet them: the verb, `status` of a run that failed, and its replay."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from engine.events import runner as r
from engine.runs import Run
from tests.support import journals
from tests.support.cli import Engine, caller
from tests.support.stories import T0, Told, closed
from tests.support.tales import LEARNED

OOM = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has"
HINT = "Token indices sequence length is longer than the specified maximum sequence length for this model (9 > 8)"


def failed(*tail: str) -> list[Told]:
    end = ("1/runner", r.Exited(T0 + 60, 1, None, False, 59.0, None, tail))
    return [*LEARNED, end, closed()]


@pytest.fixture
def engine(capsys: pytest.CaptureFixture[str]) -> Engine:
    return caller(capsys)


def test_status_says_why_it_failed_and_what_to_do(engine: Engine, home: Path) -> None:
    journals.write(home / "logs", failed("Traceback", OOM, HINT))
    (table,) = engine("status", "@", "--json").valid("status")
    [need] = table["needs"]
    assert "no room for 2.00 GiB" in need["detail"] and "micro_batch" in need["fix"]
    played = engine("replay", "@", "--speed", "max", "--json").valid("status")
    assert played[-1]["needs"] == table["needs"]


def test_a_hint_is_never_why_it_failed(engine: Engine, home: Path) -> None:
    journals.write(home / "logs", failed("boom", HINT))
    (table,) = engine("status", "@", "--json").valid("status")
    assert "Harmless" not in table["needs"][0]["detail"]


def test_a_broken_file_of_cards_takes_nothing_from_status(engine: Engine, home: Path) -> None:
    journals.write(home / "logs", failed(OOM))
    (home / "cards.toml").write_text("[[card]\n")
    assert engine("status", "@", "--json").status == 0
    answer = engine("explain", "@")
    assert answer.status in (2, 4) and "engine: " in answer.err


def test_a_runs_console_is_explained(engine: Engine, home: Path) -> None:
    run: Run = journals.write(home / "logs", failed())
    run.attempt(1).console.write_text(f"start\n\x1b[31m{OOM}\x1b[0m\nend\n")
    (value,) = engine("explain", "@", "--json").valid("explain")
    assert (value["card"], value["number"]) == ("cuda-oom", 2)
    spoken = engine("explain", "@").out
    assert "PYTORCH_CUDA_ALLOC_CONF" in spoken and "\x1b" not in spoken


def test_a_file_and_standard_input_are_explained(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.log"
    path.write_text("Permissions 0644 for '/k/a b' are too open.\n")
    assert "chmod 600 '/k/a b'" in engine("explain", str(path)).out
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(OOM.encode())))
    assert engine("explain", "-", "--json").valid("explain")[0]["card"] == "cuda-oom"


def test_nothing_to_explain_is_said(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "x.log").write_text("all is well\n")
    answer = engine("explain", str(tmp_path / "x.log"))
    assert (answer.status, answer.out) == (0, "") and "no card" in answer.err
    assert engine("explain", "nosuchrun").status == 4
