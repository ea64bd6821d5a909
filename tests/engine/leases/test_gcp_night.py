"""A machine is leased, trains, tells that it will be taken, is taken, is started again, and the run goes on there."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from engine.hosts import Host, add
from engine.leases.gcp import ending, leasing, making
from engine.leases.gcp.leasing import Held, Wish
from engine.leases.gcp.settings import Settings
from engine.leases.gcp.wanted import Fuse, Key
from engine.reader import RunReader
from engine.runs import Run, logs_folder
from engine.view import View
from tests.conftest import living
from tests.engine.leases.gcps import NAME, RUN, WANTED, A, client, signed_in
from tests.support.cli import caller
from tests.support.gcp_boxes import SshBoxes
from tests.support.gcp_metadata import on_loopback
from tests.support.sshd import keygen

pytestmark = pytest.mark.needs("root", "sshd", "ssh", "ssh-keygen")
SETTINGS = Settings("elson-33a95", A, machine=WANTED.machine, image=WANTED.image)
TRAINER = Path(__file__).parents[2] / "support" / "trainer.py"
STEPS = 400
PROFILE = f"""
recipe = "command"
[command]
argv = ["{sys.executable}", "{TRAINER}", "--out", "out", "--steps", "{STEPS}", "--gap", "0.02", "--every", "5"]
resume = ["--resume", "{{path}}"]
[recover]
attempts = 3
on = ["lost", "preempted"]
backoff_s = 0.1
"""


def leased(folder: Path) -> tuple[Held, Path]:
    private = folder / "lease"
    keygen(private)
    public = " ".join(private.with_suffix(".pub").read_text().split()[:2])
    wish = Wish(RUN, "i1", Key("root", public), Fuse(3600))
    return leasing.acquire(client(), SETTINGS, wish), private


def python(folder: Path, metadata: str) -> str:
    """The machine's interpreter, which finds the metadata server that a VM would have."""
    program = folder / "python3"
    program.write_text(f'#!/bin/sh\nGCE_METADATA_HOST={metadata} exec {sys.executable} "$@"\n')
    program.chmod(0o755)
    return str(program)


def until(reader: RunReader, seen: object, what: str) -> View:
    end = time.monotonic() + 120
    while not seen(view := reader.poll()):  # type: ignore[operator]
        assert time.monotonic() < end, f"never came: {what}"
        time.sleep(0.05)
    return view


def test_a_preempted_run_goes_on_where_its_machine_is_started_again(
    tmp_path: Path,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    engine, project, boxes = caller(capsys), tmp_path / "project", SshBoxes(tmp_path / "boxes")
    project.mkdir()
    monkeypatch.chdir(project)
    (project / "p.toml").write_text(PROFILE)
    with (
        closing(boxes),
        signed_in(tmp_path, monkeypatch, boxes) as google,
        on_loopback() as metadata,
    ):
        held, private = leased(tmp_path)
        address, interpreter = f"root@{held.instance.address}:22", python(tmp_path, metadata.host)
        add(Host("vm", "ssh", address, str(private), held.host_key, python=interpreter))
        said = engine("launch", "p.toml", "--host", "vm")
        assert said.status == 0, said.err
        reader = RunReader(Run(logs_folder() / said.out.strip()))
        until(reader, lambda view: (view.step or 0) >= 12, "steps")
        metadata.be("TRUE")
        noticed = lambda view: view.last.facts.runner.noticed  # noqa: E731
        view = until(reader, noticed, "the notice")
        assert view.last is not None and view.last.facts.runner.noticed[0].action == "none"
        google.project.preempt(A, NAME)
        metadata.be("FALSE")
        assert google.project.billed() == []
        began = time.monotonic()
        making.running(client(), held.instance, "again")
        second = until(reader, lambda view: len(view.attempts) == 2, "a second attempt")
        with capsys.disabled():
            print(f"\nan attempt {time.monotonic() - began:.1f} s after its machine was started")
        (row, again) = second.attempts
        assert row.facts.runner.exit is not None or row.opening.lost is not None
        assert again.opening.resume_step is not None and again.opening.resume_step >= 10
        assert engine("wait", "@").status == 0
        (table,) = engine("status", "@", "--json").valid("status")
        assert (table["word"], table["step"]) == ("DONE", STEPS)
        end = time.monotonic() + 60
        while living(home) and time.monotonic() < end:
            time.sleep(0.1)
        assert not list(boxes.disk(NAME).rglob("DOUBLE"))
        ending.delete(client(), held.instance)
        assert google.project.billed() == [] and google.project.made == [NAME]
