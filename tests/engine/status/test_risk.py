"""What dies with the run, counted from the newest checkpoint that is safe."""

from __future__ import annotations

from engine.events import trainer as t
from engine.status import Seen, Terms
from engine.status.answers import AtRisk
from engine.status.risk import Disk, at_risk, checkpoints, cost
from engine.view import View
from tests.support import stories as s

NOW = s.T0 + 61
GOOD, BAD, GONE = Seen(True, True), Seen(True, False), Seen(False, None)
PRICED = Terms(price_hour=3600.0)


def saved(step: int, number: int = 1, at: float = 0.0, manifest: str | None = "m") -> s.Told:
    return f"{number}/trainer", t.Saved(s.T0 + 1 + at, step, f"/out/step-{step}", 9, manifest)


def trained(*saves: s.Told) -> View:
    """Sixty steps in fifty-nine seconds, and an exit."""
    return s.view(s.live(), s.rows([1.0] * 60), saves, s.exited())


def risk(view: View, disk: Disk | None = None, terms: Terms = PRICED) -> AtRisk:
    return at_risk(view, disk or {}, terms, NOW)


def test_without_a_checkpoint_everything_is_at_risk() -> None:
    assert risk(trained()) == AtRisk(60, 59.0, 59.0, None)


def test_a_safe_checkpoint_takes_the_work_before_it_off() -> None:
    disk = {(1, "/out/step-40"): GOOD}
    assert risk(trained(saved(40, at=40)), disk) == AtRisk(20, 19.0, 19.0, "step-40")


def test_a_damaged_or_missing_checkpoint_is_not_safe() -> None:
    told = trained(saved(20, at=20), saved(40, at=40))
    for newest in (BAD, GONE, Seen(True, None)):
        disk = {(1, "/out/step-20"): GOOD, (1, "/out/step-40"): newest}
        assert risk(told, disk) == AtRisk(40, 39.0, 39.0, "step-20")


def test_in_a_recording_the_announcement_counts() -> None:
    assert risk(trained(saved(40, at=40))).newest_safe == "step-40"
    assert risk(trained(saved(40, at=40, manifest=None))).newest_safe is None


def test_the_attempts_after_the_save_count_whole() -> None:
    second = [s.opened(2, "crash"), *s.started(2), *s.rows([1.0] * 30, number=2, first=41)]
    told = s.view(
        s.live(), s.rows([1.0] * 60), saved(40, at=40), s.exited(1), second, s.exited(0, 2)
    )
    assert risk(told, {(1, "/out/step-40"): GOOD}) == AtRisk(30, 19.0 + 59.0, 78.0, "step-40")


def test_a_run_that_began_at_a_checkpoint_risks_what_came_after() -> None:
    resumed = s.view(s.live(), ("1/trainer", t.Planned(s.T0, 100, start_step=50)))
    assert risk(resumed).steps is None
    told = s.view(
        s.live(), ("1/trainer", t.Planned(s.T0, 100, start_step=50)), s.rows([1], first=55)
    )
    assert risk(told).steps == 5


def test_without_a_price_there_are_no_dollars() -> None:
    found = risk(trained(), terms=Terms(cap=5.0))
    assert (found.seconds, found.dollars) == (59.0, None)
    price = cost(trained(), Terms(cap=5.0), NOW)
    assert (price.spent, price.rate, price.cap) == (None, None, 5.0)


def test_cost_is_time_times_price() -> None:
    assert cost(trained(), PRICED, NOW).spent == 59.0


def test_nothing_is_known_before_the_first_step() -> None:
    found = risk(s.view(s.accepted()))
    assert (found.steps, found.seconds) == (None, None)


def test_checkpoints_are_those_that_are_still_there() -> None:
    told = trained(saved(20), saved(40), saved(20))
    disk = {(1, "/out/step-20"): GOOD, (1, "/out/step-40"): GONE}
    found = checkpoints(told, disk)
    assert [(one.name, one.verified, one.where) for one in found] == [
        ("step-20", True, "this disk")
    ]


def test_a_checkpoint_elsewhere_is_neither_good_nor_bad() -> None:
    (one,) = checkpoints(trained(saved(40)), {})
    assert (one.verified, one.where) == (None, "local")
