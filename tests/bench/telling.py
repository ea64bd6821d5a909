"""What telling costs the training: the share of a 50 ms step that goes into its row, its times and its line.

A real run of a model shrunk to nothing, so that hardly anything but the loop is left; `report` and the feed's clock are
what is timed, in the thread's own CPU-seconds.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from tests.bench.figures import Figure
from tests.bench.measure import apart

STEPS, STEP_MS = 400, 50.0


def run() -> list[Figure]:
    quiet = {"OMP_NUM_THREADS": "1"}
    plain, layered = (
        apart("tests.bench.telling:costs", layers, env=quiet).result for layers in (False, True)
    )
    share = 100 * plain["p50"] / 1000 / STEP_MS
    asked = 100 * layered["p50"] / 1000 / STEP_MS
    note = f"{plain['p50']:.0f} µs a step, 99 in 100 below {plain['p99']:.0f} µs, of {STEPS} steps"
    return [
        Figure("telemetry, share of a 50 ms step", share, "%", target="<= 1 %", note=note),
        Figure(
            "the same with the norm of 8 layers", asked, "%", target="<= 1 %", note="on request"
        ),
    ]


def costs(layers: bool) -> dict[str, float]:
    """In a process of its own: microseconds of telling per step."""
    from engine.train import loop
    from tests.bench import rivals

    spent = [0.0]

    def timed(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*given: Any) -> Any:
            began = time.thread_time()
            try:
                return function(*given)
            finally:
                spent[-1] += time.thread_time() - began

        return wrapper

    class Marks(rivals.Turns):
        def __init__(self) -> None:
            pass

        def took(self, loss: float) -> None:
            spent.append(0.0)

    loop.telling.report = timed(loop.telling.report)
    loop.layer_norms = timed(loop.layer_norms)
    rivals.SHAPES["gpt2"].update(n_embd=16, n_layer=8, n_head=1)
    contest = rivals.Contest("full", rows=1, length=8, steps=STEPS, layers=layers)
    rivals.ours("gpt2", contest, Marks())
    found = sorted(1e6 * each for each in spent[20:-1])
    return {"p50": statistics.median(found), "p99": found[len(found) * 99 // 100]}
