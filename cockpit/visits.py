"""What is known of a machine, as words: from its entry, from a visit, from the runs that are there. Pure."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from cockpit.aside import Answer
from cockpit.inks import Line, ink_of, sign
from cockpit.watching.roster import Row
from engine.cli import words
from engine.display import display
from engine.hosts import ADDRESS, Host

NAME, TEXT = 60, 200
SHOWN = 5
"""Runs of a machine that are named."""
Texts = list[tuple[str, str]]


def line_of(host: Host, visit: Answer | None, under_way: bool, live: int) -> Texts:
    """Sign, name, address, runs, the visit, GPUs, room, price."""
    found = visit.rows[0] if visit is not None and visit.rows else {}
    state, ink = _state(host, visit, under_way)
    return [
        (f" {state[:1]}" if state else "", f"{ink} bold"),
        (display(host.name, NAME), "title"),
        (display(host.address, NAME) or "this machine", "muted"),
        (str(live) if live else "", "good bold"),
        (state[2:], ink),
        (display(_gpus(found), NAME), "text"),
        (words.size(found["disk_free_bytes"]) if found else "", "muted"),
        ("" if host.price_hour is None else f"{host.price_hour:.2f}", "text"),
    ]


def _state(host: Host, visit: Answer | None, under_way: bool) -> tuple[str, str]:
    if under_way:
        return "◔ asking", "accent"
    if visit is None:
        return ("● here", "good") if not host.address else ("○ not yet", "muted")
    if visit.trouble:
        return "✖ away", "bad"
    return ("⚠ lacks", "warn") if visit.rows and visit.rows[0]["missing"] else ("✔ well", "good")


def _gpus(found: Mapping[str, Any]) -> str:
    """How many of which; the details have the rest."""
    names = Counter(
        str(gpu).partition(",")[0].removeprefix("NVIDIA ") for gpu in found.get("gpus", ())
    )
    return ", ".join(f"{count}× {name}" if count > 1 else name for name, count in names.items())


def details(host: Host, visit: Answer | None, under_way: bool, runs: Sequence[Row]) -> list[Line]:
    """All that is known, a line each."""
    lines = [_row("runs go to", host.address or "this machine", "title")]
    if host.address:
        pinned = host.fingerprint or "the one that your ssh knows"
        lines += [
            _row("its key", pinned, "text"),
            _row("named in", host.source, "muted"),
            _row("python", f"{host.python}, commands run in {host.workdir}", "text"),
        ]
    if under_way:
        lines.append(_row("visit", "getting through to it…", "accent"))
    elif visit is not None and visit.trouble:
        lines += [
            _row("visit" if not at else "", one, "bad") for at, one in enumerate(visit.trouble)
        ]
    elif visit is not None and visit.rows:
        lines += _visited(visit.rows[0])
    elif host.address:
        lines.append(_row("visit", "Enter looks what is there and what is missing", "muted"))
    return lines + _running(runs)


def _visited(found: Mapping[str, Any]) -> list[Line]:
    programs = [name for name, path in found["programs"].items() if path]
    clock = f"{found['clock_offset_s']:+.2f} s ± {found['clock_plus_minus_s']:.2f} s"
    room = f"{words.size(found['disk_free_bytes'])} of {words.size(found['disk_total_bytes'])} free"
    cpus = words.count(found["cpus"])
    return [
        _row("there", f"{found['node']}: Python {found['python']}, {cpus} CPUs, "
                      f"{words.size(found['ram_bytes'])} of memory", "text"),
        _row("GPUs", "; ".join(found["gpus"]) or "none seen", "text"),
        _row("disk", f"{room} under {found['root']}", "text"),
        _row("line", f"{1000 * found['rtt_s']:.0f} ms there and back; its clock {clock}", "text"),
        _row("programs", " ".join(programs), "muted"),
        *(_row("missing", one, "warn") for one in found["missing"]),
    ]  # fmt: skip


def _running(runs: Sequence[Row]) -> list[Line]:
    """Live ones first, and how many there are in all."""
    if not runs:
        return [_row("runs", "none yet", "muted")]
    chosen = sorted(runs, key=lambda row: not row.live)[:SHOWN]
    lines = list[Line]()
    for at, row in enumerate(chosen):
        ink = ink_of(row.state, row.word)
        lines.append([(f"{'runs' if not at else '':<12}", "faint"),
                      (f"{sign(row.word)} {display(row.word, 16):<14}", ink),
                      (display(row.run.id, NAME), "text")])  # fmt: skip
    if len(runs) > SHOWN:
        lines.append(_row("", f"and {len(runs) - SHOWN:,} more", "faint"))
    return lines


def _row(label: str, text: str, ink: str) -> Line:
    return [(f"{label:<12}", "faint"), (display(text, TEXT), ink)]


def parsed(text: str) -> dict[str, str] | None:
    """`ssh` and perhaps `key` out of an ssh line as people paste it; None is no such line."""
    try:
        parts = shlex.split(text)
    except ValueError:
        return None
    if parts[:1] == ["ssh"]:
        parts = parts[1:]
    found: dict[str, str] = {}
    while parts:
        part = parts.pop(0)
        if part in ("-p", "-i", "-l", "-o") and parts:
            found[part] = parts.pop(0)
        elif part.startswith("-p") and part[2:].isdigit():
            found["-p"] = part[2:]
        elif part.startswith("-") or "address" in found:
            return None
        else:
            found["address"] = part
    return _given(found)


def _given(found: Mapping[str, str]) -> dict[str, str] | None:
    address = found.get("address", "").removeprefix("ssh://")
    if "-l" in found and "@" not in address:
        address = f"{found['-l']}@{address}"
    if "-p" in found:
        address = f"{address}:{found['-p']}"
    if not ADDRESS.fullmatch(address):
        return None
    return {"ssh": address, **({"key": found["-i"]} if "-i" in found else {})}


def suggested(address: str) -> str:
    """A name for it: its first label, as names may be."""
    host = address.rpartition("@")[2].partition(":")[0]
    first = host if re.fullmatch(r"[\d.]+", host) else host.partition(".")[0]
    return re.sub(r"[^a-z0-9.-]+", "-", first.lower()).strip("-.")[:48]
