"""`python -m tests.release`: what is released is built, installed bare and used, before anybody else does.

Builds sdist and wheel (the wheel from the sdist, so that neither lacks a file of the other), installs the wheel in an
empty environment, looks at a recording there, then adds torch and trains the demo to its end, without a terminal.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
PINS = ROOT / "constraints.txt"
WHEEL_MB, BASE_MB = 1.0, 140.0
TOOLS = ("pip", "setuptools", "wheel", "pkg_resources", "_distutils_hack")
"""Come with every environment; nobody installed them for us."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.release", description=__doc__)
    parser.add_argument("--laptop", action="store_true", help="without torch, without the demo")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="release-") as folder:
        return 0 if check(Path(folder), options.laptop) else 1


def check(folder: Path, laptop: bool = False) -> bool:
    """Everything, in this folder; prints what it finds, stops at what fails."""
    wheel = built(folder / "dist")
    bin = installed(folder / "bare", wheel)
    small = wheel.stat().st_size <= WHEEL_MB * 1e6 and base_mb(folder / "bare") <= BASE_MB
    if not small:
        print("OVER: the wheel or the base takes more than was promised")
    return all([small, looks(folder, bin), laptop or trains(folder, bin, wheel)])


def built(folder: Path) -> Path:
    """The wheel, made from the sdist, made from what is committed."""
    source = folder.parent / "source"
    call(["git", "clone", "-q", "--no-hardlinks", str(ROOT), str(source)])
    call([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(source)])
    (wheel,) = folder.glob("*.whl")
    size = wheel.stat().st_size / 1e6
    print(f"wheel {wheel.name}: {size:.2f} MB (<= {WHEEL_MB:g} MB)")
    return wheel


def installed(folder: Path, wheel: Path) -> Path:
    """In an environment with nothing in it."""
    venv.create(folder, with_pip=True)
    bin = folder / ("Scripts" if os.name == "nt" else "bin")
    began = time.monotonic()
    call([str(bin / "pip"), "install", "-q", "-c", str(PINS), str(wheel)])
    print(
        f"pip install: {time.monotonic() - began:.1f} s, {base_mb(folder):.0f} MB (<= {BASE_MB:g} MB)"
    )
    return bin


def base_mb(environment: Path) -> float:
    """What the installation took on the disk."""
    packages = sorted(environment.glob("[Ll]ib*/**/site-packages"))[0]
    ours = [one for one in packages.iterdir() if not one.name.startswith(TOOLS)]
    files = [path for one in ours for path in (one.rglob("*") if one.is_dir() else [one])]
    return sum(path.stat().st_size for path in files if path.is_file()) / 1e6


def looks(folder: Path, bin: Path) -> bool:
    """The laptop's part: help, a recording, the doctor; what needs torch says what to install."""
    at = {"cwd": folder, "env": environment(folder)}
    call([str(bin / "engine"), "--help"], **at)
    call([str(bin / "engine"), "help", "journal"], **at)
    report = json.loads(call([str(bin / "engine"), "doctor", "--json"], **at))
    status = json.loads(call([str(bin / "engine"), "status", "letters", "--json"], **at))
    demo = subprocess.run([str(bin / "cockpit"), "demo"], capture_output=True, text=True, **at)  # type: ignore[call-overload]
    print(f"laptop: version {report['version']}, a recorded run is {status['word']}")
    lacks = report["packages"]["torch"] is None and "pip install" in demo.stderr
    return bool(status["word"] == "DONE" and demo.returncode == 2 and lacks)


def trains(folder: Path, bin: Path, wheel: Path) -> bool:
    """The recipes' part: the demo from its first step to its last."""
    began = time.monotonic()
    call([str(bin / "pip"), "install", "-q", "-c", str(PINS), f"{wheel}[train]"])
    print(f"pip install [train]: {time.monotonic() - began:.0f} s")
    call([str(bin / "cockpit"), "demo"], cwd=folder, env=environment(folder))
    said = call([str(bin / "engine"), "status", "@", "--json"], cwd=folder, env=environment(folder))
    status = json.loads(said)
    print(f"demo: {status['word']} at step {status['step']}, loss {status['metrics']['loss']:.3f}")
    return bool(status["word"] == "DONE")


def environment(home: Path) -> dict[str, str]:
    """Nothing of this checkout, nothing of the user's own."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return {**kept, "COCKPIT_HOME": str(home / "home")}


def call(argv: Sequence[str], cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """Its stdout; what it says elsewhere is shown when it fails."""
    done = subprocess.run(
        argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(
            f"{shutil.which(argv[0])} {argv[1:]}: {done.returncode}\n{done.stderr[-2000:]}"
        )
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
