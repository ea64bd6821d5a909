"""Checkpoints on another machine: what trainers told of them, and what the machine answered when it was last asked.

Nothing is asked here. An answer lies in the run's cache with the paths that the question named: those of them that it
leaves out are gone there.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from engine import journal, vault
from engine.checkpoints.checkpoint import HERE, Checkpoint, Place, bare, seen
from engine.profile import Profile
from engine.runs import PRIVATE_DIR, Run
from engine.shelf import manifest
from engine.shelf.finding import Found
from engine.view import View

LOCAL = "local"
ANSWER = "there.json"


@dataclass(frozen=True)
class Answer:
    """What a machine said at a time, and which paths it was asked about by name."""

    t: float
    asked: frozenset[str]
    found: tuple[Found, ...]
    free: int | None
    """Bytes on the disk where the command ran."""


def host_of(view: View) -> str | None:
    """The machine that a run was accepted for, where it is another one."""
    accepted = view.keeper.accepted
    return None if accepted is None or accepted.host == LOCAL else accepted.host


def every(run: Run, view: View, host: str) -> list[Checkpoint]:
    """Those that were told of, with what the machine says of them; then those that only the machine knows."""
    place, answer = Place("machine", host), answered(run)
    known = {one.path: one for one in told(view, place)}
    if answer is None:
        return list(known.values())
    there = {one.path: one for one in answer.found}
    kept = [
        seen(one, there[path]) if path in there else one
        for path, one in known.items()
        if path in there or path not in answer.asked
    ]
    copies = {one.copy: one.path for one in view.keeper.saves.protected if one.copy}
    more = [bare(one, place) for path, one in there.items() if path not in {*known, *copies}]
    return [*kept, *more, *_alone(there, copies, place)]


def _alone(
    there: Mapping[str, Found], copies: Mapping[str, str], place: Place
) -> Iterator[Checkpoint]:
    """Copies out of a script's reach of what is gone."""
    for copy, path in copies.items():
        if copy in there and path not in there:
            name = PurePosixPath(path).name
            yield replace(bare(there[copy], place), name=name, copy_of=path)


def question(view: View, profile: Profile) -> dict[str, Any]:
    """What to ask the machine: `finding.every` answers it."""
    return {
        "paths": [
            *(one.path for one in told(view)),
            *(one.copy for one in view.keeper.saves.protected if one.copy),
        ],
        "folder": view.last.opening.cwd if view.last else "/",
        "globs": list(profile.checkpoints.glob),
        "kind": profile.checkpoints.kind,
    }


def keep(run: Run, asked: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    """The machine's answer, for everybody who lists this run until the next one."""
    run.cache.mkdir(mode=PRIVATE_DIR, exist_ok=True)
    body = {"t": time.time(), "asked": asked["paths"], **answer}
    journal.replace(run.cache / ANSWER, json.dumps(body).encode())


def answered(run: Run) -> Answer | None:
    """The last answer; None where nobody asked yet. What a machine says is taken for no more than it is."""
    try:
        body = json.loads(vault.small(run.cache / ANSWER, manifest.CAP))
        found = tuple(_found(one) for one in body["found"])
        asked = frozenset(map(str, body["asked"]))
        return Answer(float(body["t"]), asked, found, _whole(body.get("free")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def told(view: View, place: Place = HERE) -> list[Checkpoint]:
    """Each path once, in the order of telling. One that was told with its manifest was whole then."""
    found: dict[str, Checkpoint] = {}
    for attempt in view.attempts:
        for saved in attempt.facts.trainer.saved:
            # A path that is told relative begins where the trainer was started.
            path = os.path.join(attempt.opening.cwd, saved.path)
            found.pop(path, None)
            found[path] = Checkpoint(
                name=PurePosixPath(path).name,
                path=path,
                step=saved.step,
                bytes=saved.bytes,
                t=saved.t,
                verified="manifest" if saved.manifest else None,
                places=(place,),
            )
    return list(found.values())


def is_far(one: Checkpoint) -> bool:
    """Nobody can look at it from here."""
    return HERE not in one.places


def _found(one: dict[str, Any]) -> Found:
    """Words, numbers and nothing else, whatever the machine said."""
    return Found(
        path=str(one["path"]),
        step=_whole(one.get("step")),
        bytes=_whole(one.get("bytes")),
        t=None if one.get("t") is None else float(one["t"]),
        kind=_word(one.get("kind")),
        holds=tuple(str(word) for word in one.get("holds") or ()),
        metrics={str(name): float(value) for name, value in (one.get("metrics") or {}).items()},
        total=_whole(one.get("total")),
        flaw=_word(one.get("flaw")),
    )


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _word(value: Any) -> str | None:
    return None if value is None else str(value)
