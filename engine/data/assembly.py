"""Tokenized pieces of many rows to documents: one flat array of tokens, which of them are learned, where each ends."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from engine.data.encoders import Ids, Sizes

Learned = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Pieces:
    """What the rows of a unit were cut into: the size of each piece, whether it is learned, pieces of each row."""

    sizes: Sizes
    trained: Learned
    per_row: Sizes


@dataclass
class Documents:
    """Documents, and the rows that became none or lost their tail."""

    tokens: Ids
    learned: Learned
    ends: npt.NDArray[np.int64]
    useless: list[tuple[int, str]] = field(default_factory=list)
    """Number of the row in the unit, and why."""
    cut: list[int] = field(default_factory=list)


def assemble(ids: Ids, pieces: Pieces, limit: int | None, too_long: str) -> Documents:
    """One document a row. The first token of a document is never learned: nothing comes before it."""
    learned = np.repeat(pieces.trained, pieces.sizes)
    ends = np.concatenate([[0], np.cumsum(pieces.sizes)])[np.cumsum(pieces.per_row)]
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int64)
    if limit is None:
        return Documents(ids, learned, ends)
    sizes = ends - starts
    filled = starts[sizes > 0]
    learned[filled] = False
    teaches = np.zeros(len(sizes), dtype=np.bool_)
    if len(filled):
        teaches[sizes > 0] = np.logical_or.reduceat(learned, filled)
    if (sizes <= limit).all() and teaches.all():
        return Documents(ids, learned, ends)
    return _fitted((ids, learned), (starts, ends), limit, too_long)


def _fitted(
    flat: tuple[Ids, Learned], span: tuple[Sizes, Sizes], limit: int, too_long: str
) -> Documents:
    """Row by row, for units in which some rows are too long or teach nothing."""
    ids, learned = flat
    found = Documents(ids[:0], learned[:0], np.zeros(0, dtype=np.int64))
    kept: list[slice] = []
    for number, (start, end) in enumerate(zip(*(part.tolist() for part in span), strict=True)):
        if end - start > limit and too_long == "drop":
            found.useless.append((number, f"{end - start} tokens, longer than {limit}"))
            continue
        if end - start > limit:
            found.cut.append(number)
        last = end if too_long == "split" else min(end, start + limit)
        spans = [slice(at, min(at + limit, last)) for at in range(start, last, limit)]
        taught = [s for s in spans if learned[s.start + 1 : s.stop].any()]
        if not taught:
            found.useless.append((number, f"nothing to learn in its first {limit} tokens"))
        kept += taught
    if kept:
        found.tokens = np.concatenate([ids[s] for s in kept])
        found.learned = np.concatenate([learned[s] for s in kept])
        found.ends = np.cumsum([s.stop - s.start for s in kept]).astype(np.int64)
        found.learned[np.concatenate([[0], found.ends[:-1]])] = False
    return found
