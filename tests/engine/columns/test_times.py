"""A row that tells no time gets the one at which its bytes were first seen."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from engine.columns import Columns, times
from engine.events import encode
from engine.events.runner import Grew
from engine.sizes import Sizes

ROW = b'{"step":1,"loss":2}\n'
entries = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), max_size=20)


@given(entries, st.integers(0, 10))
def test_the_same_times_as_the_index_gives_one_by_one(
    grown: list[tuple[int, int]], length: int
) -> None:
    sizes, made = Sizes(), Columns()
    for t, (console, trainer) in enumerate(grown):
        sizes.feed(encode(Grew(float(t), console, trainer)))
    made.feed(ROW * length)
    table = made.table()
    for segment in ("console", "trainer"):
        told = [sizes.when(segment, end) for end in table.ends.tolist()]
        found = times(table, sizes, segment).tolist()
        assert repr([math.nan if t is None else t for t in told]) == repr(found)


def test_a_row_with_its_own_time_keeps_it() -> None:
    sizes, made = Sizes(), Columns()
    sizes.feed(encode(Grew(5.0, 0, 20)) + encode(Grew(6.0, 0, 60)))
    made.feed(b'{"step":1}\n{"step":2,"t":1.5}\n{"step":3}\n{"step":4,"loss":1234567890}\n')
    found = times(made.table(), sizes, "trainer").tolist()
    assert repr(found) == "[5.0, 1.5, 6.0, nan]"
