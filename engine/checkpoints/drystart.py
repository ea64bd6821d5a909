"""Start a command for a moment where nothing it does lasts: private mounts over its folders, no GPU, no accounts.

What it writes or deletes goes into memory and is gone with it. Where the system allows no private mounts this is
refused, because a start that is not confined could do exactly the harm that a rehearsal is to find.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import system
from engine.proof import Told
from engine.scalars import AttemptFold

WITHIN_S = 120.0
TICK_S = 0.2
_MOUNTS = """
set -e
scratch=$1; shift
mount -t tmpfs none "$scratch"
n=0
while [ "$1" != "--" ]; do
  n=$((n+1)); mkdir "$scratch/u$n" "$scratch/w$n"
  mount -t overlay none -o "lowerdir=$1,upperdir=$scratch/u$n,workdir=$scratch/w$n" "$1"
  shift
done
shift
cd "$1"; shift
exec "$@"
"""
QUIET = {
    "CUDA_VISIBLE_DEVICES": "",
    "WANDB_MODE": "disabled",
    "HF_HUB_OFFLINE": "1",
    "PYTHONUNBUFFERED": "1",
}


@dataclass(frozen=True)
class Started:
    """The first rows it told, and the end of what it printed. `problem` is why there is no more."""

    rows: tuple[Told, ...]
    tail: str
    code: int | None = None
    problem: str | None = None


def possible() -> bool:
    """Whether this system lets us mount privately."""
    if shutil.which("unshare") is None or shutil.which("mount") is None:
        return False
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as name:
        folder = Path(name, "folder")
        folder.mkdir()
        Path(name, "scratch").mkdir()
        words = _confined(Path(name, "scratch"), [folder], folder, ["true"])
        done = subprocess.run(words, capture_output=True, check=False, timeout=30)
    return done.returncode == 0


def start(
    argv: Sequence[str],
    cwd: Path,
    folders: Sequence[Path],
    env: Mapping[str, str],
    enough: Callable[[Sequence[Told]], bool],
) -> Started:
    """Run it until `enough` was told, it ends, or time is up. `folders` are those that it could change."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as name:
        scratch, events, console = (Path(name, part) for part in ("scratch", "events", "console"))
        scratch.mkdir()
        events.touch()
        words = _confined(scratch, outermost([*folders, cwd]), cwd, argv)
        told = {**os.environ, **env, **QUIET, "COCKPIT_EVENTS": str(events)}
        with console.open("wb") as out:
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=told,
                start_new_session=True,
            )
        try:
            return _followed(process, events, console, enough)
        finally:
            _end(process)


def outermost(folders: Sequence[Path]) -> list[Path]:
    """Each folder once, without those inside another."""
    real = sorted({folder.resolve() for folder in folders if folder.is_dir()})
    return [one for one in real if not any(other in one.parents for other in real)]


def _confined(scratch: Path, folders: Sequence[Path], cwd: Path, argv: Sequence[str]) -> list[str]:
    """A PID namespace too: when it is left, everything that was started in it is gone."""
    words = ["unshare", "-Urmpf", "--kill-child", "--mount-proc", "sh", "-c", _MOUNTS, "sh"]
    return [*words, str(scratch), *map(str, folders), "--", str(cwd), *argv]


def _followed(
    process: subprocess.Popen[bytes],
    events: Path,
    console: Path,
    enough: Callable[[Sequence[Told]], bool],
) -> Started:
    until = time.monotonic() + WITHIN_S
    while True:
        code = process.poll()
        rows = _rows(events, console)
        if enough(rows):
            return Started(rows, _tail(console))
        if code is not None:
            return Started(rows, _tail(console), code, f"it ended with status {code}")
        if time.monotonic() > until:
            return Started(rows, _tail(console), None, f"nothing came within {WITHIN_S:.0f} s")
        time.sleep(TICK_S)


def _rows(events: Path, console: Path) -> tuple[Told, ...]:
    fold = AttemptFold()
    fold.feed("trainer", events.read_bytes())
    fold.feed("console", console.read_bytes())
    return tuple(Told(row.step, row.values) for row in fold.facts().tally.first)


def _tail(console: Path) -> str:
    return console.read_bytes()[-4096:].decode("utf-8", "replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        system.end_group(process.pid)
    process.wait()
