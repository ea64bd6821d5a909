"""What one look at a unit of rows tells, in any process: what is wrong with each, and by what it is known again.

Whatever needs other rows (doubles, leaks, ids that are there twice) is left to who sees all of them.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.data.curriculum import TIERS
from engine.data.doubles import Signature, mark, sign, spelled, text_of
from engine.data.encoders import open_encoder
from engine.data.language import language
from engine.data.quality import problems
from engine.data.rows import Fault, Row, parse_row
from engine.data.units import Unit, is_lined, newlines, records

EXAMPLES = 5
SAMPLED = 50
"""Of every so many rows of a unit, the language of the first is looked at."""
AT_ONCE = 1000


@dataclass(frozen=True)
class Wanted:
    """What is to be found out."""

    kind: str = "auto"
    near: bool = False
    tokenizer: bytes | None = None
    """Tokens of texts are counted with it; without it, characters."""


@dataclass
class Looked:
    """A unit; a row is known by its number, and the marks, sizes and signatures are those of the good ones."""

    numbers: array[int] = field(default_factory=lambda: array("q"))
    marks: bytearray = field(default_factory=bytearray)
    sizes: array[int] = field(default_factory=lambda: array("q"))
    signatures: list[Signature | None] = field(default_factory=list)
    ids: list[tuple[int, str]] = field(default_factory=list)
    found: dict[str, tuple[int, list[tuple[int, str]]]] = field(default_factory=dict)
    """Problem → rows, and the first examples."""
    languages: dict[str, int] = field(default_factory=dict)
    lines: int = 0
    """That the unit has, good or not."""

    def note(self, problem: str, number: int, seen: str) -> None:
        count, examples = self.found.get(problem) or (0, [])
        if len(examples) < EXAMPLES:
            examples.append((number, seen))
        self.found[problem] = (count + 1, examples)


def open_inspector(wanted: Wanted) -> Callable[[Unit], Looked]:
    return Inspector(wanted).look


class Inspector:
    """An opened tokenizer, if one is needed."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        given = wanted.tokenizer
        self._encoder = None if given is None else open_encoder(given, [])

    def look(self, unit: Unit) -> Looked:
        looked, kind, place, texts = Looked(), self._wanted.kind, Path(unit.path), list[str]()
        tier = place.stem if place.suffix == ".jsonl" and place.stem in TIERS else None
        for number, record, _ in records(unit):
            row = record if type(record) is Fault else parse_row(record, "", kind)
            if isinstance(row, Fault):
                looked.note("broken" if row.broken else "useless", number, row.reason)
                continue
            self._row(looked, number, row, texts)
            if "id" in record:
                looked.ids.append((number, str(record["id"])))
            if tier is not None and record.get("difficulty", tier) != tier:
                _placed(looked, number, record)
        self._count(looked, texts)
        if is_lined(unit.path):
            looked.lines = newlines(unit.path, unit.start, unit.end)
        return looked

    def _row(self, looked: Looked, number: int, row: Row, texts: list[str]) -> None:
        said, turns = spelled(row), row.turns
        for problem, seen in problems(row, said):
            looked.note(problem, number, seen)
        if len(looked.numbers) % SAMPLED == 0:
            spoken = language(turns[-1].text)
            looked.languages[spoken] = looked.languages.get(spoken, 0) + 1
        looked.numbers.append(number)
        looked.marks += mark(said)
        if self._wanted.near:
            looked.signatures.append(sign(text_of(row)))
        if self._encoder is None:
            looked.sizes.append(sum([len(text) for _, text in turns]))
        else:
            texts.append(text_of(row))
            if len(texts) >= AT_ONCE:
                self._count(looked, texts)

    def _count(self, looked: Looked, texts: list[str]) -> None:
        if texts and self._encoder is not None:
            looked.sizes.extend(self._encoder.encode(texts).sizes.tolist())
            texts.clear()


def _placed(looked: Looked, number: int, record: dict[str, Any]) -> None:
    """A row of a bucket that says of itself that it belongs elsewhere."""
    domain, tier = record.get("category"), record.get("difficulty")
    if isinstance(tier, str):
        looked.note("misplaced", number, f"says {domain}/{tier}")
