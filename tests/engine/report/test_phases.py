"""The last loss and the mean are two numbers, and a resume counts no step twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.curves import whole
from engine.events import Row
from engine.report.phases import ALL, phases
from tests.support import journals
from tests.support import stories as s


def rows(
    losses: list[float],
    phase: str | None = None,
    first: int = 1,
    number: int = 1,
    t: float = s.T0 + 1,
) -> list[s.Told]:
    return [
        (f"{number}/trainer", Row(t + at + 1, first + at, {"loss": loss}, phase=phase))
        for at, loss in enumerate(losses)
    ]


def test_last_mean_steps_and_time_of_each(tmp_path: Path) -> None:
    told = [*rows([4.0, 2.0], "A"), *rows([2.0, 1.0, 0.0], "B", 3, t=s.T0 + 13)]
    run = journals.write(tmp_path, s.live(), told, s.exited())
    a, b = phases(whole(run).curves, s.T0 + 1)
    assert (a.name, a.last, a.mean, a.steps, a.seconds) == ("A", 2.0, 3.0, 2, 2.0)
    assert (b.name, b.last, b.mean, b.steps, b.seconds) == ("B", 0.0, 1.0, 3, 13.0)


def test_steps_that_were_made_again_count_once(tmp_path: Path) -> None:
    told = [*rows([9.0] * 6), s.exited(3), s.opened(2, "crash", s.T0 + 62), *s.started(2, s.T0 + 63),
            *rows([1.0] * 6, None, 4, 2, s.T0 + 70)]  # fmt: skip
    [one] = phases(whole(journals.write(tmp_path, s.live(), told)).curves, None)
    assert (one.name, one.steps, one.points) == (ALL, 9, 9)
    assert one.mean == pytest.approx((3 * 9.0 + 6 * 1.0) / 9)


def test_a_loss_that_is_no_number_is_told_as_the_last_and_is_no_part_of_the_mean(
    tmp_path: Path,
) -> None:
    run = journals.write(tmp_path, s.live(), rows([2.0, 1.0, float("nan")]), s.exited())
    [one] = phases(whole(run).curves, None)
    assert one.last != one.last and one.mean == 1.5


def test_without_a_loss_there_is_no_phase(tmp_path: Path) -> None:
    run = journals.write(tmp_path, s.live(), [("1/trainer", Row(s.T0 + 2, 1, {"f1": 0.5}))])
    assert phases(whole(run).curves, None) == []
