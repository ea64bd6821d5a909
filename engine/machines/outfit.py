"""What a training needs on a machine before it can begin, as a value named by its content: an environment, commands."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import engine
from engine.errors import Unusable
from engine.machines import wheel
from engine.profile import Profile

EXTRA = "train"
PINS = "constraints.txt"


@dataclass(frozen=True)
class Outfit:
    """`files` are sent first; `order` says what to make of them and goes to `--outfit` as it is."""

    files: Mapping[str, bytes]
    order: Mapping[str, Any]
    digest: str = field(default="")


def of_recipe() -> Outfit:
    """For trainings of our own: this very program and what it needs, by the versions that it is tested with."""
    data = wheel.build()
    needs = "\n".join(wheel.requirements(EXTRA)) + "\n"
    files = {wheel.name(): data, "requirements.txt": needs.encode(), PINS: _pins().encode()}
    return _named(files, {"wheel": wheel.name(), "torch": True, "setup": []})


def of_profile(profile: Profile, project: Path, release: str) -> Outfit | None:
    """For a script of the user's own: the lock file's packages, then the commands; None where there is neither."""
    workspace = profile.workspace
    if not workspace.setup and workspace.lock is None:
        return None
    files: dict[str, bytes] = {}
    if workspace.lock is not None:
        path = project / workspace.lock
        if not path.is_file():
            raise Unusable(f"no lock file {path}", "check [workspace] lock")
        files["requirements.txt"] = path.read_bytes()
    # A command may install the project itself, so another project is another environment.
    order = {"wheel": None, "torch": False, "setup": [list(one) for one in workspace.setup]}
    return _named(files, {**order, "release": release if workspace.setup else None})


def _named(files: Mapping[str, bytes], order: Mapping[str, Any]) -> Outfit:
    whole = hashlib.sha256(json.dumps(order, sort_keys=True).encode())
    for name, data in sorted(files.items()):
        whole.update(f"\n{name}\0{hashlib.sha256(data).hexdigest()}".encode())
    return Outfit(files, order, whole.hexdigest())


def _pins() -> str:
    """The file that this program is installed by, where it runs from its sources; else what is installed here."""
    path = Path(engine.__file__).parents[1] / PINS
    if path.is_file():
        return path.read_text("utf-8")
    found = []
    for need in wheel.requirements(EXTRA):
        name = need.split(">=")[0].split("==")[0].strip()
        try:
            found.append(f"{name}=={version(name).partition('+')[0]}")
        except PackageNotFoundError:  # the user's side needs no torch
            continue
    return "\n".join(found) + "\n"
