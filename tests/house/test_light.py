"""What starts often starts light: a clean interpreter that loads it loads nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.house.source import PACKAGES, ROOT, read

TRAINING = {"accelerate", "bitsandbytes", "peft", "safetensors", "torch", "transformers"}
HEAVY = {"google", "msgspec", "numpy", "paramiko", "requests", "rich", "textual", *TRAINING}

# entry -> what must not come along
ENTRIES = {
    "engine": HEAVY,
    "engine.emit": HEAVY - {"msgspec"},
    "engine.view": HEAVY,
    "engine.profile": HEAVY,
    "engine.cli": HEAVY,
    "engine.keeper.__main__": HEAVY,
    "engine.runner.__main__": HEAVY,
    "cockpit.app": {"google", "paramiko", "requests", *TRAINING},
}


def loaded(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter has after one statement."""
    program = f"{statement}\nimport sys\nprint(*sys.modules)"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize("entry", ENTRIES)
def test_nothing_heavy_comes_along(entry: str) -> None:
    if entry not in {source.name for source in read(*PACKAGES)}:
        pytest.skip(f"{entry} is not there yet")
    assert loaded(f"import {entry}") & ENTRIES[entry] == set()


def test_something_heavy_would_be_seen() -> None:
    assert loaded("import engine, numpy, rich.text") & HEAVY == {"numpy", "rich"}
