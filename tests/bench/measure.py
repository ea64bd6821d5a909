"""What something costs in a process of its own: CPU, wall, peak memory. Standard library alone, so that it adds little.

A peer's code runs the same way under the peer's own Python.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 3600.0
_INSIDE = "import sys; from tests.bench.measure import inside; inside(*sys.argv[1:])"


@dataclass(frozen=True)
class Cost:
    """The whole life of a process, its children included in the CPU; `rss_mb` is its own peak."""

    cpu_s: float
    wall_s: float
    rss_mb: float
    result: Any


class Failed(Exception):
    """The process ended badly; the last line it said."""


def apart(
    function: str, *args: object, python: str = sys.executable, env: Mapping[str, str] | None = None
) -> Cost:
    """Call `module:function` in a new process. Arguments and result go as JSON."""
    argv = [python, "-c", _INSIDE, function, json.dumps(args)]
    around = {**os.environ, **(env or {}), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        argv, env=around, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    if done.returncode:
        raise Failed((done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1])
    return Cost(**json.loads(done.stdout.strip().splitlines()[-1]))


def inside(function: str, args: str) -> None:
    """The other end of `apart`."""
    begun = time.perf_counter()
    module, _, name = function.partition(":")
    result = getattr(importlib.import_module(module), name)(*json.loads(args))
    spent = os.times()
    cpu = spent.user + spent.system + spent.children_user + spent.children_system
    wall = time.perf_counter() - begun
    print(json.dumps({"cpu_s": cpu, "wall_s": wall, "rss_mb": peak_mb(), "result": result}))


def peak_mb() -> float:
    """Of this process alone; the kernel's other counter also knows the parent's."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0
