"""The rows of each phase, asked and got: the profile's ask, and what the draw's own statistics say came of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import vault
from engine.frozen import section
from engine.report.said import Said, grouped, said

CAP = 4 << 20
MOST = 200
"""Files beside a phase's data that are looked at for its statistics."""


@dataclass(frozen=True)
class DataRow:
    """One phase, or one source."""

    name: str
    rows: Said
    asked: Said
    got: Said


def mixes(profile: Mapping[str, Any], cwd: Path | None, typed: Mapping[str, str]) -> list[DataRow]:
    """`cwd` is the project's folder where it is this machine's; None: nothing is looked for."""
    told = grouped(typed, "data")
    found = []
    for phase in _phases(profile):
        name = str(phase.get("id"))
        own, stats = told.pop(name, {}), _stats(phase, cwd)
        rows = stats.get("rows", stats.get("total"))
        counted = f"{rows:,}" if isinstance(rows, int) else None
        asked = _shares(section(phase, "mix"))
        found.append(
            DataRow(
                name,
                said(counted, own.get("rows")),
                said(asked, own.get("mix")),
                said(_shares(_tiers(stats))),
            )
        )
    files = section(profile, "data").get("train")
    if not found and isinstance(files, list):
        for one in files:
            found.append(
                DataRow(str(one), said(None, told.pop(str(one), {}).get("rows")), *_none())
            )
    found += [
        DataRow(name, said(None, own.get("rows")), said(None, own.get("mix")), said(None))
        for name, own in told.items()
        if own.keys() & {"rows", "mix"}
    ]
    return found


def total(rows: Sequence[DataRow], typed: Mapping[str, str]) -> Said:
    """All rows together; a sum is typed where one of its parts is."""
    counts = [_count(row.rows.text) for row in rows]
    if rows and None not in counts:
        summed = f"{sum(filter(None, counts)):,}"
        return Said(summed, any(row.rows.typed for row in rows))
    return said(None, typed.get("data.rows"))


def _none() -> tuple[Said, Said]:
    return said(None), said(None)


def _count(text: str) -> int | None:
    plain = text.replace(",", "")
    return int(plain) if plain.isdigit() else None


def _phases(profile: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    found = profile.get("phase")
    for one in found if isinstance(found, list) else ():
        if isinstance(one, dict) and one.get("id"):
            yield one


def _shares(weights: Mapping[str, Any]) -> str | None:
    """35% easy, 35% medium, 30% hard"""
    numbers = {k: v for k, v in weights.items() if isinstance(v, (int, float))}
    whole = sum(numbers.values())
    if not whole:
        return None
    return ", ".join(f"{100 * value / whole:.0f}% {name}" for name, value in numbers.items())


def _tiers(stats: Mapping[str, Any]) -> Mapping[str, Any]:
    tiers = stats.get("tiers")
    if isinstance(tiers, list):
        return {str(t.get("tier")): t.get("rows") for t in tiers if isinstance(t, dict)}
    return section(stats, "by_difficulty")


def _stats(phase: Mapping[str, Any], cwd: Path | None) -> Mapping[str, Any]:
    """Of the newest draw of this phase that lies beside its data; empty where there is none."""
    files = phase.get("data")
    if cwd is None or not isinstance(files, list):
        return {}
    for name in files:
        beside = sorted(
            (cwd / str(name)).parent.glob(f"manifest_stats_phase{phase.get('id')}*.json")
        )
        for path in beside[-1:-MOST:-1]:
            try:
                found = json.loads(vault.small(path, CAP))
            except (OSError, ValueError, RecursionError):
                continue
            if isinstance(found, dict):
                return found
    return {}
