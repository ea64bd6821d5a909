"""What a machine has of what a training needs: programs, GPUs, room. Each is looked for and nothing is changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from typing import Any

PROGRAMS = ("git", "rsync", "tar", "nvidia-smi", "gcloud", "gsutil", "aws", "rclone", "torchrun")
ASKS_S = 10.0


def survey(root: str) -> dict[str, Any]:
    """Plain values that JSON can hold; None is what could not be found out."""
    usage = shutil.disk_usage(root)
    return {
        "t": time.time(),
        "python": ".".join(map(str, sys.version_info[:3])),
        "executable": sys.executable,
        "cpus": os.cpu_count(),
        "ram_bytes": _ram(),
        "disk_free_bytes": usage.free,
        "disk_total_bytes": usage.total,
        "programs": {name: shutil.which(name) for name in PROGRAMS},
        "gpus": _gpus(),
        "root": root,
    }


def _ram() -> Any:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return None


def _gpus() -> list[str]:
    """One line a GPU: its name, memory and driver."""
    if shutil.which("nvidia-smi") is None:
        return []
    asked = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(
            asked, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=ASKS_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    text = done.stdout.decode("utf-8", "replace")
    return (
        [line.strip() for line in text.splitlines() if line.strip()] if done.returncode == 0 else []
    )
