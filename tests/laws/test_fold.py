"""Laws 4, 5 and 7: any cut, any interleaving, every prefix; and numbers that are none survive."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli.speech import brief, speak
from engine.events import Row, encode
from engine.frame import Frame, Sight
from engine.status import Terms, describe
from engine.view import RunFold, View
from tests.support.stories import T0, Told
from tests.support.tales import NOW, TALES, told

NAMES = st.sampled_from(sorted(TALES))
CONSOLE = b"loading\r10%\rdone\nstep 1/9 loss 2.5\n{'loss': '2.4', 'epoch': 0.5}\nstep 2 loss nan\nhalf a li"
Bytes = dict[str, bytes]


def segments(story: Iterable[Told]) -> Bytes:
    """Each segment as its file; a console where a run has none that speaks, and torn tails."""
    found: Bytes = {}
    for segment, event in story:
        found[segment] = found.get(segment, b"") + encode(event)
    if "1/runner" in found:
        found["1/console"] = CONSOLE
    return {name: data + b'{"e":"torn","t' for name, data in found.items()}


def fold(pieces: Iterable[tuple[str, bytes]]) -> View:
    run = RunFold()
    for segment, piece in pieces:
        run.feed(segment, piece)
    return run.view()


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


def renders(view: View, now: float) -> None:
    """The whole way to the screen's text."""
    for alive in (None, True, False):
        status = describe(Frame("tale", view, now, Sight(alive, alive)), Terms())
        assert list(speak(status)) and brief(status)
        assert status.table()


CUTS = st.lists(st.integers(0, 10_000), max_size=20)


@given(NAMES, CUTS)
def test_any_cut_of_the_bytes_gives_the_same_view(name: str, places: list[int]) -> None:
    whole = segments(told(name))
    pieces = [(seg, piece) for seg, data in whole.items() for piece in cut(data, places)]
    assert fold(pieces) == fold(whole.items())


@given(NAMES, CUTS, st.randoms(use_true_random=False))
def test_any_interleaving_of_segments_gives_the_same_view(
    name: str, places: list[int], chance: Random
) -> None:
    whole = segments(told(name))
    assert fold(interleaved(whole, places, chance.random)) == fold(whole.items())


def interleaved(
    whole: Bytes, places: list[int], chance: Callable[[], float]
) -> list[tuple[str, bytes]]:
    """Pieces of all segments, in any order that keeps each segment's own."""
    queues = {seg: cut(data, places) for seg, data in whole.items()}
    mixed = []
    while queues:
        segment = sorted(queues)[int(chance() * len(queues))]
        mixed.append((segment, queues[segment].pop(0)))
        queues = {seg: pieces for seg, pieces in queues.items() if pieces}
    return mixed


def test_an_order_that_mixes_up_a_segment_is_seen() -> None:
    """The negative control: the same pieces, one segment's own order broken."""
    whole = segments(told("LIVE"))
    pieces = [("1/trainer", piece) for piece in cut(whole["1/trainer"], [400, 900])]
    rest = [(seg, data) for seg, data in whole.items() if seg != "1/trainer"]
    assert fold([*rest, *pieces]) == fold(whole.items())
    assert fold([*rest, *reversed(pieces)]) != fold(whole.items())


@pytest.mark.parametrize("name", TALES)
def test_every_prefix_folds_and_renders(name: str) -> None:
    """The segments grow one after the other, at every line and inside every seventh."""
    run = RunFold()
    for segment, data in segments(told(name)).items():
        for line in data.splitlines(keepends=True):
            middle = len(line) // 2
            run.feed(segment, line[:middle])
            run.feed(segment, line[middle:])
            renders(run.view(), NOW)


HOSTILE = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(["nan", "inf", "-inf", "", "\x1b[2J", "\ud800", "x" * 300]),
    st.sampled_from([0, -1, 2**62, 2**64, 1e308, -1e308, 1e-320, T0, -T0]),
    st.lists(st.integers(-1, 1), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


def spoiled(story: list[Told], place: int, field: str, value: object) -> View:
    """The story with one field of one fact replaced."""
    run = RunFold()
    for index, (segment, event) in enumerate(story):
        line = encode(event)
        if index == place:
            line = json.dumps({**json.loads(line), field: value}).encode() + b"\n"
        run.feed(segment, line)
    return run.view()


def places(story: list[Told]) -> list[tuple[int, str]]:
    """Every field of the last fact of each kind."""
    last = {type(event): index for index, (_, event) in enumerate(story)}
    return [(at, field) for at in last.values() for field in json.loads(encode(story[at][1]))]


@given(NAMES, st.data())
def test_no_value_of_any_field_breaks_the_way_to_the_screen(name: str, data: st.DataObject) -> None:
    """Unreadable, or read and rendered; never an exception."""
    story = told(name)
    place, field = data.draw(st.sampled_from(places(story)))
    renders(spoiled(story, place, field, data.draw(HOSTILE)), NOW)


@pytest.mark.parametrize("name", ["LIVE", "OFFLINE", "RESUMED"])
@pytest.mark.parametrize("value", ["inf", "-inf", "nan", 1e308])
def test_no_number_of_any_field_breaks_the_way_to_the_screen(name: str, value: object) -> None:
    story = told(name)
    for place, field in places(story):
        renders(spoiled(story, place, field, value), NOW)


@pytest.mark.parametrize("word", ["nan", "inf", "-inf"])
def test_a_number_that_is_none_survives_to_the_answer(word: str) -> None:
    run = RunFold()
    for segment, event in told("LIVE"):
        run.feed(segment, encode(event))
    run.feed("1/trainer", encode(Row(NOW, 51, {"loss": float(word)})))
    status = describe(Frame("tale", run.view(), NOW), Terms())
    assert status.table()["metrics"]["loss"] == word
    assert status.best.value is not None and status.best.step == 50
