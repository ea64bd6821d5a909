"""`wandb leet` beside us: the same rows in its own files, its own program in the same terminal.

It is started without its Python, whose start would count against it, and rests when it has drawn all that it read.
"""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.bench import peers
from tests.bench.cockpit_terminal import Terminal
from tests.bench.measure import apart

FIND = "import wandb, pathlib; print(pathlib.Path(wandb.__file__).parent / 'bin' / 'wandb-core')"
LOADING = 0.15
"""Of a core: what it uses at least while it still reads and draws."""


class Cost(NamedTuple):
    """Until everything was read and drawn."""

    wall_s: float
    cpu_s: float
    rss_mb: float


@cache
def _program() -> str:
    done = subprocess.run(
        [peers.python(), "-c", FIND], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def write(folder: str, rows: int) -> Path:
    """A finished run as `wandb.log` leaves it offline; the path of its one file."""
    apart("tests.bench.readers:write_wandb", folder, rows, python=peers.python())
    (path,) = Path(folder).rglob("*.wandb")
    return path


def many(folder: str, count: int, rows: int) -> Path:
    """As many finished runs in one folder: one that was written, copied under other names."""
    first = write(f"{folder}/leet", rows).parent
    for number in range(count - 1):
        name = f"r{number:07d}"
        copy = first.with_name(f"{first.name.rpartition('-')[0]}-{name}")
        copy.mkdir()
        shutil.copy(next(first.glob("*.wandb")), copy / f"run-{name}.wandb")
    return first.parent


def looked(found: Path, size: tuple[int, int], limit_s: float) -> Cost:
    """It shows a folder of runs or one run's file, until it rests."""
    runs = found.parent.parent if found.is_file() else found
    what = ["-run-file", str(found), str(runs)] if found.is_file() else [str(runs)]
    argv = [_program(), "leet", "run", "-no-observability", *what]
    home = runs.parent / "home"
    home.mkdir(exist_ok=True)
    terminal = Terminal(argv, size, {"HOME": str(home), "XDG_CONFIG_HOME": str(home)})
    try:
        wall = terminal.rest(limit_s, LOADING)
        if terminal.is_over or not terminal.written():
            raise TimeoutError(f"leet showed nothing: {terminal.text()[-200:]!r}")
        return Cost(wall, terminal.cpu_s(), terminal.rss_mb(peak=True))
    finally:
        terminal.close()
