"""Everything that can be known of a resume before it is run: a list of findings, and the command it would be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.checkpoints import Checkpoint, rehearsal
from engine.checkpoints.rehearsal import BAD, Command, Finding
from engine.errors import Problem
from engine.keeper import continuing, proving
from engine.keeper.job import Restart, argv, working_folder
from engine.machines.machine import Place
from engine.profile import Profile
from engine.proof import Proof
from engine.runs import Run
from engine.view import View


@dataclass(frozen=True)
class Rehearsal:
    """`argv` is what would be run."""

    checkpoint: Checkpoint
    argv: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def good(self) -> bool:
        return not any(one.mark == BAD for one in self.findings)


@dataclass(frozen=True)
class Asked:
    """`patch` is a reviewed diff; `dry` asks for a dry start."""

    patch: Path | None = None
    dry: bool = True


def rehearse(run: Run, view: View, profile: Profile, chosen: Checkpoint, asked: Asked) -> Rehearsal:
    """Nothing of the run is changed."""
    restart = Restart(chosen.path, chosen.step)
    spec = Proof.of(proving.proof(continuing.here(run, profile), view, restart))
    found = [*rehearsal.contents(chosen)]
    certificate = proving.certify(
        continuing.here(run, profile), view, restart, Place(str(_cwd(view)))
    )
    if certificate is not None:
        found += rehearsal.certified(certificate)
    found.append(rehearsal.expected(spec))
    if profile.recipe != "command":
        return Rehearsal(chosen, _argv(profile, run, view, restart), tuple(found))
    command = _command(profile, run, view, restart)
    found.append(rehearsal.accepts(command))
    if asked.dry:
        found += _dry(run, view, profile, (command, spec, asked.patch))
    return Rehearsal(chosen, command.argv, tuple(found))


def _dry(
    run: Run, view: View, profile: Profile, what: tuple[Command, Proof, Path | None]
) -> list[Finding]:
    command, spec, patch = what
    diff = patch or continuing.patch_of(profile, run, view, str(_cwd(view)))
    if diff is None:
        return rehearsal.started(command, spec, dict(profile.command.env))
    try:
        beside = continuing.here(run, profile)
        changed = continuing.patch(beside, command.argv, str(command.cwd), diff)
    except Problem as problem:
        return [Finding(BAD, str(problem))]
    try:
        patched = Command(changed.argv, command.resume, command.cwd, command.folders)
        found = rehearsal.started(patched, spec, dict(profile.command.env))
    finally:
        Path(changed.copy).unlink(missing_ok=True)
    return [Finding("good", changed.change), *found]


def _command(profile: Profile, run: Run, view: View, restart: Restart) -> Command:
    folder = Path(working_folder(profile, Place(str(_cwd(view)))))
    words = _argv(profile, run, view, restart)
    outputs = [_beside(folder, pattern) for pattern in profile.checkpoints.glob]
    folders = (_cwd(view), Path(restart.path).parent, *outputs)
    return Command(words, words[len(profile.command.argv) :], folder, folders)


def _beside(folder: Path, pattern: str) -> Path:
    """The folder in which a pattern looks."""
    fixed = []
    for part in (folder / pattern).parts[:-1]:
        if any(letter in part for letter in "*?["):
            break
        fixed.append(part)
    return Path(*fixed)


def _argv(profile: Profile, run: Run, view: View, restart: Restart) -> tuple[str, ...]:
    return argv(profile, run, restart, Place(str(_cwd(view))))


def _cwd(view: View) -> Path:
    accepted = view.keeper.accepted
    return Path(accepted.cwd) if accepted else Path.cwd()
