"""A training log that people keep in Markdown: a heading a session, tables, lists. All of it stays marked as typed.

`### Session 5: Curriculum (2026-01-20)` begins a session. Tables after the sessions belong to them by the
session's number, by the name of what came out, or by the words of that name. What is in a code
fence is an example and no session.
"""

from __future__ import annotations

import re
from calendar import timegm
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import strptime

from engine.imports.told import Found

MOST = 4 << 20
MOST_TYPED = 2000
LONGEST = 1000
_SESSION = re.compile(r"#{2,4} Session (\d{1,6}):?\s*(.*?)\s*(?:\((\d{4}-\d\d-\d\d)\)\s*(.*))?")
_HEADING = re.compile(r"(#{1,4}) (.*)")
_TITLE = re.compile(r"\*\*([^*]{1,80}?):?\*\*:?\s*(.*)")
_RULE = re.compile(r"\|[\s:|-]+\|?")
_LISTS = {"difficult": "difficulty", "improve": "improvement", "note": "note", "merged": "merged"}


@dataclass
class Session:
    """What one heading and the lines below it say, by key."""

    number: int
    title: str
    date: str | None
    typed: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of what came out of it, without its folders."""
        return self.typed.get("output.name") or self.title


@dataclass(frozen=True)
class Table:
    """Rows by their columns' names. `above` are the heading and the bold line before it."""

    heading: str
    above: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def is_log(text: str) -> bool:
    return any(_SESSION.fullmatch(line) for line in _lines(text))


def sessions(path: Path) -> list[Session]:
    """Oldest first."""
    with open(path, encoding="utf-8", errors="replace") as file:
        text = file.read(MOST)
    found: list[Session] = []
    general: list[Table] = []
    for heading, lines in _sections(text):
        match = _SESSION.fullmatch(heading)
        if match:
            session = Session(int(match[1]), match[2], match[3])
            _read(session, match[4], lines)
            found.append(session)
        else:
            general += _tables(heading.lstrip("# "), lines)
    for table in general:
        _spread(table, found)
    return sorted(found, key=lambda one: one.number)


def fill(path: Path, number: str, found: Found) -> None:
    """One session of the file."""
    for session in sessions(path):
        if str(session.number) == number:
            found.typed = dict(list(session.typed.items())[:MOST_TYPED])
            found.name = session.name
            found.at(_day(session.date))
            return


def _day(date: str | None) -> float | None:
    """A person may type any date."""
    try:
        return None if date is None else float(timegm(strptime(date, "%Y-%m-%d")))
    except ValueError:
        return None


def _sections(text: str) -> Iterator[tuple[str, list[str]]]:
    heading = ""
    lines: list[str] = []
    for line in _lines(text):
        if _HEADING.fullmatch(line):
            yield heading, lines
            heading, lines = line, []
        else:
            lines.append(line)
    yield heading, lines


def _lines(text: str) -> Iterator[str]:
    fenced = False
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield line.strip()


def _read(session: Session, status: str | None, lines: list[str]) -> None:
    typed = session.typed
    typed["session"], typed["title"] = str(session.number), session.title
    _put(typed, "date", session.date)
    _put(typed, "status", (status or "").strip(" ✅❌*"))
    for table in _tables("", lines):
        _own(typed, table)
    _listed(typed, lines)
    path = typed.get("output.path", "")
    _put(typed, "output.name", path.rstrip("/").rpartition("/")[2])
    _put(typed, "output.size", typed.get("attribute.Output Size"))


def _tables(heading: str, lines: list[str]) -> Iterator[Table]:
    """Each with the bold line above it."""
    above, block = "", list[str]()
    for line in [*lines, ""]:
        if line.startswith("|"):
            block.append(line)
            continue
        if len(block) > 2 and _RULE.fullmatch(block[1]):
            columns, *rows = (_cells(one) for one in [block[0], *block[2:]])
            yield Table(heading, above, columns, tuple(rows))
        block = []
        if line:
            title = _TITLE.match(line)
            above = title[1] if title else above


def _cells(line: str) -> tuple[str, ...]:
    return tuple(_plain(cell) for cell in re.split(r"(?<!\\)\|", line.strip().strip("|")))


def _plain(text: str) -> str:
    return text.strip().strip("*` ").replace("\\|", "|")[:LONGEST]


def _own(typed: dict[str, str], table: Table) -> None:
    """A table inside a session, by the name of its first column."""
    first, *others = (column.lower() for column in table.columns)
    for cells in table.rows:
        name, *values = (*cells, *[""] * (len(table.columns) - len(cells)))
        told = dict(zip(others, values, strict=False))
        if first == "attribute":
            _put(typed, "date" if name == "Date" else f"attribute.{name}", values[0])
        elif first == "parameter":
            _put(typed, f"hyper.{name}", values[0])
        elif first == "metric":
            _put(typed, f"result.{name}", values[0])
        elif first == "domain":
            _test(typed, name, told)
        elif "examples" in others:
            rows = "data.rows" if name.lower() == "total" else f"data.{name}.rows"
            _put(typed, rows, told["examples"])
            if name.lower() != "total":
                _put(typed, f"data.{name}.mix", told.get("difficulty mix"))
        elif first == "phase":
            for column, key in (("final loss", "loss"), ("steps", "steps"), ("time", "time")):
                _put(typed, f"phase.{name}.{key}", told.get(column))
        else:
            for column, value in told.items():
                _put(typed, f"result.{name} {column}", value)


def _test(typed: dict[str, str], name: str, told: Mapping[str, str]) -> None:
    for column, value in told.items():
        field_ = "latency" if "latency" in column else "mark" if value.isdigit() else "remark"
        _put(typed, f"test.{name}.{field_}", value)


def _listed(typed: dict[str, str], lines: list[str]) -> None:
    """Lists under a bold line, and bold lines with their own value."""
    kind, count = None, 0
    for line in lines:
        title = _TITLE.fullmatch(line)
        if title is not None:
            kind, count = _kind(title[1]), 0
            if "output model" in title[1].lower():
                _put(typed, "output.path", _plain(title[2]))
            elif "commit" in title[1].lower():
                _put(typed, "commit", _plain(title[2]))
        elif kind is not None and line[:2] in ("- ", "* "):
            count += 1
            _put(typed, f"{kind}.{count}", line[2:].strip()[:LONGEST])


def _kind(title: str) -> str | None:
    return next((kind for word, kind in _LISTS.items() if word in title.lower()), None)


def _spread(table: Table, found: list[Session]) -> None:
    """A table over all sessions, each row to the one that it tells of."""
    columns = [column.lower() for column in table.columns]
    for cells in table.rows:
        told = dict(zip(columns, cells, strict=False))
        session = _meant(told, found)
        if session is None:
            continue
        typed = session.typed
        if "accuracy" in told:
            for column, key in (
                ("accuracy", "accuracy"),
                ("avg latency", "latency"),
                ("notes", "notes"),
            ):
                _put(typed, f"eval.{table.heading}.{key}", told.get(column))
        elif "path" in told:
            _put(typed, "output.title", told.get("model"))
            for key in ("path", "size", "status"):
                _put(typed, f"output.{key}", told.get(key))
        elif "cost" in told:
            for column, key in (("gpu", "gpu"), ("duration", "duration"), ("cost", "dollars")):
                _put(typed, f"cost.{key}", told.get(column))
        elif "loss" in told:
            _put(typed, "name", told.get("model"))


def _meant(told: Mapping[str, str], found: list[Session]) -> Session | None:
    """By number, by the path's last part, by a name whose words are all in the name of what came out."""
    number = re.match(r"Session (\d+)", told.get("session", ""))
    if number:
        return next((one for one in found if one.number == int(number[1])), None)
    last = told.get("path", "").rstrip("/").rpartition("/")[2]
    if last:
        return next((one for one in found if one.name == last), None)
    parts = set(told.get("model", "").lower().split("-"))
    matching = [one for one in found if parts <= set(one.name.lower().split("-"))]
    return matching[0] if len(matching) == 1 and told.get("model") else None


def _put(typed: dict[str, str], key: str, value: str | None) -> None:
    if value:
        typed[key] = value
