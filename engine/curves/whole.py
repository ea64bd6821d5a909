"""A run read to its end, once: its status and its curves from one look at each segment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine import columns, vault
from engine.columns import Source, Table
from engine.curves.curves import Curves, Part
from engine.curves.rulers import Counting
from engine.errors import Problem
from engine.frame import Frame
from engine.frozen import CAP, frozen
from engine.observe import Observer, terms_of
from engine.profile import from_json
from engine.rate import tokens_step
from engine.reader import LONG, RunReader, lens_of
from engine.runs import Attempt, Run
from engine.sizes import Sizes
from engine.status import Status, Terms
from engine.timeline import blocks
from engine.view import AttemptView, View


@dataclass(frozen=True, eq=False)
class Whole:
    """Everything that is known of a run, as its files are now."""

    run: Run
    frame: Frame
    status: Status
    terms: Terms
    curves: Curves
    profile: Mapping[str, Any]

    @property
    def view(self) -> View:
        return self.frame.view

    @property
    def counting(self) -> Counting:
        """What x can count."""
        return Counting(self.terms.price_hour, _tokens(self.run))


def whole(run: Run) -> Whole:
    """What a trainer told at length is read as columns, and the fold takes over what these tell."""
    reader = RunReader(run, holds=_is_long, brief=True)
    reader.poll()
    read: dict[int, Source] = {}
    for attempt in run.attempts():
        if _is_long(attempt):
            source = read[attempt.number] = columns.of_trainer(run, attempt)
            source.poll()
            reader.adopt(attempt.number, columns.ahead(source.columns.saved()))
    observer = Observer(run, reader)
    frame = observer.frame()
    parts = tuple(part for one in frame.view.attempts for part in _parts(run, one, read, frame))
    number = frame.view.last.number if frame.view.last else 0
    terms = terms_of(run, number)
    return Whole(run, frame, observer.status(frame), terms, Curves(parts), frozen(run))


def _is_long(attempt: Attempt) -> bool:
    return (vault.size(attempt.trainer) or 0) > LONG


def _tokens(run: Run) -> int | None:
    try:
        return tokens_step(from_json(vault.small(run.profile, CAP)))
    except (Problem, OSError, ValueError):
        return None


def _parts(run: Run, seen: AttemptView, read: Mapping[int, Source], frame: Frame) -> Iterator[Part]:
    """The rows that count, then the metrics that only the script's files tell."""
    attempt, segment = run.attempt(seen.number), seen.facts.source
    told: Mapping[str, object] = {}
    if segment is not None:
        source = read.get(seen.number) if segment == "trainer" else None
        source = source or _source(run, attempt, segment, frame.view.keeper.dialect)
        table = source.poll()
        told = table.metrics
        if len(table):
            yield _part(attempt, segment, table)
    if segment != "files" and vault.size(attempt.files):
        table = columns.of_files(run, attempt).poll()
        rest = {name: one for name, one in table.metrics.items() if name not in told}
        if rest:
            part = _part(attempt, "files", table)
            yield replace(part, table=replace(part.table, metrics=rest))


def _source(run: Run, attempt: Attempt, segment: str, chosen: str | None) -> Source:
    if segment == "trainer":
        return columns.of_trainer(run, attempt)
    if segment == "files":
        return columns.of_files(run, attempt)
    return columns.of_console(run, attempt, lens_of(attempt, chosen))


def _part(attempt: Attempt, segment: str, table: Table) -> Part:
    sizes = Sizes()
    if table.t.rows is not None and segment != "files":
        for piece, _ in blocks(attempt.runner):
            sizes.feed(piece)
    named = "trainer" if segment == "files" else segment
    seen = np.asarray(columns.times(table, sizes, named), np.float64)
    return Part(attempt.number, segment, table, table.step.astype(np.float64), seen)
