"""The project's own trainer on a machine that is taken: launched, told, saved, gone on with, and proven to continue."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.reader import RunReader
from engine.runs import Run, logs_folder
from engine.view import View
from tests.support.cli import caller
from tests.support.gcp_metadata import on_loopback

PROFILES = Path(__file__).parents[3] / "profiles"
SETS = (
    "train.max_steps=60",
    "save.every_steps=1000",
    "eval.every_steps=1000",
    "recover.attempts=3",
    "recover.backoff_s=0.1",
    "train.micro_batch=2",
)
"""No checkpoint but what the notice asks for."""


def seen(reader: RunReader, wanted: Callable[[View], object], what: str) -> View:
    until = time.monotonic() + 150
    while not wanted(view := reader.poll()):
        assert time.monotonic() < until, f"never came: {what}"
        time.sleep(0.05)
    return view


@pytest.mark.timeout(300)
def test_what_is_saved_at_the_notice_is_where_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch")
    engine, project = caller(capsys), tmp_path / "project"
    (project / "profiles").mkdir(parents=True)
    for name in ("demo.toml", "demo.txt"):
        shutil.copy(PROFILES / name, project / "profiles")
    monkeypatch.chdir(project)
    with on_loopback() as metadata:
        monkeypatch.setenv("GCE_METADATA_HOST", metadata.host)
        sets = [word for one in SETS for word in ("--set", one)]
        said = engine("launch", "profiles/demo.toml", *sets)
        assert said.status == 0, said.err
        reader = RunReader(Run(logs_folder() / said.out.strip()))
        seen(reader, lambda view: (view.step or 0) >= 10, "steps")
        metadata.be("TRUE")
        ended = seen(reader, lambda view: view.last and view.last.facts.runner.exit, "the end")
        metadata.be("FALSE")
        assert ended.last is not None
        (saved,) = ended.last.facts.trainer.saved
        exit_, noticed = ended.last.facts.runner.exit, ended.last.facts.runner.noticed
        assert exit_ is not None and exit_.code == 143 and noticed[0].action == "save"
        assert saved.step == exit_.step and saved.seconds is not None
        assert engine("wait", "@").status == 0
        (table,) = engine("status", "@", "--json").valid("status")
        assert (table["word"], table["step"]) == ("DONE", 60)
        again = reader.poll().attempts[1]
        assert again.opening.resume_step == saved.step
        judged = again.facts.runner.resume
        assert judged is not None and judged.verdict == "proven"
