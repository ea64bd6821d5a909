"""What one worker does with one unit: rows to texts to tokens. A function of its arguments, in any process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from engine.data import template
from engine.data.assembly import Documents, Pieces, assemble
from engine.data.encoders import Encoder, open_encoder
from engine.data.rows import Fault, Row
from engine.data.store import Origin
from engine.data.template import Piece, Render, running
from engine.data.units import Unit, rows


@dataclass(frozen=True)
class Task:
    """What is the same for all units."""

    origin: Origin
    tokenizer: bytes
    sample: tuple[str, ...] = ()
    encoder: str | None = None
    ids: int | None = None
    """One more than the largest id, where the tokenizer does not list them."""


@dataclass
class Done:
    """A unit as documents; row numbers are those of the unit."""

    documents: Documents
    faults: list[tuple[int, str, bool]] = field(default_factory=list)
    """Row, reason, broken."""


class Worker:
    """An opened encoder and a template."""

    def __init__(
        self, task: Task, render: Render | None = None, encoder: Encoder | None = None
    ) -> None:
        self.task = task
        self.encoder = encoder or open_encoder(task.tokenizer, task.sample, task.encoder)
        self._render = render or render_of(task.origin)

    def do(self, unit: Unit) -> Done:
        origin = self.task.origin
        kind = "text" if origin.running else origin.kind
        texts: list[str] = []
        trained: list[bool] = []
        per_row: list[int] = []
        numbers: list[int] = []
        done = Done(Documents(*_EMPTY))
        for number, row in rows(unit, kind):
            if isinstance(row, Fault):
                done.faults.append((number, row.reason, row.broken))
                continue
            pieces = self._render(row)
            texts += [piece.text for piece in pieces]
            trained += [piece.trained for piece in pieces]
            per_row.append(len(pieces))
            numbers.append(number)
        if texts:
            found = self.encoder.encode(texts)
            cut = Pieces(found.sizes, np.array(trained), np.array(per_row, dtype=np.int64))
            limit = None if origin.running else origin.max_length
            done.documents = assemble(found.ids, cut, limit, origin.too_long)
        done.faults += [(numbers[i], why, False) for i, why in done.documents.useless]
        done.documents.cut = [numbers[i] for i in done.documents.cut]
        return done


_EMPTY = (np.zeros(0, np.uint32), np.zeros(0, np.bool_), np.zeros(0, np.int64))


def open_worker(task: Task) -> Callable[[Unit], Done]:
    return Worker(task).do


def render_of(origin: Origin) -> Render:
    if origin.running:
        return lambda row: running(row, origin.eos)
    render = template.pick(origin.template, None, origin.eos)
    if origin.mask_prompt:
        return render
    return lambda row: [Piece(piece.text, True) for piece in render(row)]


def sample_of(units: list[Unit], origin: Origin, count: int = 200) -> tuple[str, ...]:
    """Texts of the very documents, from the first, the middle and the last unit."""
    kind = "text" if origin.running else origin.kind
    found: list[str] = []
    for at in sorted({0, len(units) // 2, len(units) - 1}) if units else []:
        taken = 0
        for _, row in rows(units[at], kind):
            if isinstance(row, Row):
                found += [turn.text[:20_000] for turn in row.turns]
                taken += 1
            if taken >= count // 3:
                break
    return tuple(found)
