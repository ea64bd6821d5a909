"""Opening a run of a million steps: all of it, a glance, again. The peers are the readers of TensorBoard and wandb."""

from __future__ import annotations

import statistics
import tempfile

from tests.bench import peers
from tests.bench.figures import Figure, is_full
from tests.bench.measure import Cost, Failed, apart
from tests.bench.readers import METRICS

ROWS = 1_000_000
PEER_ROWS = 20_000
TRIES = 3


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
            "wandb" if wandb else None,
            wandb.cpu_s * times if wandb else None,
            None,
            "<= 2.0 s",
            _joined("peer's DataStore", scaled if wandb else why_wandb),
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
    """What the peer's reader costs without its start, on the same rows."""
    try:
        python = peers.python()
        module = "tests.bench.readers"
        apart(f"{module}:write_{name}", f"{folder}/{name}", rows, python=python)
        empty = apart(f"{module}:read_{name}", f"{folder}/none", python=python)
        cost = apart(f"{module}:read_{name}", f"{folder}/{name}", python=python)
    except (peers.Absent, Failed) as error:
        return None, str(error)
    if cost.result != rows * len(METRICS):
        return None, f"{name} read {cost.result:,} values of {rows * len(METRICS):,}"
    return Cost(cost.cpu_s - empty.cpu_s, cost.wall_s, cost.rss_mb, cost.result), ""
