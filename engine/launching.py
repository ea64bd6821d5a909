"""Accept a run: freeze its profile, write the first fact durably, start its keeper. Everything after is the keeper's.

A run exists from the moment `accepted` is on the disk; before that nothing was started and nothing is owed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import engine
from engine import adopting, control, hosts, journal, profile, runs
from engine.adopting import Found
from engine.checkpoints import Checkpoint
from engine.errors import Unusable
from engine.events import SCHEMA
from engine.events import keeper as say
from engine.hosts import LOCAL
from engine.keeper.job import addresses, argv
from engine.machines.machine import Place
from engine.profile import Profile
from engine.runs import Run
from engine.secrets import require


@dataclass(frozen=True)
class Origin:
    """Where a fork begins: another run's checkpoint."""

    run: str
    checkpoint: Checkpoint


@dataclass(frozen=True)
class Where:
    """The user's project folder here, and the host that the run goes to."""

    cwd: Path
    host: str


def launch(chosen: Profile, cwd: Path, host: str = "local", origin: Origin | None = None) -> Run:
    """A new run of this profile, durably accepted, its keeper started."""
    if host == LOCAL:
        executable(chosen, cwd)
        run = _accepted(chosen, Where(cwd, host), origin)
        control.ensure_keeper(run)
        return run
    with control.Early(hosts.find(host).name) as early:
        reachable(chosen, cwd, host)
        run = _accepted(chosen, Where(cwd, host), origin)
        early.keep(run)
    return run


def _accepted(chosen: Profile, where: Where, origin: Origin | None) -> Run:
    require((*chosen.secrets.names, *addresses(chosen)))
    run = runs.create(chosen.name, runs.logs_folder(), time.time())
    try:
        journal.replace(run.profile, chosen.canonical())
        _accept(run, chosen, where, origin)
    except OSError as error:
        raise Unusable(
            f"cannot write {run.folder}: {error.strerror}", fix="free some space and launch again"
        ) from error
    return run


def adopt(chosen: Profile, found: Found, host: str = LOCAL) -> Run:
    """A run of what runs already: its identity is there before its runner, which so never starts a second one."""
    run = runs.create(chosen.name, runs.logs_folder(), time.time())
    attempt = run.attempt(1)
    try:
        journal.replace(run.profile, chosen.canonical())
        attempt.folder.mkdir(mode=runs.PRIVATE_DIR, parents=True)
        if host == LOCAL:
            adopting.lay(attempt.folder, found)
        else:  # its keeper lays it there
            journal.replace(attempt.found, json.dumps(found.table()).encode())
        note = "adopted; cannot know " + "; ".join(found.unknown)
        _accept(run, chosen, Where(found.cwd, host), None, note)
    except OSError as error:
        raise Unusable(
            f"cannot write {run.folder}: {error.strerror}", fix="free some space and adopt again"
        ) from error
    control.ensure_keeper(run)
    return run


def _accept(
    run: Run, chosen: Profile, where: Where, origin: Origin | None, note: str | None = None
) -> None:
    writer = journal.Writer(run.keeper)
    accepted = say.Accepted(
        t=time.time(),
        schema=SCHEMA,
        run=run.id,
        profile=chosen.name,
        digest=chosen.digest,
        host=where.host,
        version=engine.__version__,
        cwd=str(where.cwd.absolute()),
        parent=origin.run if origin else None,
        resume_from=origin.checkpoint.path if origin else None,
        resume_step=origin.checkpoint.step if origin else None,
    )
    try:
        writer.append(accepted, durable=True)
        if note is not None:
            writer.append(say.Noted(time.time(), "adopted", note, control.who()), durable=True)
    finally:
        writer.close()
    journal.sync_folder(run.folder.parent)


def reachable(chosen: Profile, cwd: Path, name: str) -> None:
    """A host that cannot be reached or cannot run this is refused before anything exists."""
    host = hosts.find(name)
    # Only who goes far loads ssh and looks through the project.
    from engine.machines.bootstrap import arrive
    from engine.sync import selection

    if chosen.workspace.push:
        selection.chosen(cwd, chosen.workspace.push, chosen.workspace.exclude)
    arrive(host).stream.close()


def executable(chosen: Profile, cwd: Path) -> None:
    """What would fail at once is refused before anything exists."""
    place = Place(str(cwd.absolute()))
    command = argv(chosen, Run(cwd), None, place)
    folder = cwd / (chosen.command.cwd or ".")
    if not folder.is_dir():
        raise Unusable(f"the folder {folder} does not exist", fix="set [command] cwd")
    program = command[0]
    if os.sep in program:
        path = folder / program
        if not path.is_file():
            raise Unusable(f"no such program: {program} (in {folder})", fix="check [command] argv")
        if not os.access(path, os.X_OK):
            raise Unusable(
                f"{program} is not executable",
                fix=f"chmod +x {program}, or start it with its interpreter",
            )
    elif _on_path(program, chosen) is None:
        raise Unusable(f"no program '{program}' on PATH", fix="write its path, or install it")


def _on_path(program: str, chosen: Profile) -> str | None:

    return shutil.which(program, path=chosen.command.env.get("PATH"))


def running(found: Found, sets: Sequence[str] = ()) -> Profile:
    """A profile for a command that runs already. It is never started again by itself."""
    table: dict[str, Any] = {
        "name": _name(found.argv),
        "recipe": "command",
        "command": {"argv": list(found.argv), "cwd": str(found.cwd)},
        "workspace": {"push": []},
        "log": {"files": list(found.files)},
        "checkpoints": {"glob": list(found.checkpoints)},
        "recover": {"attempts": 0},
    }
    return profile.from_table(table, sets)


def wrapped(command: Sequence[str], sets: Sequence[str] = ()) -> Profile:
    """A profile for a bare command: named after its script, everything else by default."""
    if not command:
        raise Unusable("nothing to run", fix="engine watch -- python train.py")
    table: dict[str, Any] = {
        "name": _name(command),
        "recipe": "command",
        "command": {"argv": list(command)},
        # A bare command on another machine means what is there; its folder here may be anything.
        "workspace": {"push": []},
    }
    return profile.from_table(table, sets)


def _name(command: Sequence[str]) -> str:
    """The script's stem where there is one, else the program's."""
    words = [Path(word) for word in command if not word.startswith("-")]
    script = next(
        (word for word in words if word.suffix in (".py", ".sh", ".ipynb")),
        words[0] if words else Path("run"),
    )
    return re.sub(r"[^a-z0-9._-]+", "-", script.stem.lower()).strip("-._")[:40] or "run"
