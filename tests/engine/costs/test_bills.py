"""What has no price is never added as 0, and what lives is foreseen to its end."""

from __future__ import annotations

from typing import Any

from engine.costs.bills import Priced, bills, by_day, by_machine, by_phase, whole

NOW = 1_790_000_000.0


def row(name: str, host: str, day: str = "20260921", live: bool = False, **more: Any) -> Priced:
    return Priced(f"{name}-{day}-101010-ab12", host, live, **more)


ROWS = (
    row("paid", "pod", spent=2.0, rate=3.6, phases={"A": 1000.0, "B": 500.0}),
    row("free", "box", phases={"A": 60.0}),
    row("now", "pod", "20260922", True, spent=1.0, rate=0.5, cap=2.0, eta=NOW + 7200),
    row("dark", "box", "20260922", True),
)


def test_what_burns_stands_first_and_what_nobody_knows_last() -> None:
    found = bills(ROWS, NOW)
    assert [one.of.run.partition("-")[0] for one in found] == ["now", "paid", "free", "dark"]
    assert [(one.spent, one.rate, one.whole) for one in found] == [
        (1.0, 0.5, 2.0),
        (2.0, None, 2.0),
        (None, None, None),
        (None, None, None),
    ]


def test_sums_tell_what_they_leave_out() -> None:
    found = bills(ROWS, NOW)
    pod, box = by_machine(found)
    assert (pod.name, pod.spent, pod.rate, pod.runs, pod.live, pod.unpriced) == (
        "pod", 3.0, 0.5, 2, 1, 0)  # fmt: skip
    assert (box.name, box.spent, box.rate, box.unpriced) == ("box", None, None, 2)
    assert [(one.name, one.spent) for one in by_day(found)] == [
        ("2026-09-22", 1.0),
        ("2026-09-21", 2.0),
    ]
    assert (whole(found).spent, whole(found).unpriced) == (3.0, 2)
    assert whole(bills((), NOW)).spent is None


def test_phases_cost_their_time_at_the_runs_price() -> None:
    found = {
        (run.partition("-")[0], phase): cost for run, phase, _, cost in by_phase(bills(ROWS, NOW))
    }
    assert found == {("paid", "A"): 1.0, ("paid", "B"): 0.5, ("free", "A"): None}
