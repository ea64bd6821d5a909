"""From an ask to the files of its phases: scan, compose, refuse or draw, and write down where everything came from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine import __version__
from engine.data import asked, drawing, mix
from engine.data.buckets import Tree, ordered, scan
from engine.data.curriculum import DEFAULTS, TIERS, Accept, Composition, compose, fitted
from engine.data.drawing import Drawer, Pick, Written
from engine.data.landing import landing
from engine.errors import Unusable
from engine.profile import Profile, plain
from engine.profile.nearest import close
from engine.profile.tables.data import Phase

INDEX = "curriculum.json"
DRAW = (
    "mix",
    "quota",
    "rows",
    "cap",
    "minimum",
    "domains",
    "focus",
    "focus_share",
    "reuse",
    "seed",
)
"""Keys of a phase that say how its rows are drawn."""


@dataclass(frozen=True)
class Asking:
    """A whole curriculum: where the rows are, the phases in their order, the seed."""

    buckets: Path
    phases: tuple[Phase, ...] = DEFAULTS
    tiers: tuple[str, ...] = ()
    kind: str = "auto"
    minimums: Mapping[str, int] = field(default_factory=dict)
    seed: int = 42
    accept: Accept | None = None
    """None: a phase that was told its rows has them or is refused."""
    told: bool = False
    """Whether the numbers of rows were told by somebody, or are our own."""


@dataclass(frozen=True)
class Made:
    """One phase: asked against got, and the files, unless nothing was written."""

    composition: Composition
    table: dict[str, Any]
    written: Written | None


def asking_of(profile: Profile) -> Asking:
    """What a profile asks. A phase draws that names no rows, or that says how the rows in its folder are drawn."""
    data = profile.data
    if data.buckets is None:
        raise Unusable(
            f"{profile.name}: data.buckets is not set", "name the folder DOMAIN/TIER.jsonl"
        )
    phases = tuple(phase for phase in profile.phase if not phase.data or _draws(phase))
    if profile.phase and not phases:
        raise Unusable(
            f"{profile.name}: every phase names its own rows, so nothing is drawn",
            "leave out data of a phase, or give it a mix, rows or a quota",
        )
    phases = phases or (Phase(id="whole"),)
    asking = Asking(Path(data.buckets), phases, data.tiers, data.format, data.minimums, told=True)
    return replace(asking, seed=profile.train.seed)


def _draws(phase: Phase) -> bool:
    return any(getattr(phase, name) for name in DRAW)


def tiers_of(tree: Tree, asking: Asking) -> tuple[str, ...]:
    """Those of the buckets and those asked for, from easy to hard; a misspelt one is refused."""
    known = {*tree.tiers, *asking.tiers, *TIERS}
    asked_for = {tier for phase in asking.phases for tier, part in phase.mix.items() if part}
    for tier in sorted(asked_for - known):
        near = close(tier, known, 0.3)
        found = ", ".join(tree.tiers)
        raise Unusable(
            f"mix.{tier}: no bucket has this tier (found: {found})",
            f"did you mean {near}?" if near else None,
        )
    return asking.tiers or ordered({*tree.tiers, *asked_for})


def refusal(asking: Asking, found: Composition) -> str | None:
    """Why a phase is not drawn, with its arithmetic; None where it can be."""
    rows = mix.total(found.chosen(asking.accept or Accept.LARGEST))
    if rows and (found.met or asking.accept is not None or not asking.told):
        return None
    return (
        f"phase {found.phase.id} asks {found.asked:,} rows: {'; '.join(found.why)}."
        f" The most at exactly this mix: {mix.total(found.largest):,} rows."
        f" The nearest mix: {_spread(found)}"
    )


def _spread(found: Composition) -> str:
    """389 rows, 0/310/75/4 of easy/medium/hard/extremely_complex: 0/80/19/1 % where 35/35/25/5 % are asked"""
    near, rows = mix.by_tier(found.nearest, found.tiers), mix.total(found.nearest)
    asked = mix.shares(found.phase.mix, found.tiers)
    words = (
        f"{rows:,} rows, {'/'.join(f'{near[t]:,}' for t in found.tiers)} of {'/'.join(found.tiers)}"
    )
    if not rows or not asked:
        return words
    got = "/".join(f"{100 * near[tier] / rows:.0f}" for tier in found.tiers)
    wanted = "/".join(f"{100 * float(asked[tier]):.0f}" for tier in found.tiers)
    return f"{words}: {got} % where {wanted} % are asked"


@dataclass(frozen=True)
class Draft:
    """One phase drawn in memory; nothing is written yet."""

    composition: Composition
    pick: Pick
    refusal: str | None


def draft(
    tree: Tree, asking: Asking, only: str | None = None, out: Path | None = None
) -> list[Draft]:
    """Draw the phases, or the one called `only` from what the phases before it in `out` left."""
    tiers, drawer = tiers_of(tree, asking), Drawer(tree, asking.seed)
    phases = asking.phases
    if only is not None:
        for name in _before(tree, asking, only, out):
            drawer.take(name)
        phases = tuple(phase for phase in phases if phase.id == only)
    elif not asking.told and asking.accept is None:
        phases = fitted(phases, tiers, tree.stock)
    found = []
    for phase in phases:
        composition = compose(phase, tiers, tree.stock if phase.reuse else drawer.left)
        pick = drawer.draw(phase, composition.chosen(asking.accept or Accept.LARGEST))
        found.append(Draft(composition, pick, refusal(asking, composition)))
    return found


def finish(
    tree: Tree, asking: Asking, drafts: Sequence[Draft], out: Path | None, merge: bool = True
) -> list[Made]:
    """Write what was drafted; without a folder only its tables are made."""
    made = []
    for one in drafts:
        table = asked.table(one.composition, asking.accept or Accept.LARGEST, dict(asking.minimums))
        written = None
        if out is not None:
            written = drawing.write(tree, one.composition.phase, one.pick, out, merge)
            written = _stats(written, table, out)
        made.append(Made(one.composition, table, written))
    if out is not None:
        _index(tree, asking, made, out)
    return made


def _before(tree: Tree, asking: Asking, only: str, out: Path | None) -> Iterator[Path]:
    """The manifests in `out` of the phases that come before this one and were drawn from these very buckets."""
    index = None if out is None else read_index(out)
    if out is None or index is None or index.get("inputs") != drawing.bucket_inputs(tree):
        return
    for phase in asking.phases:
        if phase.id == only:
            return
        entry = index["phases"].get(phase.id)
        if entry is not None and not entry["ask"].get("reuse"):
            path = out / entry["files"]["manifest"]["name"]
            if path.is_file():
                yield path


def _stats(written: Written, table: Mapping[str, Any], folder: Path) -> Written:
    path = folder / f"manifest_stats_phase{written.phase}_{written.digest}.json"
    with landing(path) as file:
        file.write(json.dumps(table, indent=2).encode() + b"\n")
    return replace(written, files={**written.files, "stats": (path.name, file.sha256)})


def _index(tree: Tree, asking: Asking, made: Sequence[Made], folder: Path) -> None:
    """`curriculum.json`: which files are the current ones, and what they were made of."""
    phases = {one.written.phase: _provenance(one) for one in made if one.written}
    told = {
        "schema": 1,
        "seed": asking.seed,
        "versions": {"engine": __version__, "numpy": np.__version__},
        "inputs": drawing.bucket_inputs(tree),
    }
    before = read_index(folder)
    if before and all(before.get(key) == told[key] for key in ("seed", "inputs")):
        phases = {**before["phases"], **phases}
    with landing(folder / INDEX) as file:
        file.write(json.dumps({**told, "phases": phases}, indent=1).encode() + b"\n")


def read_index(folder: Path) -> dict[str, Any] | None:
    try:
        table = json.loads((folder / INDEX).read_bytes())
    except (OSError, ValueError):
        return None
    return table if isinstance(table, dict) and isinstance(table.get("phases"), dict) else None


def _provenance(made: Made) -> dict[str, Any]:
    assert made.written is not None
    return {
        "rows": made.written.rows,
        "digest": made.written.digest,
        "ask": plain(made.composition.phase),
        "files": {
            kind: {"name": name, "sha256": sha} for kind, (name, sha) in made.written.files.items()
        },
    }


def open_tree(asking: Asking, broken: str = "skip") -> Tree:
    tree = scan(asking.buckets, asking.tiers, asking.kind)
    if tree.broken and broken == "stop":
        first = next(
            (f"{one.where}: {one.reason}" for one in tree.faults if one.broken), tree.folder
        )
        raise Unusable(f"{first}", "mend it, or leave such rows out: broken = skip")
    return tree
