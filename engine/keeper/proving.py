"""What the first rows of a resumed attempt must show, and whether its steps are those that would have come."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.checkpoints import Checkpoint, afar, certificate, history
from engine.errors import Problem
from engine.keeper.continuing import Beside
from engine.keeper.job import Restart
from engine.machines.machine import Place
from engine.runs import Attempt, Run
from engine.shelf import acts, circumstances, look, manifest
from engine.view import View


def proof(beside: Beside, view: View, start: Restart) -> dict[str, Any]:
    """What the first rows must show: by this run's own curve, or its parent's where this one has none."""
    accepted = view.keeper.accepted
    source, seen = beside.run, view
    if not view.attempts and accepted is not None and accepted.parent:
        from engine.reader import RunReader

        source = Run(beside.run.folder.parent / accepted.parent)
        seen = RunReader(source).poll()
    holds = _holds(beside, view, start)
    then = beside.profile.recover.proof
    spec = history.proof_for(source, seen, start.step, holds, then)
    if _may_end_a_phase(beside, start):
        points = tuple((step, loss, None) for step, loss, _ in spec.points)
        spec = replace(spec, points=points)
    return spec.table()


def _may_end_a_phase(beside: Beside, start: Restart) -> bool:
    """What comes next has a learning rate of its own then, which nothing of before foretells."""
    if beside.is_script or not beside.profile.phase:
        return False
    kept = manifest.inside(Path(start.path))
    return kept is None or bool(kept.get("phase_end"))


def _holds(beside: Beside, view: View, start: Restart) -> tuple[str, ...]:
    if afar.host_of(view) is None:
        return look(Path(start.path)).holds
    known = _at(beside, view, start)
    return known.holds if known else ()


def _at(beside: Beside, view: View, start: Restart) -> Checkpoint | None:
    """The checkpoint that lies there, or of which this is the copy that was brought here."""
    brought = {told.copy: told.path for told in view.keeper.saves.pulled}
    path = brought.get(start.path, start.path)
    return next((one for one in beside.known(view) if one.path == path), None)


def certify(
    beside: Beside, view: View, start: Restart, place: Place
) -> certificate.Certificate | None:
    """Of a script of others; our own trainer compares more and says it itself."""
    if not beside.is_script or view.last is None:
        return None
    one = _at(beside, view, start)
    if one is None:
        return certificate.Certificate(
            certificate.UNKNOWN, ("the checkpoint is not one of this run's",)
        )
    then = circumstances.noted(beside.run.attempt(_maker(view, one)).folder)
    argv = beside.profile.command.argv
    now = _circumstances(beside, view.last.opening.cwd, place.bin)
    # Scripts are read here, where they came from.
    cwd = Path(view.keeper.accepted.cwd if view.keeper.accepted else view.last.opening.cwd)
    scripts = [path for word in argv if (path := cwd / word).suffix == ".py" and path.is_file()]
    texts = [" ".join(argv), *(path.read_text("utf-8", "replace") for path in scripts)]
    return certificate.certify(one, then, now, certificate.scan(texts))


def note(beside: Beside, attempt: Attempt, folder: str, place: Place) -> None:
    """What this attempt's steps depend on, for the certificate of a later one; without it that one is unknown."""
    if not beside.is_script:
        return
    with suppress(Problem, OSError):
        circumstances.note(attempt.folder, _circumstances(beside, folder, place.bin))


def _circumstances(beside: Beside, cwd: str, bin: str | None) -> dict[str, Any]:
    """`bin` has the programs of an environment that was made for it."""
    command = beside.profile.command
    first, *rest = command.argv
    if bin is not None and first.startswith("python"):
        first = os.path.join(bin, first)
    (answer,) = beside.do(acts.notice((first, *rest), cwd, command.env))
    return dict(answer["circumstances"])


def _maker(view: View, one: Checkpoint) -> int:
    """The attempt that wrote it."""
    for told in view.keeper.saves.commits:
        if told.path == one.path:
            return told.attempt
    for attempt in reversed(view.attempts):
        if any(saved.path == one.path for saved in attempt.facts.trainer.saved):
            return attempt.number
    return view.last.number if view.last else 1
