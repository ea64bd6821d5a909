"""What of the user's project a machine needs: what `[workspace] push` says, and for trainings of our own the files that
the profile names, kept by git or not."""

from __future__ import annotations

from pathlib import PurePath

from engine.keeper.job import RECIPES
from engine.machines.machine import Project
from engine.profile import Profile


def project(profile: Profile, folder: str) -> Project:
    workspace = profile.workspace
    also = named(profile) if profile.recipe in RECIPES else ()
    return Project(folder, workspace.push, workspace.exclude, also)


def named(profile: Profile) -> tuple[str, ...]:
    """Relative paths and globs of data and models; what is absolute, or an address, is the machine's own."""
    data, model = profile.data, profile.model
    found: list[object] = [*data.train, data.valid, data.buckets, model.base, model.tokenizer]
    if model.from_scratch is not None:
        found.append(model.from_scratch.tokenizer)
    for phase in profile.phase:
        found += phase.data
    return tuple(dict.fromkeys(str(one) for one in found if isinstance(one, str) and _is_here(one)))


def _is_here(name: str) -> bool:
    return not (name.startswith(("hf:", "~")) or "://" in name or PurePath(name).is_absolute())
