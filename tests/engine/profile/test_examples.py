"""The profiles that stand in `profiles/` are good ones, and the script they run is a real training."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.profile import filled, load, warnings
from engine.profile.document import FOLDER

SCRIPT = FOLDER / "scripts" / "fit.py"
EXAMPLES = sorted(file.stem for file in FOLDER.glob("*.toml") if file.stem != "hosts")
CANNOT_RESUME = ("elson-script", "moola")
"""Their scripts cannot, so the profile is warned of, and rightly."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_has_no_fault_and_needs_no_warning(name: str) -> None:
    made = load(name, search=[FOLDER])
    said = [str(warning) for warning in warnings(made)]
    expected = ["command.resume"] if name in CANNOT_RESUME else []
    assert [one for one in said if "command.resume" not in one] == [] and len(said) == len(expected)


@pytest.mark.parametrize("name", ["smoke", "command"])
def test_an_example_names_the_script_its_options_and_its_checkpoints(
    name: str, tmp_path: Path
) -> None:
    made = filled(load(name, search=[FOLDER]), "r-1")
    argv = [*made.command.argv, "--pause", "0", "--steps", "40"]
    root = FOLDER.parent
    out = tmp_path / "out"
    argv[argv.index("--out") + 1] = str(out)
    subprocess.run([sys.executable, *argv[1:]], cwd=root, check=True, capture_output=True)
    globs = [pattern.replace("build/r-1", str(out)) for pattern in made.checkpoints.glob]
    found = [file.name for pattern in globs for file in Path("/").glob(pattern.lstrip("/"))]
    assert sorted(found) == ["step-20.json", "step-40.json"]


def fit(*options: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--pause", "0", *options],
        check=True,
        capture_output=True,
        text=True,
    )
    return [line for line in done.stdout.splitlines() if line.startswith("step ")]


def test_its_loss_falls_and_is_the_same_every_time(tmp_path: Path) -> None:
    first, again = fit("--out", str(tmp_path / "a")), fit("--out", str(tmp_path / "b"))
    assert first == again and len(first) == 60
    losses = [float(re.findall(r"loss=([\d.]+)", line)[0]) for line in first]
    assert sum(losses[-10:]) < 0.6 * sum(losses[:10])
    assert fit("--out", str(tmp_path / "c"), "--seed", "8") != first


def test_a_resumed_run_goes_on_as_the_whole_one_would_have(tmp_path: Path) -> None:
    whole = fit("--out", str(tmp_path))
    assert fit("--out", str(tmp_path), "--resume", str(tmp_path / "step-20.json")) == whole[20:]
    state = json.loads((tmp_path / "step-20.json").read_text())
    fresh = {**state, "weights": [0.0] * len(state["weights"])}
    (tmp_path / "step-20.json").write_text(json.dumps(fresh))
    assert fit("--out", str(tmp_path), "--resume", str(tmp_path / "step-20.json")) != whole[20:]


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="no SIGUSR1 here")
def test_it_saves_when_asked_and_ends_when_asked(tmp_path: Path) -> None:
    argv = [
        sys.executable,
        str(SCRIPT),
        "--steps",
        "100000",
        "--pause",
        "0.01",
        "--out",
        str(tmp_path),
    ]
    with subprocess.Popen(
        [*argv, "--save-every", "100000"], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        lines = iter(child.stdout)
        next(line for line in lines if line.startswith("step 3/"))
        os.kill(child.pid, signal.SIGUSR1)
        saved = next(line for line in lines if line.startswith("Saving"))
        os.kill(child.pid, signal.SIGTERM)
        assert "Ending at step" in next(line for line in lines if line.startswith("Ending"))
        assert child.wait() == 0
    assert Path(saved.split()[-1]).is_file() and len(list(tmp_path.glob("step-*.json"))) == 2
