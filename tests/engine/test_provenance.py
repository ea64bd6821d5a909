"""The commit of a project, with what differs from it; nothing where there is none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from engine.provenance import commit

GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")


@pytest.mark.needs("git")
def test_it_is_measured(tmp_path: Path) -> None:
    assert commit(tmp_path) is None

    def git(*words: str) -> str:
        done = subprocess.run(
            [*GIT, "-C", str(tmp_path), *words], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    git("init", "-q")
    assert commit(tmp_path) is None
    (tmp_path / "train.py").write_text("1")
    git("add", ".")
    git("commit", "-qm", "one")
    head = git("rev-parse", "HEAD")
    assert commit(tmp_path) == head
    (tmp_path / "train.py").write_text("2")
    (tmp_path / "not-kept").write_text("3")
    assert commit(tmp_path) == f"{head}+1"


@pytest.mark.needs("git")
def test_a_repository_runs_nothing_of_its_own(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    mark = tmp_path / "ran"
    hook = tmp_path / "monitor"
    hook.write_text(f"#!/bin/sh\ntouch {mark}\n")
    hook.chmod(0o755)
    subprocess.run(["git", "-C", str(tmp_path), "config", "core.fsmonitor", str(hook)], check=True)
    commit(tmp_path)
    assert not mark.exists()
