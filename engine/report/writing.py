"""A run's entry and the log of all, rendered; and the log's file, in which a person's words are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from engine.curves import Whole
from engine.errors import Unusable
from engine.report import own
from engine.report.entry import Entry, entry
from engine.report.log import Log, log
from engine.report.own import Yours
from engine.report.pages import Made, render
from engine.report.said import MARK, Said, said

Hide = Callable[[str], str]


def of_run(one: Whole, hide: Hide, template: Path | None = None) -> str:
    """One entry by itself."""
    return _entry(entry(one), None, hide, (Yours({}), template))


def _entry(found: Entry, number: int | None, hide: Hide, page: tuple[Yours, Path | None]) -> str:
    yours, template = page
    return render(
        "entry", hide, template, entry=found, number=number, yours=_placed(yours), typed_mark=MARK
    )


def _placed(yours: Yours) -> Callable[..., Made]:
    return lambda key, otherwise="": Made(yours.block(key, otherwise))


def typed(text: str | None) -> Said:
    return said(None, text)


def read(path: Path) -> str:
    """A log as it stands; empty where there is none. Somebody's own file is not taken for one."""
    try:
        if path.stat().st_size > own.LONGEST:
            raise Unusable(f"{path} is too large for a log", "name another file")
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise Unusable(f"{path} is no text", "name another file") from None
    if text.strip() and own.MARKED not in text:
        fix = f"engine import {path} makes runs of its sessions; name a new file for the log"
        raise Unusable(f"{path} was not made by engine report and would be overwritten", fix)
    return text


def of_log(runs: Iterable[Whole], before: str, hide: Hide) -> str:
    """The whole file. Entries of runs that are gone stay as they were."""
    yours = Yours(own.written(before))
    found = log(runs, own.numbers(before))
    texts = _sessions(found, before, hide, yours)
    page: dict[str, Any] = {
        "log": found,
        "entries": texts,
        "yours": _placed(yours),
        "typed": typed,
        "typed_mark": MARK,
    }
    first = render("log", hide, **page, left=[])
    left = [(key, Made(Yours({key: text}).block(key))) for key, text in yours.left().items()]
    return render("log", hide, **page, left=left) if left else first


def _sessions(found: Log, before: str, hide: Hide, yours: Yours) -> list[Made]:
    numbers = own.numbers(before)
    texts = {one.number: _marked(one.number, one.entry, hide, yours) for one in found.sessions}
    shown = {one.entry.run for one in found.sessions}
    for run, text in own.entries(before).items():
        if run not in shown:
            texts[numbers[run]] = text
            for key in own.written(text):
                yours.block(key)
    return [Made(texts[number]) for number in sorted(texts, reverse=True)]


def _marked(number: int, found: Entry, hide: Hide, yours: Yours) -> str:
    text = _entry(found, number, hide, (yours, None))
    return f"<!-- session {number}: {found.run} -->\n{text}<!-- end of session -->"
