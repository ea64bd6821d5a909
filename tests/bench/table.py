"""Figures as one aligned table, and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from tests.bench.figures import Figure

HEAD = ("what", "ours", "peer", "times", "promised", "note")


def text(found: Sequence[Figure]) -> str:
    """Columns as wide as their widest word; the note hangs free."""
    rows = [HEAD, *map(_cells, found)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEAD) - 1)]
    return "\n".join(
        "  ".join([*map(str.ljust, row[:-1], widths), row[-1]]).rstrip() for row in rows
    )


def markdown(found: Sequence[Figure]) -> str:
    rows = [HEAD, ("---",) * len(HEAD), *map(_cells, found)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def _cells(one: Figure) -> tuple[str, ...]:
    peer = f"{one.peer} {_amount(one.peer_value, one.unit)}" if one.peer else ""
    times = "" if one.ratio is None else f"{_number(one.ratio)}x"
    return one.name, _amount(one.value, one.unit), peer, times, one.target or "", one.note


def _amount(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{_number(value)} {unit}"


def _number(value: float) -> str:
    """Three figures that count."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
