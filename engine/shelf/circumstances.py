"""What the next steps depend on besides the checkpoint: command, script, data, threads, devices, libraries.

Noted when an attempt is opened, so that a later one can say what has changed. It reads files and asks the interpreter
for versions; it never imports what it finds.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine import journal, system, vault
from engine.shelf import manifest

FILE = "circumstances.json"
LIBRARIES = (
    "torch transformers accelerate peft trl numpy datasets tokenizers safetensors lightning"
    " pytorch-lightning bitsandbytes deepspeed axolotl"
).split()
WHOLE = 64 << 20
"""Bytes up to which a data file is hashed whole; of a larger one its size and both ends count."""
ASK_S = 20.0
_ASK = (
    "import importlib.metadata as m, json, platform, sys\n"
    "v = {'python': platform.python_version()}\n"
    "for n in sys.argv[1:]:\n"
    "    try: v[n] = m.version(n)\n"
    "    except m.PackageNotFoundError: pass\n"
    "print(json.dumps(v))"
)


def now(argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> dict[str, Any]:
    """A flat table of texts and numbers. `argv` is the command without what continues it."""
    return {
        "command": list(argv),
        "script": _script(argv, cwd),
        "data": data(argv, cwd),
        "threads": _threads(env),
        "devices": env.get("CUDA_VISIBLE_DEVICES", os.environ.get("CUDA_VISIBLE_DEVICES")),
        "libraries": _libraries(argv, cwd),
    }


def note(folder: Path, table: Mapping[str, Any]) -> None:
    journal.replace(folder / FILE, json.dumps(table, indent=1).encode())


def noted(folder: Path) -> dict[str, Any] | None:
    """What was noted when the attempt in this folder was opened."""
    try:
        found = json.loads(vault.small(folder / FILE, 1 << 20))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _script(argv: Sequence[str], cwd: Path) -> dict[str, str]:
    """The command's own files of code and configuration."""
    found = {}
    for word in argv[:8]:
        path = cwd / word
        if path.suffix in (".py", ".sh", ".yaml", ".yml", ".json", ".toml") and path.is_file():
            found[path.name.lstrip(".").split(".")[0] + path.suffix] = manifest.sha256(path)
    return found


def data(argv: Sequence[str], cwd: Path) -> dict[str, str]:
    """Files and folders that a flag with `data`, `train`, `valid` or `corpus` in its name points to."""
    found = {}
    for flag, value in _flags(argv):
        if not any(word in flag for word in ("data", "train", "valid", "corpus", "input")):
            continue
        path = cwd / value
        if path.is_file():
            found[value] = _digest(path)
        elif path.is_dir():
            found[value] = _listing(path)
    return found


def _flags(argv: Sequence[str]) -> list[tuple[str, str]]:
    pairs = []
    for number, word in enumerate(argv):
        name, _, value = word.partition("=")
        if value:
            pairs.append((name.lower(), value))
        elif word.startswith("-") and number + 1 < len(argv):
            pairs.append((word.lower(), argv[number + 1]))
    return pairs


def _digest(path: Path) -> str:
    size = path.stat().st_size
    if size <= WHOLE:
        return manifest.sha256(path)
    mark = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        for place in (0, size - (1 << 20)):
            file.seek(place)
            mark.update(file.read(1 << 20))
    return mark.hexdigest()


def _listing(folder: Path) -> str:
    """Names and sizes: a corpus that grew is another."""
    entries = [
        f"{file.relative_to(folder).as_posix()} {file.stat().st_size}"
        for file in sorted(folder.rglob("*"))[:100_000]
        if file.is_file()
    ]
    return hashlib.sha256("\n".join(entries).encode()).hexdigest()


def _threads(env: Mapping[str, str]) -> int:
    told = env.get("OMP_NUM_THREADS", os.environ.get("OMP_NUM_THREADS", ""))
    return int(told) if told.isdigit() else system.cores()


def _libraries(argv: Sequence[str], cwd: Path) -> dict[str, str]:
    """Versions in the command's own environment, asked of its interpreter; empty where there is none to ask."""
    python = _python(argv, cwd)
    if python is None:
        return {}
    try:
        done = subprocess.run(
            [python, "-I", "-c", _ASK, *LIBRARIES],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=ASK_S,
            check=False,
        )
        found = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return {}
    return found if isinstance(found, dict) else {}


def _python(argv: Sequence[str], cwd: Path) -> str | None:
    """The interpreter of the command, or the one beside its launcher."""
    for word in argv[:3]:
        name = Path(word).name
        if name.startswith("python"):
            return word if os.sep not in word else str((cwd / word).absolute())
        beside = (cwd / word).parent / "python"
        if os.sep in word and not word.endswith(".py") and beside.is_file():
            return str(beside)
    return None
