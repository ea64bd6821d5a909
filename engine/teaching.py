"""Teach a run's reader a line: the pattern is tried on the whole console, used from now on, and kept in a profile."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

from engine import control, journal
from engine.dialects.lens import TAUGHT
from engine.errors import Unusable
from engine.events import Lines
from engine.events.keeper import DialectChosen
from engine.journal import Follower
from engine.profile import load
from engine.profile.toml import values
from engine.runs import Attempt, Run

_HEADER = re.compile(r"^\s*\[log\]\s*(?:#.*)?$")
_LINE = re.compile(r"^\s*line\s*=")


def lines(attempt: Attempt) -> Iterator[bytes]:
    """What the newest attempt printed."""
    follower, cut = Follower(attempt.console), Lines()
    while data := follower.read().data:
        for line, _ in cut.feed(data.replace(b"\r", b"\n")):
            yield line


def newest(attempt: Attempt, text: str) -> str:
    """The last line that holds this text."""
    wanted, found = text.encode(), None
    for line in lines(attempt):
        if wanted in line:
            found = line
    if found is None:
        raise Unusable(f"no line of the console holds '{text}'", fix="engine tail RUN shows them")
    return found.decode("utf-8", "replace")


def use(run: Run, pattern: str, ended: bool) -> None:
    """Read the whole run by this pattern from now on."""
    name = TAUGHT + pattern
    fact = DialectChosen(time.time(), name, control.who())
    if not (ended and control.record(run, fact)):
        control.request(run, "dialect", dialect=name)


def save(path: Path, pattern: str) -> None:
    """Add the pattern to the profile's `[log] line`, and leave all else of the file as it is."""
    try:
        text = path.read_text(encoding="utf-8")
        log = (values(text) or {}).get("log", {})
        held = log.get("line", []) if isinstance(log, dict) else []
    except OSError as error:
        raise Unusable(
            f"cannot read {path}: {error.strerror}", fix="name a profile's file"
        ) from error
    known = [held] if isinstance(held, str) else list(held)
    if pattern in known:
        return
    made = _with_line(text, [*known, pattern], path)
    trial = path.with_name(f".{path.name}.taught.toml")
    try:
        trial.write_text(made, encoding="utf-8")
        load(trial, search=[path.parent])
        journal.replace(path, made.encode())
    except OSError as error:
        raise Unusable(
            f"cannot write {path}: {error.strerror}", fix="copy it to a place of yours"
        ) from error
    finally:
        trial.unlink(missing_ok=True)


def _with_line(text: str, patterns: list[str], path: Path) -> str:
    """The file with this list in its [log] table."""
    # JSON's strings are TOML's, as long as nothing beyond ASCII stands in them unescaped.
    told = f"line = [{', '.join(json.dumps(one) for one in patterns)}]"
    rows = text.splitlines()
    header = next((at for at, row in enumerate(rows) if _HEADER.match(row)), None)
    if header is None:
        return "\n".join([*rows, "", "[log]", told, ""])
    for at in range(header + 1, len(rows)):
        if rows[at].lstrip().startswith("["):
            break
        if _LINE.match(rows[at]):
            if rows[at].count("[") > rows[at].count("]") and rows[at].rstrip().endswith(("[", ",")):
                raise Unusable(
                    f"{path}: [log] line is written over several lines",
                    fix=f"add it yourself: {told}",
                )
            rows[at] = told
            return "\n".join([*rows, ""])
    return "\n".join([*rows[: header + 1], told, *rows[header + 1 :], ""])
