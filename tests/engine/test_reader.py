"""Reading in brief tells the same of how a run went."""

from __future__ import annotations

from pathlib import Path

from engine import reader
from engine.events import runner as r
from engine.reader import NEWEST, RunReader
from tests.support import journals
from tests.support import stories as s


def test_in_brief_a_long_runners_segment_tells_the_same(tmp_path: Path) -> None:
    """Readings of hours are passed over; the newest, and all that happened, are not."""
    told = []
    for at in range(15_000):
        told.append(("1/runner", r.Beat(s.T0 + at, float(at), True)))
        told.append(("1/runner", r.Grew(s.T0 + at, at, at)))
        if at % 977 == 0:
            told.append(("1/runner", r.Signalled(s.T0 + at, "SIGTERM", "x" * at)))
    run = journals.write(tmp_path, s.live(), told, s.exited(t=s.T0 + 15_001))
    assert run.attempt(1).runner.stat().st_size > 2 * NEWEST
    whole, brief = RunReader(run).poll(), RunReader(run, brief=True).poll()
    one, other = whole.attempts[0].facts.runner, brief.attempts[0].facts.runner
    assert one == other and len(one.signals) == 16 and brief.unreadable == whole.unreadable == 0


def test_readings_are_left_out_at_all() -> None:
    beats = b"".join(b'{"e":"beat","t":%d.0,"up_s":1.0,"alive":true}\n' % at for at in range(100))
    assert len(reader._told(beats)) < len(beats) / 20
    odd = b'f a line}\n{"e":"beat"}\n{"e":"exited"}\n{"e":"be'
    assert reader._told(odd) == b'f a line}\n{"e":"exited"}\n{"e":"be'
