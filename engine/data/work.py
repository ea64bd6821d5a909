"""What one worker does with one unit: rows to texts to tokens. A function of its arguments, in any process."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.data import template
from engine.data.assembly import Documents, Pieces, assemble
from engine.data.encoders import Encoder, open_encoder
from engine.data.rows import Fault, Row
from engine.data.store import Origin
from engine.data.template import Piece, Render
from engine.data.units import Unit, rows

ORPHAN_S = 1.0


@dataclass(frozen=True)
class Task:
    """What is the same for all units."""

    origin: Origin
    tokenizer: bytes
    sample: tuple[str, ...] = ()
    encoder: str | None = None


@dataclass
class Done:
    """A unit as documents; row numbers are those of the unit."""

    documents: Documents
    faults: list[tuple[int, str, bool]] = field(default_factory=list)
    """Row, reason, broken."""


class Worker:
    """An opened encoder and a template."""

    def __init__(self, task: Task, render: Render | None = None) -> None:
        self.task = task
        self.encoder: Encoder = open_encoder(task.tokenizer, task.sample, task.encoder)
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


def render_of(origin: Origin) -> Render:
    if origin.running:
        return lambda row: [Piece(row.turns[0].text + origin.eos, True)]
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


_worker: Worker | None = None


def begin(task: Task) -> None:
    """The start of a worker process: it opens its encoder once and ends with the process that started it."""
    global _worker
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["RAYON_NUM_THREADS"] = "1"
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    _worker = Worker(task)


def do(unit: Unit) -> Done:
    assert _worker is not None
    return _worker.do(unit)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(ORPHAN_S)
    os._exit(1)


def line_base(path: str, start: int) -> int:
    """Lines before a place in a file: only asked for where a fault has to be named."""
    left, count = start, 0
    with Path(path).open("rb") as file:
        while left and (piece := file.read(min(left, 1 << 20))):
            count += piece.count(b"\n")
            left -= len(piece)
    return count
