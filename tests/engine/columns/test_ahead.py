"""A reader that leaps over a long segment by its columns knows what the fold of every line knows, now and later."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine import reader
from engine.columns import Columns, ahead
from engine.reader import RunReader
from engine.scalars import AttemptFold
from engine.view import View
from tests.support import journals
from tests.support.stories import live

LINES = [
    b'{"e":"planned","t":1.0,"total":90}',
    *(b'{"step":%d,"loss":%s,"t":%d.5}' % (at, b'"nan"' if at % 17 == 0 else b"2.5", at) for at in range(60)),
    b'{"e":"saved","t":70.0,"step":60,"path":"out/60"}',
    b"{torn",
    *(b'{"step":%d,"loss":0.0,"grad_norm":1.5}' % at for at in range(50, 90)),
    b'{"e":"finished","t":91.0,"step":90}',
]  # fmt: skip
DATA = b"".join(line + b"\n" for line in LINES)


def plainly(data: bytes) -> AttemptFold:
    fold = AttemptFold()
    fold.feed("trainer", data)
    return fold


def leapt(data: bytes, at: int) -> AttemptFold:
    """As columns as far as `at`, line by line behind it."""
    columns = Columns()
    columns.feed(data[:at])
    found = ahead(columns.saved())
    fold = AttemptFold()
    fold.adopt(found)
    fold.feed("trainer", data[found.offset :])
    return fold


@pytest.mark.parametrize("at", [0, 1, 40, 500, 1000, 2005, len(DATA) - 3, len(DATA)])
def test_wherever_it_lands_nothing_is_missed_or_taken_twice(at: int) -> None:
    assert leapt(DATA, at).facts() == plainly(DATA).facts()
    more = b'{"step":91,"loss":1.0}\n{"step":92,"loss":0.5}\n'
    one, other = leapt(DATA + more, at), plainly(DATA + more)
    assert one.facts() == other.facts()


def test_a_leap_that_lands_too_early_would_be_seen() -> None:
    """The control: the rows behind the leap are taken twice."""
    columns = Columns()
    columns.feed(DATA)
    fold = AttemptFold()
    fold.adopt(replace(ahead(columns.saved()), offset=1000))
    fold.feed("trainer", DATA[1000:])
    assert fold.facts() != plainly(DATA).facts()


def test_a_run_is_the_same_however_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = journals.write(tmp_path, live())
    journals.append(run.attempt(1).trainer, DATA)
    slowly = RunReader(run).poll()
    monkeypatch.setattr(reader, "LONG", 100)
    quick = RunReader(run)
    assert quick.poll() == slowly and (run.cache / "1-trainer.columns").exists() is False
    journals.append(run.attempt(1).trainer, b'{"step":93,"loss":3.0}\n')
    assert quick.poll() == RunReader(run).poll() != slowly


def test_what_is_held_waits_until_it_is_told(tmp_path: Path) -> None:
    run = journals.write(tmp_path, live())
    journals.append(run.attempt(1).trainer, DATA)
    held = RunReader(run, holds=lambda attempt: True)
    assert held.poll().step is None
    columns = Columns()
    columns.feed(DATA)
    held.adopt(1, ahead(columns.saved()))
    assert held.poll() == RunReader(run).poll()


def test_a_look_that_is_out_of_time_goes_on_at_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = journals.write(tmp_path, live())
    journals.append(run.attempt(1).trainer, DATA)
    monkeypatch.setattr(reader, "SLICE", 256)
    hasty, seen = RunReader(run), list[View]()
    while not seen or hasty.behind:
        seen.append(hasty.poll(within_s=0.0))
        assert len(seen) < 100
    assert len(seen) > 3 and seen[-1] == RunReader(run).poll()
