"""Asked against got, as plain values: what the verbs print, the files keep and the Mix screen draws. Pure."""

from __future__ import annotations

from typing import Any

from engine.data import mix
from engine.data.curriculum import MISSING, Accept, Composition
from engine.data.mix import Counts

Table = dict[str, Any]


def table(found: Composition, accept: Accept, minimums: dict[str, int] | None = None) -> Table:
    """One phase. Shares are of the real total, never of the target."""
    got = found.chosen(accept)
    rows = mix.total(got)
    there = sum(1 for _, why in found.away if why != MISSING)
    return {
        "phase": found.phase.id,
        "purpose": found.phase.purpose,
        "asked": found.asked,
        "rows": rows,
        "met": found.met,
        "why": list(found.why),
        "largest": mix.total(found.largest),
        "nearest": {"rows": mix.total(found.nearest), "tiers": _tiers(found, found.nearest)},
        "tiers": _tiers(found, got),
        "domains": [_domain(found, got, name, minimums or {}) for name in found.stock],
        "away": [{"domain": name, "why": why} for name, why in found.away],
        "cap": _cap(found, got),
        "focus": _focus(found, got),
        "coverage": {"domains": len(got), "of": len(found.stock) + there},
    }


def _tiers(found: Composition, got: Counts) -> list[Table]:
    asked = mix.shares(found.phase.mix, found.tiers)
    rows, counts = mix.total(got), mix.by_tier(got, found.tiers)
    held = mix.by_tier(found.stock, found.tiers)
    return [
        {
            "tier": tier,
            "asked_share": float(asked[tier]) if asked else None,
            "share": counts[tier] / rows if rows else None,
            "rows": counts[tier],
            "has": held[tier],
        }
        for tier in found.tiers
    ]


def _domain(found: Composition, got: Counts, name: str, minimums: dict[str, int]) -> Table:
    has, rows = found.stock[name], sum(got.get(name, {}).values())
    total = mix.total(got)
    return {
        "domain": name,
        "has": {tier: has.get(tier, 0) for tier in found.tiers},
        "short": sum(max(0, least - has.get(tier, 0)) for tier, least in minimums.items()),
        "rows": rows,
        "share": rows / total if total else None,
        "focus": name in found.phase.focus,
    }


def _cap(found: Composition, got: Counts) -> Table:
    rows = mix.by_domain(got)
    top = max(rows, key=lambda name: rows[name], default=None)
    share = rows[top] / mix.total(got) if top is not None else None
    return {"asked": found.phase.cap, "share": share, "domain": top}


def _focus(found: Composition, got: Counts) -> Table:
    focus = found.phase.focus
    rows, total = mix.by_domain(got), mix.total(got)
    held = sum(rows.get(name, 0) for name in focus)
    return {
        "asked": found.phase.focus_share,
        "share": held / total if total and focus else None,
        "absent": [name for name in focus if not rows.get(name)],
    }
