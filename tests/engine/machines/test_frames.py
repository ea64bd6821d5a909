"""The language of the line: any cut reads the same, and nothing from the other end is believed unseen."""

from __future__ import annotations

import itertools
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.runner.frames import MOST, Bytes, Frame, Garbled, Packer, Told, Unpacker

FRAMES = st.one_of(
    st.builds(
        Bytes,
        st.integers(1, 99),
        st.sampled_from(["runner", "trainer", "console"]),
        st.integers(0, 1 << 60),
        st.binary(max_size=3000),
    ),
    st.builds(Told, st.dictionaries(st.text(max_size=9), st.integers() | st.text(max_size=99))),
)


def packed(frames: list[Frame]) -> bytes:
    packer = Packer()
    return b"".join(packer.pack(frame) for frame in frames)


@given(st.lists(FRAMES, max_size=12), st.lists(st.integers(0, 20_000), max_size=9))
def test_any_cut_gives_the_same_frames(frames: list[Frame], cuts: list[int]) -> None:
    data, unpacker, found = packed(frames), Unpacker(), []
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    for start, end in itertools.pairwise(edges):
        found += list(unpacker.feed(data[start:end]))
    assert found == frames


def test_a_beat_that_looks_like_the_last_one_costs_a_few_bytes() -> None:
    packer = Packer()
    beat = Told({"held": {"1": True}, "ended": {}, "sizes": {"1": [123456, 4567, 89]}})
    first, second = len(packer.pack(beat)), len(packer.pack(beat))
    assert second < 16 < first


def bomb() -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    small = deflate.compress(b"J" + b" " * (64 << 20)) + deflate.flush(zlib.Z_SYNC_FLUSH)
    return struct.pack(">I", len(small) - 4) + small[:-4]


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">I", MOST + 1),
        struct.pack(">I", 5) + b"\xff\xff\xff\xff\xff",
        bomb(),
        packed([Bytes(1, "console", 0, b"x")])[:-1] + b"\x00\x00",
    ],
    ids=["too long", "no deflate", "a bomb", "a torn end"],
)
def test_what_is_no_frame_ends_the_talk(data: bytes) -> None:
    with pytest.raises(Garbled):
        list(Unpacker().feed(data + bytes(64)))
