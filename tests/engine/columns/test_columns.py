"""Columns mean what the rows mean, whatever the bytes and however they are cut."""

from __future__ import annotations

import json
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.columns import Columns, Table, tally
from engine.columns.batch import Batch, batch
from engine.columns.store import Store
from engine.columns.trainer import TrainerRows
from engine.dialects import Lens, Reader
from engine.events import LINE_CAP
from engine.events.trainer import Said, Saved
from engine.scalars import Tally
from tests.engine.columns.same import folded, plain


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
    [
        "loss",
        "eval_loss",
        "grad_norm",
        "gnorm",
        "lr",
        "learning_rate",
        "x/y",
        "k" * 129,
        "ü",
        "",
        '"',
        "\\",
        "\n",
        "\ud800",
    ]
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
    ]
)
rows = st.builds(lambda a, b: {**a, **b}, fixed, st.dictionaries(keys, numbers, max_size=4))
lines = st.one_of(rows.map(lambda row: json.dumps(row).encode()), junk, st.binary(max_size=12))
segments = st.lists(lines, max_size=12).map(b"\n".join)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few lines are many: the fast path and the halving are taken from the first line on."""
    monkeypatch.setattr("engine.columns.trainer.FEW", 0)
    monkeypatch.setattr("engine.columns.trainer.SMALL", 90)


@settings(max_examples=400, deadline=None)
@given(segments, st.lists(st.integers(0, 400), max_size=4))
def test_any_bytes_in_any_pieces_mean_what_the_fold_of_their_rows_means(
    data: bytes, cuts: list[int]
) -> None:
    check(data * 2, [min(cut, 2 * len(data)) for cut in cuts])


@pytest.mark.parametrize(
    "line",
    [
        b'{"loss":1%s}' % (b"0" * 5000),
        b'{"loss":2,"x":1%s}' % (b"0" * 5000),
        b'{"loss":2,"x":1%s}' % (b"0" * 500),
        b'{"step":1%s,"loss":2}' % (b"0" * 500),
        b'{"step":1%s,"loss":2}' % (b"0" * 5000),
        b'{"a":' * 10000,
        b'{"loss":"%s"}' % (b"x" * LINE_CAP),
        b'{"step":4,"loss":1,"x":"%s"}' % (b"x" * (LINE_CAP - 26)),
        b'{"step":4,"loss":1,"x":"%s"}' % (b"x" * (LINE_CAP - 25)),
        b"x" * (3 * LINE_CAP),
        b"\x00" * LINE_CAP,
    ],
    ids=range(11),
)
def test_huge_lines_between_rows(line: bytes) -> None:
    good = b'{"step":1,"loss":2.5,"x":1}\n'
    data = good * 3 + line + b"\n" + good * 3
    check(data, [])
    check(data, [90, 1000, LINE_CAP, len(data) - 1])
    check(data[:-100], [200])


def uniform(seed: int, length: int) -> bytes:
    """A run as most are: one set of metrics, some of them rare, now and then a word, an event or another rank."""
    draw = random.Random(seed)
    keys = draw.sample(["loss", "lr", "grad_norm", "eval_loss", "mfu"], draw.randrange(1, 6))
    share = {key: draw.choice([1.0, 1.0, 0.5, 0.01]) for key in keys}
    found = []
    for step in range(length):
        row: dict[str, object] = {"step": step - (step % 97 == 96) * 5, "t": 1e9 + step}
        row.update(
            {key: draw.choice([0.0, draw.random()]) for key in keys if draw.random() < share[key]}
        )
        if step > length * 0.9 and draw.random() < 0.9:
            row["loss"] = draw.choice(["nan", math.nan, math.inf])
        if seed % 3 == 0:
            row.update(rank=step % 2, phase="A" if step < 100 else "B")
        found.append(row if draw.random() > 0.01 else {"e": "said", "text": str(step)})
    return "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in found).encode()


@pytest.mark.parametrize("seed", range(12))
def test_a_long_run_in_uneven_pieces(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.columns.trainer.SMALL", 4000)
    data = uniform(seed, 1500)
    draw = random.Random(seed)
    check(data, [draw.randrange(len(data)) for _ in range(seed)])


def test_a_run_of_one_make_is_not_read_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    slow: list[int] = []
    original = TrainerRows._slow

    def noted(self: TrainerRows, block: bytes, at: int) -> Batch | None:
        slow.append(block.count(b"\n"))
        return original(self, block, at)

    monkeypatch.setattr(TrainerRows, "_slow", noted)
    made = Columns()
    made.feed(uniform(1, 1500))
    assert 0 < sum(slow) < 100


def test_a_table_does_not_change_when_rows_come() -> None:
    data, made = uniform(5, 900), Columns()
    made.feed(data[:30_000])
    before = made.table()
    told = plain(before)
    made.feed(data[30_000:])
    assert plain(before) == told != plain(made.table())
    with pytest.raises(ValueError):
        before.step[0] = 7


def test_events_stand_beside_the_rows() -> None:
    made = Columns()
    made.feed(b'{"step":1,"loss":2}\n{"e":"said","text":"hi"}\n{"e":"saved","step":1,"path":"p"}\n')
    assert made.events() == [Said(None, "hi"), Saved(None, 1, "p")]
    assert made.table().unreadable == 0


def test_a_console_is_read_by_its_dialect() -> None:
    data = b"loading\rstep 1/9 loss 2.5\nport: 8080\nstep 2/9 loss nan\r\nstep 3/9 loss 2"
    reader, told = Reader(), Tally()
    for row, end in reader.feed(data):
        told.take(row, end)
    made = Columns(Lens())
    for at in range(0, len(data), 7):
        made.feed(data[at : at + 7])
    assert plain(tally(made.table())) == plain(told)
    assert (made.dialect, made.total, len(made.table())) == ("keyvalue", 9, 2)


def _unworded(lines: bytes) -> bytes:
    return lines.replace(b"NaN", b"null")


LONG = b'{"loss":1}\n' * 9 + b'{"loss":1%s}\n' % (b" " * LINE_CAP) + b'{"loss":1}\n' * 9


def _all(*_: object) -> None:
    return None


@pytest.mark.parametrize(
    ("broken", "by", "data"),
    [
        ("engine.columns.shape._worded", _unworded, b'{"loss":NaN}\n' * 40),
        ("engine.columns.shape._rows", _all, b'{"loss":1,"t":1}\n{"t":1}\n' * 40),
        ("engine.columns.trainer.LINE_CAP", 1 << 20, LONG),
        ("engine.columns.shape.KEY_CAP", 999, b'{"loss":1,"%s":2}\n' % (b"k" * 129) * 9),
        ("engine.columns.shape._EXACT", 1e30, b'{"step":%d,"loss":1}\n' % (2**53 + 1) * 9),
    ],
)
def test_the_check_catches_a_reader_that_is_not_exact(
    broken: str, by: object, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(data, [])
    monkeypatch.setattr(broken, by)
    with pytest.raises(AssertionError):
        check(data, [])
