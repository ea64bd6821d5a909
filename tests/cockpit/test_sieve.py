"""Which lines a filter lets through, while the console grows."""

from __future__ import annotations

from pathlib import Path

from cockpit.sieve import MATCHES, Sieve, Stretch, sieves, stretches
from cockpit.watching.finding import Finder
from cockpit.watching.moment import Moment
from engine.events import runner as r
from engine.events import trainer as t
from tests.cockpit.seeing import looked
from tests.support import journals
from tests.support.stories import T0, accepted, exited, opened, started

FIRST = "one\nerror: two\nthree\nwarning: four\n"
SECOND = "five\nsix\n"


def moment(logs: Path) -> Moment:
    sizes = [("1/runner", r.Grew(T0 + 2 + n, size, 0)) for n, size in enumerate((4, 15, 21, 35))]
    phases = [
        ("1/trainer", t.PhaseEntered(T0 + 1, "A", 0)),
        ("1/trainer", t.PhaseEntered(T0 + 4, "B", 1)),
    ]
    run = journals.write(logs, accepted(), opened(), *started(), *sizes, *phases, exited(3),
                         opened(2, "crash", T0 + 62), *started(2, T0 + 63))  # fmt: skip
    journals.append(run.attempt(2).console, SECOND.encode())
    return looked(run, FIRST)


def shown(found: Moment, sieve: Sieve) -> list[str]:
    if sieve.finder is not None:
        sieve.finder.advance(found.console)
    return [found.console.line(int(n)).text for n in sieve.numbers(found.console)]


def test_everything_without_a_filter(logs: Path) -> None:
    assert len(shown(moment(logs), Sieve())) == 6


def test_errors_and_warnings(logs: Path) -> None:
    found = moment(logs)
    choices = sieves(found, Sieve(), None)
    assert MATCHES not in choices
    assert shown(found, choices["errors"][1]) == ["error: two"]
    assert shown(found, choices["errors and warnings"][1]) == ["error: two", "warning: four"]


def test_attempts_and_phases_are_stretches(logs: Path) -> None:
    found = moment(logs)
    names = {one.name: one for one in stretches(found.console, found.frame.view)}
    assert set(names) == {"attempt 1", "attempt 2", "phase A", "phase B"}
    assert shown(found, Sieve(stretch=names["attempt 2"])) == ["five", "six"]
    assert shown(found, Sieve(stretch=names["phase A"])) == ["one", "error: two"]
    assert shown(found, Sieve(stretch=names["phase B"])) == ["three", "warning: four"]


def test_a_search_within_an_attempt(logs: Path) -> None:
    found = moment(logs)
    searched = Finder("e$|o$")
    stretch = next(one for one in stretches(found.console, found.frame.view))
    choice = sieves(found, Sieve(stretch=stretch), searched)[MATCHES][1]
    assert shown(found, choice) == ["one", "error: two", "three"]
    assert choice.shown == "matches, attempt 1"


def test_an_open_stretch_grows_with_the_log() -> None:
    assert list(Stretch("x", 3).within(5)) == [3, 4]
    assert list(Stretch("x", 3, 4).within(9)) == [3]
    assert list(Stretch("x", 9).within(5)) == []
