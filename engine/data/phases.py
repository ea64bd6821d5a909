"""A profile's phases that name no files get the rows drawn for them from `data.buckets`.

Drawn again it is the same draw: a resume trains on the very bytes, and changed buckets are changed data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from engine.data.preparing import Made, asking_of, draft, finish, open_tree
from engine.errors import Unusable
from engine.profile import Profile
from engine.profile.tables.data import Phase


def drawn(job: Profile, folder: Path) -> tuple[Profile, list[Made]]:
    """The profile with the files of every phase; the files and their provenance are in `folder`."""
    if job.data.buckets is None or not needs(job):
        return job, []
    asking = asking_of(job)
    asking = replace(asking, phases=tuple(one for one in asking.phases if not one.data))
    tree = open_tree(asking, job.data.broken)
    drafts = draft(tree, asking)
    refused = [one.refusal for one in drafts if one.refusal is not None]
    if refused:
        fix = "engine data curriculum --config PROFILE shows it; ask for what there is"
        raise Unusable("\n".join(refused), fix)
    made = finish(tree, asking, drafts, folder)
    files = {one.composition.phase.id: _merged(one, folder) for one in made}
    whole = job.phase or (one.composition.phase for one in made)
    phases = tuple(
        phase if phase.data else replace(phase, data=(files[phase.id],)) for phase in whole
    )
    if not job.phase:
        return replace(job, data=replace(job.data, train=phases[0].data)), made
    return replace(job, phase=phases), made


def needs(job: Profile) -> bool:
    """Whether anything has to be drawn: a phase without files, or a profile without any."""
    phases: tuple[Phase, ...] = job.phase
    return any(not phase.data for phase in phases) if phases else not job.data.train


def _merged(made: Made, folder: Path) -> str:
    assert made.written is not None
    return str(folder / made.written.files["merged"][0])


def sentences(made: list[Made]) -> Iterator[str]:
    """What each phase has, for the person watching."""
    for one in made:
        table = one.table
        tiers = "/".join(f"{tier['rows']:,}" for tier in table["tiers"])
        yield (
            f"phase {table['phase']}: {table['rows']:,} rows of {table['coverage']['domains']} domains,"
            f" {tiers} of {'/'.join(tier['tier'] for tier in table['tiers'])},"
            f" SHA-256 {one.written.files['merged'][1][:12] if one.written else '?'}"
        )
