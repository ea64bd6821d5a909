"""What x counts, and the way from each to a row of the log and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cockpit.agreed import Agreed
from cockpit.scenes import framed
from engine.curves.rulers import Counting, following
from engine.events import Row
from tests.cockpit.seeing import seen
from tests.support.stories import T0, Told, accepted, exited, live, opened, started


def rows(first: int, count: int, number: int = 1, t: float = T0) -> list[Told]:
    """A step a second, ten tokens each."""
    return [
        (
            f"{number}/trainer",
            Row(t + n + 1, first + n, {"loss": 1.0, "tokens": 10.0 * (first + n)}),
        )
        for n in range(count)
    ]


RESUMED = [accepted(), opened(), *started(), *rows(1, 50), exited(3),
           opened(2, "crash", T0 + 62), *started(2, T0 + 63), *rows(41, 30, 2, T0 + 63)]  # fmt: skip


def test_only_what_is_known_is_offered(logs: Path) -> None:
    curves = seen(logs, *live(), *rows(1, 10)).curves
    assert Counting().kinds(curves) == ["step", "time", "tokens"]
    assert Counting(rate=2.0).kinds(curves)[-1] == "money"
    assert following(["step", "time"], "time") == "step"
    assert following(["step", "time"], "money") == "step"


def test_an_axis_that_this_run_has_not_is_steps(logs: Path) -> None:
    moment = seen(logs, *live(), ("1/trainer", Row(T0 + 2, 1, {"loss": 1.0})))
    assert framed(moment, "tokens", Agreed()).ruler.kind == "step"
    assert framed(moment, "money", Agreed()).axis.kind == "step"


def test_tokens_rise_with_steps_across_a_resume(logs: Path) -> None:
    ruler = Counting().ruler(seen(logs, *RESUMED).curves, "tokens")
    x, _ = ruler.points("loss")
    assert x[0] == 10 and x[-1] == 700
    assert ruler.of(45, None) == 450
    assert ruler.row(450.0) == ruler.curves.where(45)


def test_without_a_count_tokens_follow_from_the_profile(logs: Path) -> None:
    moment = seen(logs, *live(), ("1/trainer", Row(T0 + 2, 8, {"loss": 1.0})))
    x, _ = Counting(tokens_step=2048).ruler(moment.curves, "tokens").points("loss")
    assert list(x) == [8 * 2048]


def test_money_is_time_at_the_price(logs: Path) -> None:
    curves = seen(logs, *live(), *rows(1, 10)).curves
    seconds, _ = Counting().ruler(curves, "time").points("loss")
    ruler = Counting(rate=3.6).ruler(curves, "money")
    dollars, _ = ruler.points("loss")
    np.testing.assert_allclose(dollars, seconds / 1000)
    found = ruler.row(float(dollars[4]))
    assert found is not None and found[2] == T0 + 5


def test_a_time_between_attempts_belongs_to_the_one_before(logs: Path) -> None:
    ruler = Counting().ruler(seen(logs, *RESUMED).curves, "time")
    row = ruler.row(55.0)
    assert row is not None and row[0] == 1 and row[2] == T0 + 50
    assert ruler.row(-5.0) is None
