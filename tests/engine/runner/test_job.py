"""A job is followed exactly or not at all."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from engine.runner import job

LEAST = {"run": "r", "argv": ["true"], "cwd": "/"}


def test_what_is_left_out_has_its_default() -> None:
    made = job.of(LEAST)
    assert (made.argv, made.beat_s, made.grace_s, made.save_signal) == (("true",), 5.0, 30.0, None)
    assert made.limits == job.Limits()


def test_everything_is_read() -> None:
    limits = {"hours": 1, "dollars": 2.5, "price_hour": 0.5, "idle_minutes": 3, "then": "keep"}
    made = job.of({**LEAST, "limits": limits, "save_signal": "SIGUSR1", "env": {"A": "b"}})
    assert made.limits == job.Limits(1, 2.5, 0.5, 3, "keep")
    assert (made.save_signal, made.env) == (signal.SIGUSR1, {"A": "b"})


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"argv": []}, "argv"),
        ({"argv": "true"}, "argv"),
        ({"argv": ["true", 3]}, "argv"),
        ({"argv": ["tr\0ue"]}, "argv"),
        ({"cwd": None}, "cwd"),
        ({"env": {"A": 1}}, "env"),
        ({"env": {"A=B": "c"}}, "env"),
        ({"env": ["A"]}, "env"),
        ({"grace_s": -1}, "grace_s"),
        ({"beat_s": "soon"}, "beat_s"),
        ({"beat_s": float("inf")}, "beat_s"),
        ({"limits": {"hours": "nan"}}, "hours"),
        ({"save_signal": "SIGWHAT"}, "save_signal"),
        ({"secrets": [1]}, "secrets"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(job.BadJob, match=named):
        job.of({**LEAST, **wrong})


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 2}', "[" * 100000])
def test_a_file_that_is_no_job_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text(text)
    with pytest.raises(job.BadJob, match=r"job\.json"):
        job.read(str(tmp_path / "job.json"))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(job.BadJob, match="No such file"):
        job.read(str(tmp_path / "job.json"))


def test_a_job_survives_its_file(tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text(json.dumps(LEAST))
    assert job.read(str(tmp_path / "job.json")) == job.of(LEAST)
