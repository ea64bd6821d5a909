"""The machine's panel: what there is room for, what is not of now, and who holds the others up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cockpit.watching.moment import Moment
from cockpit.widgets.machine import machine
from engine.events import runner as r
from tests.cockpit.seeing import seen
from tests.support.stories import Told, closed, exited
from tests.support.tales import LEARNED, NOW, beat, grew

HOST = {"cpu": 31.0, "ram": [22000, 64000], "load": 6.1, "tree": [198.0, 480, 3],
        "net": [200, 1100], "io": [5, 7], "disks": [["/data", 118000, 220000]]}  # fmt: skip


def cards(count: int) -> Told:
    found = tuple(
        {"i": i, "uuid": f"GPU-{i}", "name": "NVIDIA A30", "mem": 24576} for i in range(count)
    )
    return "1/runner", r.GpusFound(NOW - 60, found)


def pulses(count: int, at: float = NOW - 1, **changed: list[Any]) -> list[Told]:
    columns: dict[str, list[Any]] = {
        "i": list(range(count)), "util": [93] * count, "mem": [20000] * count,
        "temp": [63] * count, "watt": [148] * count, "sm": [1440] * count, **changed,
    }  # fmt: skip
    procs = tuple([i, 41822 + i, 19000, i, 1] for i in range(count))
    told = [r.Pulsed(at - 5 * back, columns, HOST, procs) for back in range(5, -1, -1)]
    return [("1/runner", one) for one in told]


def panel(moment: Moment, width: int = 38, height: int = 24) -> str:
    lines = machine(moment, width, height)
    assert len(lines) <= height
    return "\n".join("".join(text for text, _ in line) for line in lines)


def at_work(logs: Path, *parts: Any) -> Moment:
    return seen(logs, *LEARNED, *parts, grew(NOW - 2), beat(NOW - 1))


def test_one_gpu_in_full(logs: Path) -> None:
    shown = panel(at_work(logs, cards(1), *pulses(1)))
    for word in ("GPU0  NVIDIA A30", "93 %", "19.5/24G", "63 °C", "148 W", "1440 MHz",
                 "rank 0  pid 41822", "past", "CPU", "22", "123.7", "↓", "train"):  # fmt: skip
        assert word in shown, word
    assert "(" not in shown


def test_what_is_not_measured_now_stands_in_brackets(logs: Path) -> None:
    shown = panel(seen(logs, *LEARNED, cards(1), *pulses(1), exited(), closed()))
    assert "(93 %)" in shown and "(19.5/24G)" in shown and "(31 %)" in shown


def test_what_a_sensor_does_not_tell_is_a_dash(logs: Path) -> None:
    shown = panel(at_work(logs, cards(1), *pulses(1, util=[None], temp=[None])))
    assert "util" in shown and "0 %" not in shown and "—" in shown


def test_eight_gpus_are_a_line_each_and_more_are_counted(logs: Path) -> None:
    moment = at_work(logs, cards(8), *pulses(8))
    brief = panel(moment, height=14)
    assert brief.count("GPU") == 8 and "r7" in brief and "CPU" in brief
    few = panel(moment, height=6)
    assert "more" in few and few.count("GPU") < 8


def test_a_throttled_gpu_says_why_and_comes_first_where_room_is_short(logs: Path) -> None:
    moment = at_work(logs, cards(8), *pulses(8, thr=[""] * 5 + ["heat"] + [""] * 2))
    assert "⚠ throttled: heat" in panel(moment, height=60)
    assert panel(moment, height=6).startswith("⚠GPU5")


def test_the_slowest_clock_of_several_ranks_is_marked(logs: Path) -> None:
    slow = [1440, 1440, 1100, 1440]
    assert "slowest clock" in panel(at_work(logs, cards(4), *pulses(4, sm=slow)), height=60)


def test_even_clocks_mark_nobody(logs: Path) -> None:
    """The negative control of the one above."""
    assert "slowest" not in panel(at_work(logs, cards(4), *pulses(4)), height=60)


def test_a_foreign_process_is_told(logs: Path) -> None:
    parts = pulses(1)
    last = r.Pulsed(NOW - 0.5, parts[-1][1].gpus, HOST, ([0, 991, 4100, None, 0],))  # type: ignore[union-attr]
    assert "not ours  pid 991  4.3 GB" in panel(at_work(logs, cards(1), *parts, ("1/runner", last)))


def test_nonsense_in_a_pulse_harms_nothing(logs: Path) -> None:
    strange = r.Pulsed(NOW - 1, {"i": [0, "x"], "util": "no", "mem": [None]}, {"ram": [1], "disks": 3},
                       ("x", [0], [0, "a", "b", "c", "d"]))  # fmt: skip
    assert "GPU0" in panel(at_work(logs, cards(1), ("1/runner", strange)))
