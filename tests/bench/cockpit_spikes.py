"""Twenty one-step spikes among 100,000 steps: how many are on the screen. Peer: what TensorBoard keeps of them."""

from __future__ import annotations

import json
import random
import tempfile
from pathlib import Path

from tests.bench import peers
from tests.bench.cockpit_runs import bare, finish
from tests.bench.cockpit_terminal import COCKPIT, Terminal, is_braille
from tests.bench.figures import Figure
from tests.bench.measure import Failed, apart

STEPS, SPIKES = 100_000, 20
WHERE = tuple(3_001 + at * 4_947 for at in range(SPIKES))
HIGH = 10.0
SIZE = (200, 60)
LIMIT_S = 60.0


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        run = bare(Path(folder) / "logs", STEPS)
        with open(run.attempt(1).trainer, "a") as file:
            for step, loss in enumerate(losses(), 1):
                file.write(json.dumps({"step": step, "loss": loss, "t": 1.7e9 + step}) + "\n")
        finish(run, 1.7e9 + STEPS)
        ours = _ours(folder, run.id)
        try:
            told = f"{folder}/board"
            peer = apart("tests.bench.cockpit_spikes:board", told, python=peers.python()).result
            named, note = "TensorBoard", "the peer: of the 1,000 points that its page gets"
        except (peers.Absent, Failed) as error:
            peer, named, note = None, None, str(error)[:120]
    name = f"{SPIKES} one-step spikes in {STEPS:,} steps, seen"
    return [Figure(name, ours, "", named, peer, None, str(SPIKES), note)]


def losses() -> list[float]:
    """Noise around 2, and the spikes."""
    draw = random.Random(5)
    found = [2 + draw.gauss(0, 0.05) for _ in range(STEPS)]
    for step in WHERE:
        found[step - 1] = HIGH
    return found


def _ours(home: str, name: str) -> float:
    """Columns of the drawn chart where the curve reaches into its upper half, one for each spike."""
    terminal = Terminal([*COCKPIT, name], SIZE, {"COCKPIT_HOME": home})
    try:
        terminal.until_drawn(lambda rows: bool(_plot(rows)), LIMIT_S)
        terminal.rest(LIMIT_S)
        return float(seen(terminal.screen()))
    finally:
        terminal.close()


def _plot(rows: list[str]) -> list[str]:
    """The cells right of the axis, of the loss chart: the first on the screen."""
    chart = [row for row in rows if row.startswith("│") and ("│" in row[1:9] or "┤" in row[1:9])]
    if not chart or not any(is_braille(one) for row in chart[:20] for one in row):
        return []
    edge = next(at for at, one in enumerate(chart[0]) if at > 1 and one in "│┤")
    end = chart[0].index("│", edge + 1)
    height = next((at for at, row in enumerate(chart) if row[edge] not in "│┤"), len(chart))
    return [row[edge + 1 : end] for row in chart[:height]]


def seen(rows: list[str]) -> int:
    """How many spikes have dots of their own above the middle."""
    plot = _plot(rows)
    high = {at for row in plot[: len(plot) // 2] for at, one in enumerate(row) if is_braille(one)}
    return sum(int(step / STEPS * len(plot[0])) in high for step in WHERE)


def board(folder: str) -> int:
    """In the peers' Python: the spikes among the points that TensorBoard's reservoir keeps for its page."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # type: ignore

    from tests.bench.readers import write_losses

    write_losses(folder, losses())
    kept = EventAccumulator(folder, size_guidance={"scalars": 1000}).Reload().Scalars("loss")
    return sum(one.value > HIGH / 2 for one in kept)
