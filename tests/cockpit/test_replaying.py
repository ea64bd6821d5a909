"""A recording on the same dashboard: the head moves, and everything with it."""

from __future__ import annotations

from pathlib import Path

from textual.pilot import Pilot

from cockpit.screens.dashboard import Dashboard
from cockpit.watching.head import Position
from cockpit.watching.moment import Moment
from tests.cockpit.stage import opened, play, tale, text, until


def position(pilot: Pilot[None]) -> Position:
    screen = pilot.app.screen
    assert isinstance(screen, Dashboard) and screen.head is not None
    return screen.head.position


def moment(pilot: Pilot[None]) -> Moment:
    screen = pilot.app.screen
    assert isinstance(screen, Dashboard) and screen.moment is not None
    return screen.moment


async def at_rest(pilot: Pilot[None]) -> None:
    """What is drawn is where the head stands."""
    await until(pilot, lambda: moment(pilot).position == position(pilot))


def test_every_key_of_the_transport(logs: Path) -> None:
    run = tale(logs, "RESUMED")

    async def scene() -> None:
        async with opened(logs, run, tape=True) as pilot:
            await until(pilot, lambda: position(pilot).end > 0)
            await pilot.press("space")
            assert not position(pilot).playing
            await pilot.press("5")
            assert abs(position(pilot).share - 0.5) < 1e-9
            await at_rest(pilot)
            before = position(pilot).now
            await pilot.press("full_stop")
            assert position(pilot).now > before
            await pilot.press("comma", "comma")
            assert position(pilot).now < before
            await pilot.press("right_square_bracket")
            marked = position(pilot).now
            assert marked in [one.t for one in position(pilot).landmarks]
            await pilot.press("0", "greater_than_sign", "greater_than_sign", "less_than_sign", "L")
            await at_rest(pilot)
            assert position(pilot).speed == 2.0 and position(pilot).loop
            assert "2×" in text(pilot) and "loop" in text(pilot)

    play(scene)


def test_log_curves_and_state_stand_at_the_head(logs: Path) -> None:
    run = tale(logs, "DONE")

    async def scene() -> None:
        async with opened(logs, run, tape=True) as pilot:
            await until(pilot, lambda: position(pilot).end > 0)
            await pilot.press("space", "4")
            await at_rest(pilot)
            seen = moment(pilot)
            steps, _ = seen.curves.points("loss")
            assert seen.status.word != "DONE" and 0 < len(steps) < 100
            assert seen.status.step == steps[-1]
            await pilot.press("9", "full_stop", *["full_stop"] * 20)
            await at_rest(pilot)
            assert moment(pilot).status.word == "DONE" and "DONE" in text(pilot)
            await pilot.press("1")
            await at_rest(pilot)
            assert moment(pilot).status.word != "DONE"

    play(scene)


def test_nothing_can_be_asked_of_a_recording(logs: Path) -> None:
    run = tale(logs, "LIVE")

    async def scene() -> None:
        async with opened(logs, run, tape=True) as pilot:
            await until(pilot, lambda: position(pilot).end > 0)
            await pilot.press("S", "K", "V", "o", "r")
            assert isinstance(pilot.app.screen, Dashboard)
            assert list(run.requests.iterdir()) == []

    play(scene)
