"""Lines of real trainers to rows; any cut of the bytes gives the same; no line raises; nothing takes long."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dialects import DIALECTS, Lens, Reader, known, lens
from engine.dialects.shape import Shapes, learn
from engine.events import Row
from tests.engine.dialects.lines import LINES, NOTHING, Values

NAMES = sorted(dialect.name for dialect in DIALECTS)


def same(a: float, b: float | None) -> bool:
    return b is not None and (a == b or (math.isnan(a) and math.isnan(b)))


def rows(data: bytes, dialect: str = "auto") -> list[Row]:
    """Those of a whole console, the last one included that waits for its step."""
    reader = Reader(Lens(dialect))
    found = reader.feed(data)
    return [row for row, _ in found + reader.pending()]


@pytest.mark.parametrize(
    ("line", "dialect", "step", "values"), LINES, ids=[entry[0].strip()[:30] for entry in LINES]
)
def test_a_line_of_a_trainer_becomes_a_row(
    line: str, dialect: str, step: int | None, values: Values
) -> None:
    reader = Reader()
    found = reader.feed(line.encode() + b"\n") + reader.pending()
    row, end = found[-1]
    assert (reader.name, row.step, end) == (dialect, step, len(line.encode()) + 1)
    assert all(same(number, row.values.get(name)) for name, number in values.items()), row.values


@pytest.mark.parametrize("line", NOTHING)
def test_what_tells_no_metric_is_no_row(line: str) -> None:
    assert [row for row in rows(line.encode() + b"\n") if row.values] == []


@pytest.mark.parametrize("entry", LINES, ids=[entry[0].strip()[:30] for entry in LINES])
def test_a_dialect_that_was_asked_for_reads_as_the_chosen_one(entry: tuple[str, ...]) -> None:
    line, dialect = entry[0].encode() + b"\n", entry[1]
    assert repr(rows(line)) == repr(rows(line, dialect))


def test_a_dialect_that_was_asked_for_is_kept() -> None:
    assert rows(b"step 10 loss 2.31\n", "hf") == []
    assert known("transformers") and known("auto") and not known("fortran")


def test_a_surer_dialect_takes_over_and_nothing_else_does() -> None:
    reader = Reader()
    reader.feed(b"loss weight 0.5, lr 3e-4\n")
    assert reader.name == "keyvalue"
    reader.feed(b"{'loss': 2.5, 'epoch': 0.5}\nstep 90 loss 9.0\n{'loss': 2.4, 'epoch': 1.0}\n")
    assert reader.name == "hf"
    assert [row.values.get("loss") for row, _ in reader.feed(b"step 99 loss 9.9\n")] == []


def test_of_ranks_only_the_first_makes_points() -> None:
    found = rows(
        b"step 1 loss 2.5\nstep 1 loss 2.5\n[rank1]: step 1 loss 2.6\n[default0]:step 2 loss 2.4\n"
    )
    assert [(row.step, row.values, row.rank) for row in found] == [
        (1, {"loss": 2.5}, None),
        (1, {"loss": 2.6}, 1),
        (2, {"loss": 2.4}, None),
    ]


def test_steps_that_go_back_are_kept() -> None:
    assert [row.step for row in rows(b"step 60 loss 2.5\nstep 0 loss 2.6\n")] == [60, 0]


def test_a_taught_pattern_names_step_total_and_metrics() -> None:
    line = r"Ep (?P<epoch>\d+)/(?P<total>\d+) err=(?P<loss>[-\d.]+) f=(?P<f1>[\d.]+)"
    reader = Reader(Lens(lines=(line,), x="epoch", names={"f1": "span_f1"}))
    found = reader.feed(b"Ep 3/100 err=-1.5 f=0.25\nbest loss: 9\nEp 4/100 err=-1.6 f=0.3\n")
    assert [(row.step, dict(row.values)) for row, _ in found] == [
        (3, {"loss": -1.5, "span_f1": 0.25}),
        (4, {"loss": -1.6, "span_f1": 0.3}),
    ]
    assert (reader.total, reader.name) == (100, "taught")


def test_a_lens_takes_what_it_understands_of_a_job() -> None:
    log = {"line": ["(", "loss", 7, "(?P<loss>.)"], "names": {"A": "b"}, "every": 0, "x": None}
    found = lens({"dialect": "hf", "log": log}, "nanogpt")
    assert found == Lens("nanogpt", ("(?P<loss>.)",), {"a": "b"}, "step", 1)
    assert lens({"log": 3, "dialect": None}) == Lens()


def test_progress_bars_are_folded_to_changes_of_the_step() -> None:
    bar = " 50%|█████     | {}/8 [00:01<00:01,  2.70it/s]"
    drawn = "\r".join(bar.format(n) for n in (1, 1, 2, 2, 2, 3))
    assert [row.step for row in rows(f"{drawn}\r".encode())] == [1, 2, 3]


def test_a_bar_of_each_epoch_goes_on_counting() -> None:
    bar = "Epoch {}/3:  50%|█████     | {}/4 [00:01<00:01,  2.70it/s, loss=0.5]"
    drawn = "\r".join(bar.format(e, n) for e in (1, 2, 3) for n in (0, 2, 4))
    reader = Reader(Lens("tqdm"))
    found = [row.step for row, _ in reader.feed(f"{drawn}\n".encode())]
    assert (found, reader.total) == ([0, 2, 4, 6, 8, 10, 12], 12)


def test_a_printed_checkpoint_is_a_claim_with_a_step() -> None:
    reader = Reader()
    reader.feed(b"iter 20: loss 3.1, time 1ms, mfu 1%\nsaving checkpoint to out\n")
    reader.feed(
        b"Saving final checkpoint to ../o/checkpoint-61.pt\n  ok Saved checkpoint: a/epoch_10.pt\n"
    )
    assert [claim[:2] for claim in reader.saved] == [
        (20, "out"),
        (61, "../o/checkpoint-61.pt"),
        (10, "a/epoch_10.pt"),
    ]


@pytest.mark.parametrize(
    "line", ["  Total optimization steps = 1,388", "7. TOTAL OPTIMIZER STEPS: 1388"]
)
def test_a_printed_total_is_known(line: str) -> None:
    reader = Reader()
    assert reader.feed(line.encode() + b"\n") == [] and reader.total == 1388


# any cut, any text

CONSOLE = "\n".join(
    [entry[0] for entry in LINES] + NOTHING + ["a\rb\r\n", "\x00\xff half", "é" * 40]
).encode("utf-8", "surrogateescape")


@given(st.lists(st.integers(0, len(CONSOLE)), max_size=12), st.sampled_from(["auto", *NAMES]))
def test_any_cut_of_the_bytes_gives_the_same_rows(places: list[int], dialect: str) -> None:
    edges = [0, *sorted(places), len(CONSOLE)]
    pieces = Reader(Lens(dialect))
    found = [one for a, b in pairwise(edges) for one in pieces.feed(CONSOLE[a:b])]
    whole = Reader(Lens(dialect))
    assert repr(found) == repr(whole.feed(CONSOLE)) and pieces.state() == whole.state()


@given(st.integers(0, len(LINES)), st.sampled_from(["auto", *NAMES]))
def test_a_reader_goes_on_where_its_state_was_kept(at: int, dialect: str) -> None:
    before = "".join(entry[0] + "\n" for entry in LINES[:at]).encode()
    after = "".join(entry[0] + "\n" for entry in LINES[at:]).encode()
    one = Reader(Lens(dialect))
    one.feed(before)
    other = Reader(Lens(dialect), one.state())
    strip = [row for row, _ in one.feed(after)]
    assert repr(strip) == repr([row for row, _ in other.feed(after)])


WORDS = st.sampled_from(
    "step loss iter epoch lr nan inf -1 3.5 1e9 {' ': '} %| | [ ] it/s 4/8 \x1b[A \r \n  = : , saving to".split(
        " "
    )
)


@given(st.lists(WORDS, max_size=60), st.sampled_from(NAMES))
def test_no_line_raises(words: list[str], name: str) -> None:
    Reader(Lens(name)).feed(" ".join(words).encode() + b"\n")


@given(st.binary(max_size=400))
def test_no_bytes_raise(data: bytes) -> None:
    reader = Reader()
    for row, end in reader.feed(data + b"\n"):
        assert 0 < end <= len(data) + 1 and all(type(one) is float for one in row.values.values())


# shapes are only a shorter way

NUMBERS = st.one_of(
    st.integers(0, 10**9),
    st.floats(-1e6, 1e6).map(lambda number: f"{number:.4f}"),
    st.floats(1e-9, 1e9).map(lambda number: f"{number:.3e}"),
    st.sampled_from(
        ["nan", "inf", "-0.0", "007", "1,234", "1,234,567", "12ms", "1e5", "0.1.2", "١٢"]
    ),
)


@given(st.sampled_from(LINES), st.lists(NUMBERS, min_size=24, max_size=24), st.data())
def test_a_shape_reads_as_its_dialect_does(
    entry: tuple[str, str, object, object], numbers: list[object], data: st.DataObject
) -> None:
    line, name = entry[0], entry[1]
    read = next(dialect.read for dialect in DIALECTS if dialect.name == name)
    fresh = iter(numbers)
    other = re.sub(r"\d[\d.,e]*", lambda old: str(next(fresh, old.group())), line)
    shapes = Shapes(read)
    for text in (line, other, line, other):
        assert repr(shapes.read(text)) == repr(read(text)) or unordered(
            shapes.read(text), read(text)
        )


def unordered(one: object, other: object) -> bool:
    """Equal but for the order in which the values were found."""
    assert isinstance(one, tuple) and isinstance(other, tuple)
    return repr((*one[:1], sorted(one[1].items()), *one[2:])) == repr(
        (*other[:1], sorted(other[1].items()), *other[2:])
    )


def test_a_shape_is_refused_where_a_number_decides_something() -> None:
    def loud(line: str) -> object:
        """A dialect that shouts: what comes out is not what stands there."""
        found = DIALECTS[-3].read(line)
        return found and found._replace(values={"loss": found.values["loss"] * 2})

    assert learn("step 10 loss 2.5", loud) is None  # type: ignore[arg-type]


# long and hostile lines


@pytest.mark.parametrize(
    "line",
    ["loss " * 13_000, "loss=1 " * 9_000, "[" * 60_000, "{'a': " * 10_000, "a" * 60_000 + "=1", "%|" * 30_000,
     "-" * 60_000, "1" * 60_000, "it [" * 15_000, "step " * 12_000, " | " * 20_000, "Epoch 1: " * 7_000,
     "val " * 15_000 + "loss 1", "iteration 1/2 |" + " a: 1 |" * 9_000, "\x1b[" * 20_000, "_" * 60_000],
    ids=range(16),
)  # fmt: skip
def test_a_hostile_line_costs_no_more_than_its_length(line: str) -> None:
    """Read whole by every dialect. A pattern that went back over it would take minutes, not a blink."""
    for name in ["auto", *NAMES]:
        reader = Reader(Lens(name))
        for _ in range(3):
            reader.feed(line.encode()[:65_000] + b"\n")
