"""Lines come out the same however the bytes are cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.events import LINE_CAP, Lines


def cut(data: bytes, sizes: list[int]) -> tuple[list[tuple[bytes, int]], int]:
    lines, found, at = Lines(), [], 0
    for size in sizes:
        found += lines.feed(data[at : at + size])
        at += size
    found += lines.feed(data[at:])
    return found, lines.oversized


PIECES = st.lists(st.integers(0, 40), max_size=20)
DATA = st.lists(st.sampled_from([b"ab", b"\n", b"\0\xff", b"x" * 30]), max_size=20).map(b"".join)


@given(DATA, PIECES)
def test_any_cut_gives_the_same_lines(data: bytes, sizes: list[int]) -> None:
    assert cut(data, sizes) == cut(data, [])


def test_an_offset_is_where_the_next_line_begins() -> None:
    data = b"one\n\nthree\nhalf"
    found, _ = cut(data, [2, 3])
    assert found == [(b"one", 4), (b"three", 11)]
    assert all(data[end - 1 : end] == b"\n" for _, end in found)


def test_a_long_line_is_dropped_and_counted_in_bounded_memory() -> None:
    lines = Lines()
    for _ in range(1000):
        assert lines.feed(b"x" * 100_000) == []
        assert len(lines.carry) <= LINE_CAP
    assert lines.feed(b"x\nnext\n") == [(b"next", 100_000_007)]
    assert lines.oversized == 1


def test_the_cap_is_the_same_in_one_piece_and_in_many() -> None:
    for length in (LINE_CAP - 1, LINE_CAP, LINE_CAP + 1):
        data = b"x" * length + b"\nnext\n"
        assert (
            cut(data, [])
            == cut(data, [length])
            == cut(data, [length - 1])
            == cut(data, [7, length])
        )


def test_a_half_line_is_held_back() -> None:
    lines = Lines()
    assert lines.feed(b'{"loss":1') == []
    assert lines.feed(b"}\n") == [(b'{"loss":1}', 11)]
