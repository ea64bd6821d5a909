"""One run as an entry of the session log: measured where anything measured it, else the words that a person typed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine import probing
from engine.cli import words
from engine.costs.bills import HOUR_S
from engine.costs.ledger import seconds
from engine.curves import Whole
from engine.observe import LOCAL
from engine.report.attributes import IMPORTED, attributes, hyper
from engine.report.mixes import DataRow, mixes, total
from engine.report.outputs import Output, output
from engine.report.phases import ALL, Phase, phases
from engine.report.said import NOTHING, Said, grouped, listed, said
from engine.report.troubles import troubles
from engine.runs import logs_folder

Named = tuple[tuple[str, Said], ...]
TOTAL = "Total"


@dataclass(frozen=True)
class PhaseRow:
    """`loss` is what a person called final; nobody knows whether it was the last or a mean."""

    name: str
    last: Said
    mean: Said
    loss: Said
    steps: Said
    time: Said
    cost: Said


@dataclass(frozen=True)
class TestRow:
    """What the model wrote when somebody asked it."""

    name: str
    latency: Said
    mark: Said
    remark: Said


@dataclass(frozen=True)
class Entry:
    run: str
    title: Said
    date: Said
    word: Said
    attributes: Named
    data: tuple[DataRow, ...]
    rows: Said
    hyper: Named
    phases: tuple[PhaseRow, ...]
    whole: PhaseRow
    results: Named
    tests: tuple[TestRow, ...]
    difficulties: tuple[Said, ...]
    improvements: tuple[Said, ...]
    notes: tuple[Said, ...]
    merged: tuple[Said, ...]
    output: Output
    commit: Said
    evaluations: Mapping[str, Mapping[str, str]]
    typed: Mapping[str, str]

    def fact(self, name: str) -> Said:
        """Of the attributes; a dash where there is none of that name."""
        return dict(self.attributes).get(name, NOTHING)

    def table(self) -> dict[str, Any]:
        return asdict(self)


def entry(one: Whole) -> Entry:
    """Everything about one run."""
    typed, accepted = one.view.keeper.words, one.view.keeper.accepted
    rows, whole = _phases(one, typed)
    data = tuple(mixes(one.profile, _project(one), typed))
    commit = accepted.commit[:12] if accepted and accepted.commit else None
    return Entry(
        run=one.run.id,
        title=_over(one.status.profile or one.run.id, typed.get("title")),
        date=said(None if _words_alone(one) else _date(one), typed.get("date")),
        word=_over(words.MISSING if _words_alone(one) else one.status.word, typed.get("status")),
        attributes=tuple(attributes(one, typed)),
        data=data,
        rows=total(data, typed),
        hyper=tuple(hyper(one.profile, typed)),
        phases=rows,
        whole=whole,
        results=tuple((name, Said(value, True)) for name, value in listed(typed, "result")),
        tests=tuple(_tests(one, typed)),
        difficulties=_list("difficulty", typed, () if _words_alone(one) else troubles(one)),
        improvements=_list("improvement", typed),
        notes=(*_notes(one), *_list("note", typed)),
        merged=_list("merged", typed),
        output=output(one, typed),
        commit=said(commit, typed.get("commit")),
        evaluations=grouped(typed, "eval"),
        typed=typed,
    )


def _over(measured: str, typed: str | None) -> Said:
    """What people call things stands above what we call them."""
    return Said(measured) if typed is None else Said(typed, True)


def _list(kind: str, typed: Mapping[str, str], measured: Sequence[str] = ()) -> tuple[Said, ...]:
    told = tuple(Said(value, True) for _, value in listed(typed, kind))
    return (*(Said(text) for text in measured), *told)


def _notes(one: Whole) -> Iterator[Said]:
    for note in one.view.keeper.notes:
        yield Said(note.text, note.by != IMPORTED)


def _words_alone(one: Whole) -> bool:
    """What was imported from words alone measured nothing."""
    return one.status.host == IMPORTED and not one.curves.parts


def _project(one: Whole) -> Path | None:
    accepted = one.view.keeper.accepted
    ours = one.run.folder.parent == logs_folder()
    return Path(accepted.cwd) if accepted and ours and accepted.host == LOCAL else None


def _date(one: Whole) -> str | None:
    accepted = one.view.keeper.accepted
    try:
        return (
            time.strftime("%Y-%m-%d", time.gmtime(accepted.t)) if accepted and accepted.t else None
        )
    except (OverflowError, ValueError, OSError):
        return None


def _phases(one: Whole, typed: Mapping[str, str]) -> tuple[tuple[PhaseRow, ...], PhaseRow]:
    rate = one.terms.price_hour
    begun = next((a.facts.runner.started_t for a in one.view.attempts), None)
    found = {p.name: p for p in phases(one.curves, begun)}
    told = grouped(typed, "phase")
    names = [name for name in dict.fromkeys((*told, *found)) if name not in (ALL, TOTAL)]
    rows = tuple(_row(name, found.get(name), told.get(name, {}), rate) for name in names)
    return rows, _row(TOTAL, _together(one, list(found.values())), told.get(TOTAL, {}), rate)


def _together(one: Whole, found: Sequence[Phase]) -> Phase | None:
    """All phases; the time is that of the attempts, not only of what was trained."""
    if not found:
        return None
    spent = seconds(one.view, one.frame.now)
    points = sum(phase.points for phase in found)
    means = [phase.mean * phase.points for phase in found if phase.mean is not None]
    mean = sum(means) / points if points and means else None
    steps = [phase.steps for phase in found if phase.steps is not None]
    return Phase(TOTAL, found[-1].last, mean, None, points, sum(steps) if steps else None, spent)


def _row(name: str, one: Phase | None, told: Mapping[str, str], rate: float | None) -> PhaseRow:
    took = one.seconds if one else None
    cost = None if took is None or rate is None else words.money(took * rate / HOUR_S)
    return PhaseRow(
        name,
        said(_loss(one.last) if one else None, told.get("last")),
        said(_loss(one.mean) if one else None, told.get("mean")),
        said(None, told.get("loss")),
        said(words.count(one.steps) if one else None, told.get("steps")),
        said(words.span(None if took is None else round(took)), told.get("time")),
        said(cost, told.get("cost")),
    )


def _loss(value: float | None) -> str | None:
    return None if value is None else f"{value:.4f}"


def _tests(one: Whole, typed: Mapping[str, str]) -> Iterator[TestRow]:
    """Texts that `engine probe` kept, the newest of each prompt, then what was typed."""
    kept = {str(found.get("prompt")): found for found in probing.kept(one.run)}
    for prompt, found in kept.items():
        seconds, mark = found.get("seconds"), found.get("mark")
        latency = f"{seconds:.2f}s" if isinstance(seconds, (int, float)) else None
        remark = f"{found.get('words')} words, step {words.count(found.get('step'))}"
        yield TestRow(prompt[:80], said(latency), said(None, mark), Said(remark))
    for name, told in grouped(typed, "test").items():
        yield TestRow(
            name,
            said(None, told.get("latency")),
            said(None, told.get("mark")),
            said(None, told.get("remark")),
        )
