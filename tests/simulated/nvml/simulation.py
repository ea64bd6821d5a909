"""Builds the simulated NVML library and writes its script."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("nvml.c")


def build(folder: Path, *defines: str) -> Path:
    """The library, compiled. Skips without gcc; in CI that is a failure."""
    if sys.platform != "linux":
        pytest.skip("the simulated library is for Linux")
    if shutil.which("gcc") is None:
        if os.environ.get("CI"):
            pytest.fail("gcc is not installed")
        pytest.skip("gcc is not installed")
    library = folder / "libnvidia-ml.so.1"
    flags = ["-std=gnu11", "-O1", "-shared", "-fPIC", *(f"-D{define}" for define in defines)]
    subprocess.run(["gcc", *flags, "-o", str(library), str(SOURCE)], check=True)
    return library


class Simulation:
    """What the GPUs do from the next count on."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "script"
        self.says()

    def says(self, *lines: str) -> None:
        """Replaces the whole script, at once."""
        draft = self.path.with_suffix(".draft")
        draft.write_text("".join(line + "\n" for line in lines))
        draft.replace(self.path)

    def release(self) -> None:
        """Lets processes end that are stuck in the driver."""
        self.path.with_name(self.path.name + ".release").touch()


def plugged(library: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Simulation:
    """A machine whose NVML library is this one, and which has no nvidia-smi."""
    simulation = Simulation(folder)
    monkeypatch.setenv("COCKPIT_NVML", str(library))
    monkeypatch.setenv("NVML_SIMULATION", str(simulation.path))
    monkeypatch.setenv("PATH", "/nonexistent")
    return simulation
