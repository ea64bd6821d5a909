"""Columns mean what the rows mean, whatever the bytes and however they are cut."""

from __future__ import annotations

import json
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from same import folded, plain

from engine.columns import Columns, Table, columns, tally, trainer
from engine.columns.batch import batch
from engine.columns.store import Store
from engine.columns.trainer import TrainerRows
from engine.events import LINE_CAP


def expected(data: bytes) -> tuple[Table, str]:
    """The table made of the rows that the one decoder finds, and the tally of its fold."""
    rows, found, unreadable = folded(data)
    store = Store()
    if (all_rows := batch(rows)) is not None:
        store.extend(all_rows)
    return store.table(unreadable), plain(found)


def fed(data: bytes, cuts: list[int]) -> Table:
    made, last = Columns(), 0
    for cut in [*sorted(cuts), len(data)]:
        made.feed(data[last:cut])
        last = max(last, cut)
    return made.table()


def check(data: bytes, cuts: list[int]) -> None:
    table, told = expected(data)
    found = fed(data, cuts)
    assert plain(found) == plain(table)
    assert plain(tally(found)) == told


numbers = st.one_of(
    st.floats(),
    st.integers(-3, 3),
    st.sampled_from(["nan", "inf", "-inf", "NaN", "-Infinity", "1.5", None, True, "x"]),
    st.sampled_from([2**53 + 1, 2**63, -(2**63), 10**400, [1], {"a": {"b": 1}}, 0, 0.0, -0.0]),
)
keys = st.sampled_from(
    ["loss", "eval_loss", "grad_norm", "gnorm", "lr", "learning_rate", "x/y", "k" * 129, "ü", ""]
)
fixed = st.fixed_dictionaries(
    {},
    optional={
        "step": st.one_of(st.integers(0, 9), st.sampled_from([3.0, 2.5, 2**62, "7", None, True])),
        "t": st.one_of(st.floats(0, 2e9), st.none(), st.just("nan")),
        "epoch": st.one_of(st.floats(0, 3), st.just("a")),
        "phase": st.sampled_from(["A", "B", None, 3]),
        "rank": st.sampled_from([0, 1, None, 2.0, "1"]),
        "e": st.sampled_from([None, "said", "saved", "unknown", 3]),
        "text": st.text(max_size=5),
    },
)
junk = st.sampled_from(
    [
        b"",
        b" ",
        b"{}",
        b"[]",
        b"\x00\x00",
        b'{"loss":1}\r',
        b'{"loss":01}',
        b'{"loss":-0}',
        b'{"loss":1e400}',
        b'{"loss":1}{"loss":2}',
        b'{"loss":1},{"loss":2}',
        b'{"loss":{"a":1}',
        b'"b":2}',
        b'{"loss":1',
        b'{"loss":NaN}',
        b'{"x": "a: NaN", "loss": NaN}',
        b'{"loss": -Infinity, "step": 1}',
        b'{"loss":1,"loss":2,"loss":null}',
        b'{"l\\u006fss":7}',
        b'{"e":"said","loss":1,"e":null}',
        b'{"e":"said","text":"\xff"}',
        b'{"loss":1,"x":"\xff"}',
        b'{"loss":1,"x":"\xed\xa0\x80"}',
        b'{"loss":1,"x":"\\ud800"}',
        b'\xef\xbb\xbf{"loss":1}',
        b'{"loss":1%s}' % (b"0" * 5000),
        b'{"a":' * 20000,
        b'{"loss":"%s"}' % (b"x" * LINE_CAP),
        b'{"step":4,"loss":1,"x":"%s"}' % (b"x" * (LINE_CAP - 27)),
    ]
)
rows = st.builds(lambda a, b: {**a, **b}, fixed, st.dictionaries(keys, numbers, max_size=4))
lines = st.one_of(rows.map(lambda row: json.dumps(row).encode()), junk, st.binary(max_size=12))
segments = st.lists(lines, max_size=12).map(b"\n".join)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few lines are many: the fast path and the halving are taken from the first line on."""
    monkeypatch.setattr(trainer, "FEW", 0)
    monkeypatch.setattr(trainer, "SMALL", 90)


@settings(max_examples=400, deadline=None)
@given(segments, st.lists(st.integers(0, 400), max_size=4))
def test_any_bytes_in_any_pieces_mean_what_the_fold_of_their_rows_means(
    data: bytes, cuts: list[int]
) -> None:
    check(data * 2, [min(cut, 2 * len(data)) for cut in cuts])
