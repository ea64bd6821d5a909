"""What a bug report holds, and what it never does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.doctor import examine, folders, nvml, source
from tests.support.cli import validator

VALUE = "correct-horse-battery"


def test_the_report_is_valid_and_holds_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", VALUE)
    table = examine(["HF_TOKEN", "NOWHERE"])
    validator("doctor").validate(table)
    assert table["secrets"] == {"HF_TOKEN": "environment", "NOWHERE": None}
    assert VALUE not in json.dumps(table)


def test_a_secrets_file_is_named_and_one_that_others_can_read_is_refused(home: Path) -> None:
    file = home / "secrets.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(f'MY_KEY = "{VALUE}"\n')
    file.chmod(0o600)
    assert source("MY_KEY") == str(file)
    file.chmod(0o644)
    assert "can be read by others" in str(source("MY_KEY"))


def test_a_library_that_is_none_is_a_problem_and_no_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fake.so").write_text("not a library")
    for path in ("fake.so", "missing.so"):
        monkeypatch.setenv("COCKPIT_NVML", str(tmp_path / path))
        found = nvml()
        assert found["gpus"] is None and found["problem"]


def test_folders_that_do_not_exist_yet_are_said_to_be_so(home: Path) -> None:
    logs = folders()["logs"]
    assert (logs["path"], logs["exists"], logs["runs"]) == (str(home / "logs"), False, 0)
    assert logs["writable"] and logs["free_bytes"] > 0
