"""How a curriculum is drawn: tiers asked against got, domains, one row, and the bill. Values in, lines out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cockpit.inks import Line
from cockpit.widgets.bars import Heading, tabled, titles
from engine.cli import words
from engine.display import display

if TYPE_CHECKING:
    from engine.data.board import Board, Column
    from engine.data.rows import Fault, Row

    Sampled = tuple[str, Row | Fault, list[str]]

BAR = 9
NEAR, FAR = 0.02, 0.10
"""Shares apart from the ask that are well, and that are bad."""
SHORT_TIERS = {"extremely_complex": "extreme"}


def phase_lines(column: Column, tier: int | None, width: int) -> Iterator[Line]:
    for index, one in enumerate(column.table["tiers"]):
        cursor = "▸" if index == tier else " "
        yield [(cursor, "accent bold"), *tier_line(one, width)]
    table = column.table
    yield [(f"{table['rows']:,} rows of {table['asked']:,} asked", "text")]
    cap = table["cap"]
    if cap["domain"] is not None:
        asked = "" if cap["asked"] is None else f", cap {percent(cap['asked'])}"
        yield [(f"{display(cap['domain'], 24)} {percent(cap['share'])}{asked}", "muted")]
    focus = table["focus"]
    if focus["share"] is not None:
        yield [(f"in focus {percent(focus['share'])}, {len(focus['absent'])} absent", "muted")]
    for why in table["why"][:2]:
        yield [("! ", "bad"), (display(why, 120), "warn")]


def columns(width: int) -> list[Heading]:
    name = min(max(width - 52, 12), 36)
    return [("", 3, False), ("DOMAIN", name, False), ("HAS e/m/h/x", 22, False),
            ("SHORT", 7, True), ("ROWS", 8, True), ("SHARE", 8, True)]  # fmt: skip


def domain_head(width: int) -> Line:
    return titles(columns(width))


def domain_line(one: dict[str, Any], width: int) -> Line:
    holes = [tier for tier, rows in one["has"].items() if not rows]
    sign, ink = ("✖", "bad") if len(holes) == len(one["has"]) else ("⚠", "warn")
    texts = [
        (f" {'★' if one['focus'] else ' '}{sign if holes else ' '}", ink),
        (display(one["domain"], 60), "title"),
        ("/".join(f"{rows:,}" for rows in one["has"].values()), "text"),
        (f"{one['short']:,}" if one["short"] else "", "warn"),
        (f"{one['rows']:,}", "text"),
        (percent(one["share"]) if one["rows"] else "—", "muted"),
    ]
    return tabled(columns(width), texts)


def row_lines(found: Sampled | None, width: int) -> list[Line]:
    from engine.data.rows import Row

    if found is None:
        return [[("no row here", "muted")]]
    where, row, wrong = found
    if not isinstance(row, Row):
        return [[(display(where, 60), "muted"), (f"  ✖ {display(row.reason, 80)}", "bad")]]
    asked, answer = row.turns[0].text, row.turns[-1].text
    judged = f"✖ {', '.join(wrong)}" if wrong else "✔"
    return [
        [(f"{display(where, 60)}  ", "muted"), (judged, "bad" if wrong else "good")],
        [(f"“{display(asked, max(width - 4, 10))}”", "text")],
        [(f"→ “{display(answer, max(width - 6, 10))}”", "text")],
    ]


def bill(board: Board) -> Iterator[Line]:
    from engine.data.outlook import together

    parts = [column.outlook for column in board.columns]
    for column, one in zip(board.columns, parts, strict=True):
        yield _charge(display(column.table["phase"], 12), one)
    if len(parts) > 1:
        yield _charge("all", together(parts))
    empty = len(board.tree.empty)
    note = f"{empty} of {len(board.tree.buckets)} bucket files are EMPTY" if empty else ""
    yield [(note, "warn"), (f"  seed {board.asking.seed}", "muted")]


def _charge(name: str, one: Any) -> Line:
    money = words.money(one.dollars)
    ink = "bad" if one.blind else "text"
    return [
        (f"{name:<12} ", "title"),
        (f"{words.many(one.rows, 'row')} → {words.many(one.steps, 'step')} → ", "text"),
        (words.many(one.points, "loss point"), ink),
        (
            f" → {words.many(one.checkpoints, 'checkpoint')}  {words.span(one.seconds)}  {money}",
            "text",
        ),
    ]


def tier_line(tier: dict[str, Any], width: int) -> Line:
    """`easy    ask 35% got 14% █░░░░░░░░ ✖`"""
    asked, got = tier["asked_share"], tier["share"]
    name = SHORT_TIERS.get(tier["tier"], tier["tier"])
    room = max(0, min(BAR, width - 28))
    full = round((got or 0) * room)
    apart = 0.0 if asked is None else abs((got or 0) - asked)
    sign, ink = ("✔", "good") if apart <= NEAR else ("⚠", "warn") if apart <= FAR else ("✖", "bad")
    bar = "█" * full + "░" * (room - full)
    shown = re.sub(r"[^\w .-]", "", name)[:8]
    return [
        (f"{shown:<8}", "text"),
        (f"ask {percent(asked):>3} got {percent(got):>3} ", "muted"),
        (bar, "primary"),
        (f" {sign}", f"{ink} bold"),
    ]


def percent(share: float | None) -> str:
    return "—" if share is None else f"{100 * share:.0f}%"
