"""A curriculum on the table: the ask, what each phase can have, and what that becomes; edited, not yet drawn."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine import system
from engine.data import asked, mix
from engine.data.buckets import Tree, scan
from engine.data.curriculum import DEFAULTS, Accept, Composition, fitted, plan
from engine.data.order import number, shuffled
from engine.data.outlook import Outlook, Pace, outlook
from engine.data.preparing import Asking, asking_of, open_tree, refusal, tiers_of
from engine.data.quality import problems
from engine.data.reading import parse
from engine.data.rows import Fault, Row, parse_row
from engine.profile import Profile, load

STEP = 5
"""Weight added or taken at once."""


@dataclass(frozen=True)
class Column:
    """One phase."""

    composition: Composition
    table: dict[str, Any]
    outlook: Outlook
    refusal: str | None


@dataclass(frozen=True)
class Board:
    """Everything the Mix screen shows. `pace` is the profile's training, or a plain one."""

    tree: Tree
    asking: Asking
    pace: Pace
    columns: tuple[Column, ...]

    @property
    def tiers(self) -> tuple[str, ...]:
        return self.columns[0].composition.tiers


def open_board(path: Path) -> Board:
    """Of a profile, or of a folder of buckets with the three phases of our own, sized to it."""
    if path.is_dir():
        asking = Asking(path, DEFAULTS)
        tree = scan(path)
        phases = fitted(DEFAULTS, tiers_of(tree, asking), tree.stock)
        return computed(tree, replace(asking, phases=phases), Pace())
    profile = load(path)
    asking = asking_of(profile)
    return computed(open_tree(asking), asking, pace_of(profile))


def pace_of(profile: Profile) -> Pace:
    train, data = profile.train, profile.data
    return Pace(
        train.micro_batch * train.grad_accum * train.devices, train.epochs or 1.0, data.max_length,
        data.packing, 1, profile.save.every_steps,
    )  # fmt: skip


def computed(tree: Tree, asking: Asking, pace: Pace) -> Board:
    """The board for an ask: every phase once more."""
    accept = asking.accept or Accept.LARGEST
    held = sum(int(bucket.sizes.sum()) for bucket in tree.buckets)
    each = held / tree.rows if tree.rows else 0.0
    columns = []
    for found in plan(asking.phases, tiers_of(tree, asking), tree.stock, accept):
        rows = mix.total(found.chosen(accept))
        epochs = found.phase.epochs or pace.epochs
        columns.append(
            Column(
                found,
                asked.table(found, accept, dict(asking.minimums)),
                outlook(rows, each, replace(pace, epochs=epochs)),
                refusal(asking, found),
            )
        )
    return Board(tree, asking, pace, tuple(columns))


def weighted(asking: Asking, phase: int, tier: str, change: int) -> Asking:
    """The ask with more or less of a tier in a phase."""
    phases = list(asking.phases)
    mix_now = dict(phases[phase].mix)
    mix_now[tier] = max(0.0, mix_now.get(tier, 0.0) + change)
    if not sum(mix_now.values()):
        return asking
    phases[phase] = replace(phases[phase], mix=mix_now)
    return replace(asking, phases=tuple(phases))


def samples(tree: Tree, domain: str, seed: int) -> Iterator[tuple[str, Row | Fault, list[str]]]:
    """Rows of a domain in a shuffled order: where, the row, what is wrong with it."""
    for bucket in tree.buckets:
        if bucket.domain != domain or not len(bucket):
            continue
        file = os.open(bucket.path, os.O_RDONLY)
        try:
            for index in shuffled(len(bucket), seed, number(bucket.name)).tolist():
                where = f"{bucket.name}:{int(bucket.numbers[index])}"
                data = system.read_at(file, int(bucket.sizes[index]), int(bucket.starts[index]))
                record = parse(data, where)
                row = record if isinstance(record, Fault) else parse_row(record, where, "auto")
                wrong = [] if isinstance(row, Fault) else [name for name, _ in problems(row)]
                yield where, row, wrong
        finally:
            os.close(file)


def as_toml(asking: Asking) -> str:
    """The phases as a profile says them."""
    lines: list[str] = []
    for phase in asking.phases:
        weights = ", ".join(f"{tier} = {weight:g}" for tier, weight in phase.mix.items())
        lines += ["[[phase]]", f'id = "{phase.id}"', f"mix = {{{weights}}}"]
        for key in ("quota", "rows", "cap", "focus_share", "minimum"):
            value = getattr(phase, key)
            if value is not None:
                lines.append(
                    f"{key} = {value:g}" if isinstance(value, float) else f"{key} = {value}"
                )
        if phase.focus:
            lines.append("focus = [" + ", ".join(f'"{name}"' for name in phase.focus) + "]")
        lines.append("")
    return "\n".join(lines)
