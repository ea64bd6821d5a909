"""Runs as lines of a table, those that need somebody, and the few words about one of them."""

from __future__ import annotations

from cockpit.inks import Line, ink_of, sign
from cockpit.watching.roster import Row
from cockpit.widgets.bars import Heading, tabled, titles
from cockpit.widgets.lines import fit
from engine.cli import words
from engine.cli.spark import spark
from engine.display import display


def head(width: int) -> Line:
    return titles(_columns(width))


def _columns(width: int) -> list[Heading]:
    wide, fair = width >= 110, width >= 76
    others = 2 + 13 + 14 + 9 + (2 * 8 if fair else 0) + (17 + 9 + 9 if wide else 0) + 1
    name = min(max(width - others - 1, 14), 60)
    return [
        ("", 1, False),
        ("RUN", name, False),
        ("STATE", 12, False),
        ("STEP", 13, True),
        ("LOSS", 8, True),
        ("TREND", 16 if wide else 0, False),
        ("HOST", 8 if wide else 0, False),
        ("DONE", 7 if fair else 0, True),
        ("SPENT", 8 if wide else 0, True),
        ("AT RISK", 7 if fair else 0, True),
    ]


def run_line(row: Row, width: int, now: float, marked: bool) -> Line:
    ink = ink_of(row.state, row.word)
    arrow = words.ARROWS.get(row.learning, " ")
    low, high = (min(row.trend), max(row.trend)) if row.trend else (0.0, 0.0)
    texts = [
        ("◆", "accent bold") if marked else (sign(row.word) if row.state else "·", ink),
        (display(row.run.id, 80), "title" if row.live else "text"),
        (display(row.word, 16), f"{ink} bold" if row.state else "faint"),
        (words.progress(row.step, row.total) if row.state else "", "text"),
        (f"{words.figure(row.loss)}{arrow}" if row.state else "", "text"),
        (spark(row.trend, low, high), "primary"),
        (display(row.host or words.MISSING, 16), "muted"),
        (words.clock(row.eta, now)[-5:] if row.eta else words.MISSING, "text"),
        (words.money(row.spent), "text"),
        (_risk(row), "warn" if (row.at_risk_s or 0) > 1800 else "muted"),
    ]
    flag = ("‼", "bad bold") if row.needs else (" ", "text")
    return [*tabled(_columns(width), texts), flag]


def _risk(row: Row) -> str:
    return words.span(row.at_risk_s) if row.state else ""


def needs(wanting: list[Row], width: int) -> list[Line]:
    if not wanting:
        return [[("nothing", "good bold"), ("  no run waits for you", "muted")]]
    lines: list[Line] = []
    for row in wanting[:4]:
        need = row.wants[0] if row.wants else None
        told = (
            f"{display(need.alarm, 20)}: {display(need.detail, 60)}"
            if need
            else display(row.word, 20)
        )
        lines.append(
            [
                ("‼ ", "bad bold"),
                (fit(display(row.run.id, 80), min(40, width // 3)), "title"),
                (f"  {told}", "text"),
            ]
        )
    if len(wanting) > 4:
        lines[-1] = [(f"and {len(wanting) - 3} more: w sorts them first", "muted")]
    return lines


def about(row: Row | None, width: int) -> list[Line]:
    if row is None or not row.state:
        return [[("—", "faint")]]
    lines: list[Line] = [
        [
            (f"{sign(row.word)} {display(row.word, 16)}", f"{ink_of(row.state, row.word)} bold"),
            (f"   step {words.progress(row.step, row.total)}", "text"),
            (f"   loss {words.figure(row.loss)} {words.ARROWS.get(row.learning, '')}", "text"),
            (f"   phase {display(row.phase, 20)}" if row.phase else "", "accent"),
        ]
    ]
    for need in row.wants[:3]:
        lines.append(
            [
                (f"{'‼' if need.red else '⚠'} {display(need.alarm, 16)} ", "bad bold"),
                (f"{display(need.detail, 60)}: ", "text"),
                (display(need.fix, 90), "muted"),
            ]
        )
    return lines
