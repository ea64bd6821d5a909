"""What has no price is never added as 0, and what lives is foreseen to its end."""

from __future__ import annotations

from pathlib import Path

from cockpit.bills import bills, by_day, by_machine, whole
from cockpit.watching.roster import Fleet, Row
from engine.runs import Run

NOW = 1_790_000_000.0


def row(name: str, day: str = "20260921", live: bool = False, **more: object) -> Row:
    run = Run(Path("logs") / f"{name}-{day}-101010-ab12")
    word, status = ("LIVE", None) if live else ("DONE", 0)
    return Row(run, "running" if live else "done", word, exit_status=status, **more)  # type: ignore[arg-type]


ROWS = (
    row("paid", host="pod", spent=2.0),
    row("free", host="box"),
    row("now", "20260922", True, host="pod", spent=1.0, rate=0.5, cap=2.0, eta=NOW + 7200),
    row("dark", "20260922", True, host="box"),
)


def test_what_burns_stands_first_and_what_nobody_knows_last() -> None:
    found = bills(Fleet(ROWS, 4, NOW))
    assert [one.row.run.id.partition("-")[0] for one in found] == ["now", "paid", "free", "dark"]
    assert [(one.spent, one.rate, one.whole) for one in found] == [
        (1.0, 0.5, 2.0),
        (2.0, None, 2.0),
        (None, None, None),
        (None, None, None),
    ]


def test_sums_tell_what_they_leave_out() -> None:
    found = bills(Fleet(ROWS, 4, NOW))
    pod, box = by_machine(found)
    assert (pod.name, pod.spent, pod.rate, pod.runs, pod.live, pod.unpriced) == (
        "pod", 3.0, 0.5, 2, 1, 0)  # fmt: skip
    assert (box.name, box.spent, box.rate, box.unpriced) == ("box", None, None, 2)
    assert [(one.name, one.spent) for one in by_day(found)] == [
        ("2026-09-22", 1.0),
        ("2026-09-21", 2.0),
    ]
    assert (whole(found).spent, whole(found).unpriced) == (3.0, 2)
    assert whole(bills(Fleet())).spent is None
