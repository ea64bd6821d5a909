"""The environment is made once, again when its inputs change, and again when it was cut off."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.source import ROOT

pytestmark = pytest.mark.needs("make")

# A Python whose environments hold a pip that only counts. Real installations are what `make test` itself stands on.
PYTHON = f"""#!/bin/sh
case "$*" in
  *"import ensurepip"*) test ! -e no-ensurepip ;;
  "-m venv "*) rm -rf .venv && mkdir -p .venv/bin && cp pip .venv/bin/pip ;;
  *) exec {sys.executable} "$@" ;;
esac
"""
PIP = """#!/bin/sh
echo "$@" >> installed
case "$*" in *torch==*) test ! -e no-torch || exit 1 ;; esac
test ! -e offline
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "a checkout"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    for name, text in (("python", PYTHON), ("pip", PIP)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    clean["TORCH_INDEX"] = ""  # no test reaches the network
    command = ["make", "PYTHON=./python", *words]
    return subprocess.run(
        command, cwd=folder, env=clean, capture_output=True, text=True, check=False
    )


def installations(folder: Path) -> int:
    file = folder / "installed"
    return file.read_text().count(" setuptools\n") if file.exists() else 0


def test_it_is_made_once(checkout: Path) -> None:
    assert [make(checkout, "-j4", "venv").returncode for _ in range(2)] == [0, 0]
    assert installations(checkout) == 1


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_it_is_made_again_when_an_input_changes(checkout: Path, name: str) -> None:
    make(checkout, "venv")
    with (checkout / name).open("a") as file:
        file.write("# changed\n")
    make(checkout, "venv")
    assert installations(checkout) == 2


def test_it_is_made_again_where_it_was_moved_to(checkout: Path) -> None:
    make(checkout, "venv")
    moved = checkout.rename(checkout.with_name("moved"))
    make(moved, "venv")
    assert installations(moved) == 2


def test_it_is_made_again_when_it_was_cut_off(checkout: Path) -> None:
    (checkout / "offline").touch()
    assert make(checkout, "venv").returncode != 0
    (checkout / "offline").unlink()
    assert make(checkout, "venv").returncode == 0
    assert installations(checkout) == 2


def test_what_a_screen_needs_is_kept_when_the_rest_was_cut_off(checkout: Path) -> None:
    (checkout / "no-torch").touch()
    assert make(checkout, "venv").returncode != 0
    (checkout / "no-torch").unlink()
    assert make(checkout, "venv").returncode == 0
    assert installations(checkout) == 1
    said = (checkout / "installed").read_text()
    assert (
        said.count("torch==") == 2
        and said.count("-e .[train,") == 1
        and said.count("-e .[train]") == 1
    )


def test_a_python_that_cannot_make_one_is_told_politely(checkout: Path) -> None:
    (checkout / "no-ensurepip").touch()
    done = make(checkout, "venv")
    assert done.returncode == 2
    assert "apt install python3-venv" in done.stderr
    assert installations(checkout) == 0


def test_help_lists_every_target(checkout: Path) -> None:
    phony = next(line for line in (ROOT / "Makefile").read_text().splitlines() if ".PHONY" in line)
    listed = [line.split()[1] for line in make(checkout).stdout.splitlines()]
    assert sorted(listed) == sorted(phony.split()[1:])
