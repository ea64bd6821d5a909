"""The commit that a run's project stood at, measured when it is accepted. A folder without git has none."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ASK_S = 5.0
"""A repository on a slow disk must not hold a launch up."""


def commit(folder: Path) -> str | None:
    """`79d4103…`, with `+2` where two files differ from it; None where git cannot say."""
    head = _git(folder, "rev-parse", "--verify", "-q", "HEAD")
    if not head:
        return None
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no", "--ignore-submodules")
    count = len(changed.splitlines()) if changed else 0
    return f"{head.strip()}+{count}" if count else head.strip()


def _git(folder: Path, *words: str) -> str | None:
    """Nothing that a repository configures is run."""
    safe = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
    env = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            ["git", *safe, "-C", str(folder), *words],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=ASK_S,
            check=False,
            env=env,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
