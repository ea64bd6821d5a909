"""What rows become, in numbers that can be worked out by hand."""

from __future__ import annotations

from engine.data.outlook import Pace, outlook, together


def test_rows_become_steps_points_saves_minutes_and_money() -> None:
    pace = Pace(
        batch=64,
        epochs=2.0,
        max_length=2048,
        log_every=10,
        save_every=100,
        step_s=115,
        price_hour=2.5,
    )
    one = outlook(389, 4096.0, pace)
    assert (one.sequences, one.steps, one.points, one.checkpoints) == (195, 8, 0, 1)
    assert one.blind and one.seconds == 920 and round(one.dollars or 0, 2) == 0.64
    more = outlook(21_356, 4096.0, pace)
    assert (more.sequences, more.steps, more.points, more.checkpoints) == (10_678, 334, 33, 4)
    both = together([one, more])
    assert both.steps == 342 and both.checkpoints == 5 and both.seconds == 342 * 115


def test_what_is_not_known_is_not_guessed() -> None:
    one = outlook(100, 400.0, Pace(packing=False, batch=10))
    assert one.steps == 10 and one.seconds is None and one.dollars is None
    assert together([one, one]).seconds is None
    assert outlook(0, 400.0, Pace()).checkpoints == 0
