"""Records that repeat one layout, step after step, taken as columns: only time, step, values and checksums differ."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

FIRST, LEAST = 64, 4
"""Steps that are tried first; steps that must fit for the trouble."""
_ENCODE = msgspec.json.Encoder().encode_lines
Bytes = NDArray[np.uint8]


class Scalar(NamedTuple):
    """`at` is where its bytes lie; -1 where they do not lie in one place."""

    tag: str
    value: float
    at: int
    form: str


class Event(NamedTuple):
    """One record. Places are in `data`; `time_at` and `step_at` are -1 where wall time and step were left out."""

    data: bytes
    begin: int
    end: int
    t: float
    step: int
    time_at: int
    step_at: tuple[int, int]
    scalars: tuple[Scalar, ...]


@dataclass(frozen=True)
class Layout:
    """Of one step's records, by places relative to its begin."""

    size: int
    same: NDArray[np.intp]
    template: Bytes
    time_at: int
    steps: tuple[tuple[int, int], ...]
    values: tuple[tuple[int, str], ...]
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Columns:
    """`steps` and `times` of each step, and a column of values for each tag."""

    count: int
    steps: NDArray[np.int64]
    times: NDArray[np.float64]
    values: list[NDArray[Any]]


def layout(events: list[Event]) -> Layout | None:
    """Of all but the last of these; None where they do not lie in one piece, or have a value in no one place."""
    group, data = events[:-1], events[-1].data
    if any(event.data is not data for event in group):
        return None
    begin, end = group[0].begin, group[-1].end
    joined = all(before.end == after.begin for before, after in pairwise(group))
    scalars = [scalar for event in group for scalar in event.scalars]
    if not joined or not 0 <= begin < end <= len(data) or any(s.at < 0 for s in scalars):
        return None
    if any(event.time_at < 0 or event.step_at[0] < 0 for event in group):
        return None
    template = np.frombuffer(data, np.uint8, end - begin, begin)
    free = np.zeros(end - begin, np.bool_)
    for event in group:
        free[event.time_at - begin : event.time_at - begin + 8] = True
        free[event.step_at[0] - begin : event.step_at[1] - begin] = True
        free[event.end - begin - 4 : event.end - begin] = True
    for scalar in scalars:
        free[scalar.at - begin : scalar.at - begin + np.dtype(scalar.form).itemsize] = True
    return Layout(
        end - begin,
        np.flatnonzero(~free),
        template[~free].copy(),
        group[-1].time_at - begin,
        tuple((event.step_at[0] - begin, event.step_at[1] - begin) for event in group),
        tuple((scalar.at - begin, scalar.form) for scalar in scalars),
        tuple(scalar.tag for scalar in scalars),
    )


def take(data: bytes, begin: int, form: Layout) -> Columns | None:
    """As many steps from `begin` on as keep to the layout; None where they are few."""
    most = (len(data) - begin) // form.size
    count, tried = 0, FIRST
    while count < most:
        size = min(tried, most - count)
        place = begin + count * form.size
        block = np.frombuffer(data, np.uint8, size * form.size, place).reshape(size, form.size)
        fits = _fitting(block, form)
        count += fits
        if fits < size:
            break
        tried *= 8
    count -= 1  # more of the last step may follow in another layout
    if count < LEAST:
        return None
    block = np.frombuffer(data, np.uint8, count * form.size, begin).reshape(count, form.size)
    times = _column(block, form.time_at, "<f8").astype(np.float64)
    values = [_column(block, at, kind) for at, kind in form.values]
    return Columns(count, _steps(block, *form.steps[0]), times, values)


def lines(found: Columns, tags: list[str]) -> bytes:
    """Each step as a line."""
    names = ("step", "t", *tags)
    columns = [found.steps.tolist(), found.times.tolist(), *map(_told, found.values)]
    return _ENCODE([dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)])


def _told(values: NDArray[Any]) -> list[Any]:
    told: list[Any] = values.astype(np.float64).tolist()
    for at in np.flatnonzero(~np.isfinite(values)):
        told[at] = "nan" if np.isnan(values[at]) else "inf" if values[at] > 0 else "-inf"
    return told


def _fitting(block: Bytes, form: Layout) -> int:
    """Rows up to the first that differs where it must not."""
    fits = (block[:, form.same] == form.template).all(axis=1)
    first, last = form.steps[0]
    for begin, end in form.steps:
        # A varint's last byte, and no other, has its high bit clear; all records of a step tell the same.
        fits &= (block[:, begin : end - 1] >= 0x80).all(axis=1) & (block[:, end - 1] < 0x80)
        fits &= (block[:, begin:end] == block[:, first:last]).all(axis=1)
    return len(fits) if fits.all() else int(np.argmin(fits))


def _steps(block: Bytes, begin: int, end: int) -> NDArray[np.int64]:
    found = np.zeros(len(block), np.uint64)
    for place, at in enumerate(range(begin, end)):
        found |= (block[:, at].astype(np.uint64) & np.uint64(0x7F)) << np.uint64(7 * place)
    return found.view(np.int64)


def _column(block: Bytes, at: int, kind: str) -> NDArray[Any]:
    size = np.dtype(kind).itemsize
    return np.ascontiguousarray(block[:, at : at + size]).view(kind).ravel()
