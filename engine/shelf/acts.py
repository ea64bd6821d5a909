"""What can be done to a machine's checkpoints, as values: called here, or by `runner.pyz --shelf` on another machine.

An act is a table with its name and what it needs, its answer another one. Each is safe to repeat, for lines are cut
between an act and its answer.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any, Callable, Dict, Mapping, Sequence

from engine import journal
from engine.shelf import circumstances, finding, manifest, patching, protecting

Act = Mapping[str, Any]
Answer = Dict[str, Any]
TRASH = ".trash-"
PINNED = ".pinned"
"""The list that our own trainer reads before it deletes."""


def do(act: Act) -> Answer:
    return _ACTS[str(act["act"])](act)


def bring(path: str, copy: str, durable: bool = True) -> Act:
    """A copy out of a script's reach. Answers `copy`, which is null where there is no way, and `word`."""
    return {"act": "bring", "path": path, "copy": copy, "durable": durable}


def give_back(copy: str, path: str) -> Act:
    """Answers `reason`: what had become of the original; null where it is as it was, or no copy is there."""
    return {"act": "give_back", "copy": copy, "path": path}


def forget(copy: str, path: str) -> Act:
    """Drop a copy whose original is there."""
    return {"act": "forget", "copy": copy, "path": path}


def delete(paths: Sequence[str]) -> Act:
    """Answers `gone`, the paths that are deleted now, and how many `bytes` that freed."""
    return {"act": "delete", "paths": list(paths)}


def pins(folder: str, names: Sequence[str]) -> Act:
    """Which checkpoints in a folder our own trainer may not delete."""
    return {"act": "pins", "folder": folder, "names": list(names)}


def find(question: Mapping[str, Any], every_byte: bool = False) -> Act:
    """Answers `found` to a question of `finding`, and how many bytes are `free` there."""
    return {**question, "act": "find", "every_byte": every_byte}


def notice(argv: Sequence[str], cwd: str, env: Mapping[str, str]) -> Act:
    """Answers `circumstances`."""
    return {"act": "notice", "argv": list(argv), "cwd": cwd, "env": dict(env)}


def patch(argv: Sequence[str], cwd: str, diff: str, tail: str) -> Act:
    """Answers `argv` with a patched `copy` of the `script` in its place. `diff` is the text of a unified diff."""
    return {"act": "patch", "argv": list(argv), "cwd": cwd, "diff": diff, "tail": tail}


def unpatch(paths: Sequence[str]) -> Act:
    """Delete copies of scripts."""
    return {"act": "unpatch", "paths": list(paths)}


def _bring(act: Act) -> Answer:
    found = protecting.bring(Path(act["path"]), Path(act["copy"]), bool(act["durable"]))
    return {"copy": found.copy, "word": found.word}


def _give_back(act: Act) -> Answer:
    copy = Path(act["copy"])
    return {"reason": protecting.give_back(copy, Path(act["path"])) if copy.exists() else None}


def _forget(act: Act) -> Answer:
    if os.path.exists(act["path"]):
        protecting.forget(Path(act["copy"]))
    return {}


def _delete(act: Act) -> Answer:
    """Out of sight first, so that one half deleted is never offered."""
    gone, freed = [], 0
    for path in map(Path, act["paths"]):
        size = manifest.size(path) or 0
        trash = path.with_name(f"{TRASH}{path.name}")
        try:
            protecting.forget(trash)
            os.rename(path, trash)
        except FileNotFoundError:  # its script was faster
            continue
        protecting.forget(trash)
        gone.append(str(path))
        freed += size
    return {"gone": gone, "bytes": freed}


def _pins(act: Act) -> Answer:
    if os.path.isdir(act["folder"]):
        journal.replace(os.path.join(act["folder"], PINNED), "\n".join(act["names"]).encode())
    return {}


def _find(act: Act) -> Answer:
    found = finding.every(act, bool(act.get("every_byte")))
    return {"found": finding.tables(found), "free": _free(str(act.get("folder") or "/"))}


def _free(folder: str) -> Any:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _notice(act: Act) -> Answer:
    return {"circumstances": circumstances.now(act["argv"], Path(act["cwd"]), act["env"])}


def _patch(act: Act) -> Answer:
    made = patching.patched(act["argv"], Path(act["cwd"]), act["diff"], act["tail"])
    return {"argv": list(made.argv), "script": made.script.name, "copy": str(made.copy)}


def _unpatch(act: Act) -> Answer:
    for path in map(Path, act["paths"]):
        if path.name.startswith(".") and path.is_file():
            path.unlink()
    return {}


_ACTS: dict[str, Callable[[Act], Answer]] = {
    "bring": _bring,
    "give_back": _give_back,
    "forget": _forget,
    "delete": _delete,
    "pins": _pins,
    "find": _find,
    "notice": _notice,
    "patch": _patch,
    "unpatch": _unpatch,
}
