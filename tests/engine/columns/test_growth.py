"""A row that tells no time gets the one at which its bytes were first seen."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.columns import Columns, Growth
from engine.events import encode
from engine.events.runner import Beat, Grew
from engine.scalars.runner import RunnerFacts, fold

sizes = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=20)


@given(sizes, st.lists(st.integers(0, 45), max_size=10), st.integers(1, 50))
def test_the_same_times_as_the_scalar_fold_gives(
    entries: list[tuple[int, int]], ends: list[int], piece: int
) -> None:
    facts, growth, data = RunnerFacts(), Growth(), b""
    for t, (console, trainer) in enumerate(entries):
        grew = Grew(float(t), console, trainer)
        facts = fold(facts, grew)
        data += encode(grew) + encode(Beat(1.0, 2.0, True)) + b"grew\n"
    for at in range(0, len(data), piece):
        growth.feed(data[at : at + piece])
    for segment in ("console", "trainer"):
        told = [facts.when(segment, end) for end in ends]
        found = growth.when(segment, np.array(ends, np.int64)).tolist()
        assert repr([math.nan if t is None else t for t in told]) == repr(found)


def test_a_row_with_its_own_time_keeps_it() -> None:
    growth, made = Growth(), Columns()
    growth.feed(encode(Grew(5.0, 0, 20)) + encode(Grew(6.0, 0, 60)))
    made.feed(b'{"step":1}\n{"step":2,"t":1.5}\n{"step":3}\n{"step":4,"loss":1234567890}\n')
    assert repr(growth.times("trainer", made.table()).tolist()) == "[5.0, 1.5, 6.0, nan]"
