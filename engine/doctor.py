"""What a bug report needs: versions, folders, GPUs, programs, and where each secret is found. Never a secret's value.

Every part is a function of its own that answers for itself; one that fails says so and stops no other.
"""

from __future__ import annotations

import ctypes
import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine import __version__
from engine.errors import Problem
from engine.runs import every, logs_folder
from engine.secrets import lookup, settings_folder

PACKAGES = ("msgspec", "numpy", "textual", "rich", "paramiko", "torch", "transformers", "peft")
PROGRAMS = ("git", "ssh", "rsync", "tmux", "nvidia-smi", "gcloud", "sbatch")
SECRETS = ("HF_TOKEN", "RUNPOD_API_KEY", "WANDB_API_KEY")
"""Asked for by services whatever the profiles say."""
VARIABLES = (
    "COCKPIT_HOME",
    "COCKPIT_NVML",
    "COCKPIT_GCP_URL",
    "RUNPOD_API_BASE_URL",
    "HF_ENDPOINT",
    "NO_COLOR",
    "TERM",
    "LANG",
)


def examine(secrets: Iterable[str] = SECRETS) -> dict[str, Any]:
    """Everything, as JSON can hold it."""
    return {
        "schema": 1,
        "version": __version__,
        "python": platform.python_version(),
        "executable": sys.executable,
        "platform": platform.platform(),
        "packages": {name: _package(name) for name in PACKAGES},
        "programs": {name: shutil.which(name) for name in PROGRAMS},
        "environment": {name: os.environ[name] for name in VARIABLES if name in os.environ},
        "folders": folders(),
        "nvml": nvml(),
        "secrets": {name: source(name) for name in sorted(set(secrets))},
    }


def folders() -> dict[str, dict[str, Any]]:
    """Where runs and settings are, whether they can be written, and the room there."""
    logs = logs_folder()
    found = {"logs": _folder(logs), "settings": _folder(settings_folder())}
    found["logs"]["runs"] = len(every(logs))
    return found


def nvml() -> dict[str, Any]:
    """Whether NVIDIA's library can be loaded and asked."""
    path = os.environ.get("COCKPIT_NVML") or "libnvidia-ml.so.1"
    answer: dict[str, Any] = {"library": path, "gpus": None, "driver": None, "problem": None}
    try:
        library = ctypes.CDLL(path)
        started = library.nvmlInit_v2()
    except (OSError, AttributeError) as error:
        return {**answer, "problem": str(error)}
    if started != 0:
        return {**answer, "problem": f"nvmlInit_v2 answered {started}"}
    number, driver = ctypes.c_uint(), ctypes.create_string_buffer(96)
    if library.nvmlDeviceGetCount_v2(ctypes.byref(number)) == 0:
        answer["gpus"] = number.value
    if library.nvmlSystemGetDriverVersion(driver, ctypes.c_uint(96)) == 0:
        answer["driver"] = driver.value.decode("utf-8", "replace")
    library.nvmlShutdown()
    return answer


def source(name: str) -> str | None:
    """The place a secret is found in; None when it is nowhere."""
    try:
        found = lookup(name)
    except Problem as problem:
        return f"cannot be read: {problem}"
    return found.source if found else None


def _package(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _folder(path: Path) -> dict[str, Any]:
    there = next((p for p in (path, *path.parents) if p.exists()), Path("/"))
    try:
        free: int | None = shutil.disk_usage(there).free
    except OSError:
        free = None
    writable = os.access(there, os.W_OK)
    return {"path": str(path), "exists": there == path, "writable": writable, "free_bytes": free}
