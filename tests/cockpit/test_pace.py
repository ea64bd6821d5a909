"""What keeps the screen quick changes nothing that is shown, and what it leaves out is counted to the line."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.plot.curve import Curve, Scene, View, alike
from cockpit.plot.grown import Grown
from cockpit.plot.painter import Painter
from cockpit.watching import source
from cockpit.watching.passed import Passed
from cockpit.watching.roster import Roster
from cockpit.watching.source import Live
from cockpit.watching.watch import Watch
from engine import reader
from engine.reader import RunReader
from tests.support import journals
from tests.support.holding import keeping
from tests.support.stories import live

# what went by


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 12)), min_size=1, max_size=30))
def test_lines_that_no_redraw_showed_are_counted_exactly(redraws: list[tuple[int, int]]) -> None:
    passed, seen, lost, ends = Passed(), set[int](), set[int](), 0
    for grown, height in redraws:
        ends += grown
        shown = range(max(ends - height, 0), ends)
        passed.follow(ends - 1)
        for number in shown:
            passed.drew(number)
        seen.update(shown)
        if seen:
            lost |= set(range(min(seen), max(seen))) - seen
    assert passed.count == len(lost)


def test_a_look_back_takes_nothing_off() -> None:
    passed = Passed()
    passed.follow(11)
    for number in (0, 1, 10, 5, 6, 11, 40):
        passed.drew(number)
    assert passed.count == 8


def test_what_a_filter_left_out_did_not_go_by() -> None:
    passed = Passed()
    passed.follow(4)
    for number in (0, 1, 4):
        passed.drew(number)
    passed.leave()
    passed.drew(3)
    passed.follow(1_002)
    for number in (1_000, 1_002):
        passed.drew(number)
    assert passed.count == 3


# arrays that grow


@given(st.lists(st.integers(0, 300), max_size=12))
def test_what_was_handed_out_keeps_its_numbers(pieces: list[int]) -> None:
    grown, values = Grown(), np.arange(sum(pieces), dtype=np.float64)
    known, handed = np.empty(0), []
    for end in np.cumsum(pieces).tolist():
        known = grown.joined(known, values[len(known) : end])
        handed.append(known)
    for array in handed:
        assert np.array_equal(array, values[: len(array)])


def test_two_that_go_on_from_one_do_not_write_over_each_other() -> None:
    """The trap of adding in place: the second must be a copy."""
    grown = Grown()
    start = grown.joined(np.empty(0), np.arange(10.0))
    one, other = grown.joined(start, np.array([1.0])), grown.joined(start, np.array([2.0]))
    assert one[-1] == 1.0 and other[-1] == 2.0


def test_an_equal_scene_is_not_drawn_anew_and_another_is() -> None:
    x, y = np.arange(50.0), np.sin(np.arange(50.0))
    scene = Scene("loss", (Curve(x, y, "loss"),))
    twin = Scene("loss", (Curve(x, y, "loss"),))
    assert alike(scene, twin) and not alike(scene, replace(scene, title="other"))
    assert not alike(scene, Scene("loss", (Curve(x, y.copy(), "loss"),)))
    painter, view = Painter(), View(60, 12)
    first = painter.paint(scene, view)
    assert painter.paint(twin, view).layout is first.layout
    assert painter.paint(replace(twin, title="other"), view).layout is not first.layout


# a long run


def test_a_long_run_is_whole_at_the_first_look_and_exact_at_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "STILL_S", 0.0)
    monkeypatch.setattr("cockpit.watching.reading.LONG", 64 << 10)
    monkeypatch.setattr("cockpit.watching.reading.SLICE", 1 << 20)
    run = journals.write(tmp_path / "logs", live())
    rows = b"".join(b'{"step":%d,"loss":%d.5,"t":%d}\n' % (n, n % 9, n) for n in range(90_000))
    journals.append(run.attempt(1).trainer, rows)
    with keeping(run):
        look = Live(run)
        first = look.look()
        assert first is not None and first.behind > 0
        steps, _ = first.curves.points("loss")
        assert len(steps) < 3000 and (steps[0], steps[-1]) == (0, 89_999)
        assert first.frame.view.step == 89_999
        last = first
        while look.behind:
            last = look.look() or last
        assert len(last.curves.points("loss")[0]) == 90_000
        monkeypatch.setattr(reader, "LONG", 1 << 40)
        assert last.frame.view == RunReader(run).poll()


def test_what_nothing_came_of_is_the_very_same_arrays(tmp_path: Path) -> None:
    run = journals.write(tmp_path / "logs", live())
    journals.append(run.attempt(1).trainer, b'{"step":1,"loss":2.5}\n' * 9)
    with keeping(run):
        look = Live(run)
        one = look.look()
        look._last = -10.0
        other = look.look()
    assert one is not None and other is not None
    assert one.curves.points("loss")[0] is other.curves.points("loss")[0]


def test_a_run_that_a_screen_looks_at_is_not_read_a_second_time(tmp_path: Path) -> None:
    run = journals.write(tmp_path / "logs", live())
    journals.append(run.attempt(1).trainer, b'{"step":1,"loss":2.5}\n' * 9)
    with keeping(run):
        moment = Live(run).look()
        own = Roster(lambda: [run]).look()
        journals.append(run.attempt(1).trainer, b'{"step":2,"loss":2.5}\n')
        lent = Roster(lambda: [run], {run.id: moment}.get).look()
    assert own is not None and lent is not None
    # Of what came after the screen's last look it knows nothing.
    assert [(row.step, row.loss, row.state) for row in lent.rows] == [(1, 2.5, "running")]
    assert [(row.step, row.loss, row.state) for row in own.rows] == [(1, 2.5, "running")]


# a watch


class Counting:
    """A source that counts how often it was looked at."""

    looks = 0

    def look(self) -> int:
        self.looks += 1
        return self.looks


def test_what_is_not_on_the_screen_rests_until_it_is() -> None:
    source, heard = Counting(), list[int]()
    watch = Watch(source, lambda: heard.append(source.looks), resting=True)
    thread = threading.Thread(target=watch.run)
    thread.start()
    time.sleep(0.3)
    assert source.looks == 0
    watch.rest(False)
    end = time.monotonic() + 20
    while source.looks < 2 and time.monotonic() < end:
        time.sleep(0.01)
    watch.end()
    thread.join(20)
    assert source.looks >= 2 and heard and not thread.is_alive()
