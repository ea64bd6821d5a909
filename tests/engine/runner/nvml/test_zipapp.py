"""The runner ships as a zipapp for Python 3.8 and later: so does all that it starts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipapp
from pathlib import Path

import pytest

import engine
from tests.simulated.nvml.simulation import Simulation

OLDEST = shutil.which("python3.8")  # looked up here, before tests change the PATH

MAIN = """
import json, time
from engine.runner.pulse import Pulse
pulse = Pulse(paths=["/"])
facts = []
while not facts:
    facts = pulse.tick()
    time.sleep(min(0.01, pulse.wait_s()))
pulse.close()
print(json.dumps([fact.as_event() for fact in facts]))
"""


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    home = Path(engine.__file__).parent
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(home / "runner", tree / "engine" / "runner", ignore=ignored)
    shutil.copy(home / "__init__.py", tree / "engine")
    (tree / "__main__.py").write_text(MAIN)
    zipapp.create_archive(tree, tmp_path / "runner.pyz")
    shutil.rmtree(tree)
    return tmp_path / "runner.pyz"


@pytest.mark.parametrize("python", [sys.executable, OLDEST], ids=["this", "oldest"])
def test_the_pulse_works_from_an_archive(
    archive: Path, simulation: Simulation, tmp_path: Path, python: str | None
) -> None:
    if python is None or subprocess.run([python, "-c", ""], capture_output=True).returncode:
        pytest.skip("python3.8 is not installed")
    simulation.says("count 2")
    isolated = {name: os.environ[name] for name in ("COCKPIT_NVML", "NVML_SIMULATION")}
    done = subprocess.run(
        [python, "-I", "-S", archive.name],
        cwd=tmp_path,
        env=isolated,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    cards, pulse = json.loads(done.stdout)
    assert [card["i"] for card in cards["gpus"]] == [0, 1]
    assert pulse["gpus"]["temp"] == [50, 51]
    assert pulse["host"]["disks"][0][2] > 0
