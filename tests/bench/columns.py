"""Opening a run of a million steps: all of it, a glance, again. The peers are the readers of TensorBoard and wandb."""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import replace

from tests.bench import peers
from tests.bench.figures import Figure, is_full
from tests.bench.measure import Cost, Failed, apart
from tests.bench.readers import METRICS

ROWS = 1_000_000
PEER_ROWS = 20_000
TRIES = 5


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/trainer.jsonl"
        size = apart("tests.bench.readers:write", path, ROWS).result
        whole = [apart("tests.bench.readers:read", path, None) for _ in range(TRIES)]
        cpu = statistics.median(cost.cpu_s for cost in whole)
        glance = apart("tests.bench.readers:glance", path).result
        kept = f"{folder}/.cache/1-trainer.columns"
        apart("tests.bench.readers:read", path, kept)
        again = apart("tests.bench.readers:again", path, kept)
        rows = ROWS if is_full() else PEER_ROWS
        board, why_board = _peer("tensorboard", folder, rows)
        wandb, why_wandb = _peer("wandb", folder, rows)
    scaled = "" if rows == ROWS else f"peer read {rows:,} rows, scaled x{ROWS // rows}"
    times = ROWS / rows
    note = f"{size / 1e6:.0f} MB; median of {TRIES} whole processes"
    return [
        Figure(
            "1M x 8 to columns, CPU",
            cpu,
            "s",
            "TensorBoard" if board else None,
            board.cpu_s * times if board else None,
            None,
            "<= 2.0 s",
            _joined(note, scaled if board else why_board),
        ),
        Figure(
            "1M x 8 to columns, CPU",
            cpu,
            "s",
            "wandb-core" if wandb else None,
            wandb.cpu_s * times if wandb else None,
            None,
            "<= 2.0 s",
            _joined("peer: wandb-core leet inspect -json", scaled if wandb else why_wandb),
        ),
        Figure(
            "1M x 8 to columns, peak memory",
            max(cost.rss_mb for cost in whole),
            "MB",
            "TensorBoard" if board else None,
            board.rss_mb if board else None,
            None,
            "<= 250 MB",
            "the peer's is of fewer rows" if scaled and board else "",
        ),
        Figure("whole-run preview", glance["preview"], "ms", target="<= 50 ms"),
        Figure("reopening, unchanged", again.result["reopen"], "ms", target="<= 20 ms"),
        Figure("reopening, peak memory", again.rss_mb, "MB"),
        Figure("tally of 1M rows", again.result["tally"], "ms"),
        Figure("envelope of 1M points, 200 wide", again.result["envelope"], "ms"),
    ]


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _peer(name: str, folder: str, rows: int) -> tuple[Cost | None, str]:
    """What the peer's reader costs on the same rows, without what it costs on one row."""
    try:
        costs = []
        for count in (1, rows):
            target = f"{folder}/{name}-{count}"
            apart(f"tests.bench.readers:write_{name}", target, count, python=peers.python())
            costs.append(apart(f"tests.bench.readers:read_{name}", target, python=peers.python()))
    except (peers.Absent, Failed) as error:
        return None, str(error)
    one, cost = costs
    if cost.result != rows * len(METRICS):
        return None, f"{name} read {cost.result:,} values of {rows * len(METRICS):,}"
    return replace(cost, cpu_s=cost.cpu_s - one.cpu_s), ""
