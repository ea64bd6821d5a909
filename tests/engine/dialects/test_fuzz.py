"""A twentieth of the soak's hostile inputs, and the proof that it would see what it looks for."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from engine.dialects import Reader
from engine.dialects.stepping import Placed
from tests.soak import fuzz


def test_no_input_raises_reads_otherwise_when_cut_or_takes_long() -> None:
    assert fuzz.run(fuzz.INPUTS // 20, seed=20261126).violations == []


def test_a_reader_that_forgets_half_a_line_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Reader.feed

    def forgetful(self: Reader, piece: bytes) -> list[Placed]:
        found = whole(self, piece)
        self.restart(self._lines.offset)
        return found

    monkeypatch.setattr(Reader, "feed", forgetful)
    assert fuzz.run(50, seed=1).violations


def inputs() -> Iterator[bytes]:
    chance, seeds = random.Random(3), fuzz.corpus()
    while True:
        yield fuzz.mutated(chance, seeds)


def test_the_inputs_are_near_enough_to_real_ones_to_be_read() -> None:
    found = [Reader().feed(data[4:]) for data, _ in zip(inputs(), range(300), strict=False)]
    assert sum(any(row.values for row, _ in rows) for rows in found) > 100
