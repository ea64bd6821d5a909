"""Buckets, phases, validation and doubles at the size of a real corpus, and beside the seed's greedy sampler."""

from __future__ import annotations

import json
import os
import random
import tempfile
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure, is_full
from tests.bench.measure import Cost, apart

ROWS, FILES = 1_000_000, 800
SMALL = 200_000
"""Rows of the default run; the figures of a million are worked out per row unless `--full`."""
TIERS = ("easy", "medium", "hard", "extremely_complex")


def run() -> list[Figure]:
    rows = ROWS if is_full() else SMALL
    with tempfile.TemporaryDirectory() as folder:
        grow(Path(folder) / "buckets", rows)
        drawn = apart("tests.bench.data_curriculum:draw", folder)
        looked = apart("tests.bench.data_curriculum:validate", folder)
        merged = apart("tests.bench.data_curriculum:merge", folder)
    note = f"{rows:,} rows in {FILES} files, {drawn.result:,} drawn into three phases"
    return [
        Figure("curriculum, CPU", drawn.cpu_s * ROWS / rows, "s / 1M rows", target="<= 60 s", note=note),
        Figure("curriculum, memory", drawn.rss_mb, "MB", target="<= 500 MB", note=note),
        Figure("solving one phase", solve() * 1000, "ms", note="199 domains x 4 tiers, cap 15 %"),
        *speed("validate", looked),
        *speed("exact dedupe", merged),
    ]  # fmt: skip


def speed(name: str, cost: Cost) -> list[Figure]:
    """With the start of every process in it; wall time is that of a machine that does nothing else."""
    note = f"{os.cpu_count()} cores, {cost.result:,} rows, the process that puts together"
    return [
        Figure(name, cost.result / cost.wall_s, "rows / s", target=">= 100,000", note=f"{os.cpu_count()} cores"),
        Figure(f"{name}, CPU", cost.result / cost.cpu_s, "rows / CPU-s", note="of all processes"),
        Figure(f"{name}, memory", cost.rss_mb, "MB", target="<= 500 MB", note=note),
    ]  # fmt: skip


def grow(folder: Path, rows: int) -> None:
    """A tree of uneven buckets."""
    source, each = random.Random(1), rows // FILES
    answer = "It is the rule that the law of the land says, and it holds for all. " * 2
    for number in range(FILES):
        domain, tier = f"domain_{number // 4:03}", TIERS[number % 4]
        (folder / domain).mkdir(parents=True, exist_ok=True)
        with (folder / domain / f"{tier}.jsonl").open("w") as file:
            for row in range(source.randrange(each // 2, each * 3 // 2 + 1)):
                record = {"instruction": f"What is rule {row} of {domain}?", "input": "",
                          "output": f"{answer}{number}.{row}", "category": domain, "difficulty": tier}  # fmt: skip
                file.write(json.dumps(record) + "\n")


def draw(folder: str) -> int:
    from engine.data.preparing import Asking, draft, finish, open_tree

    asking = Asking(Path(folder) / "buckets")
    tree = open_tree(asking)
    made = finish(tree, asking, draft(tree, asking), Path(folder) / "out")
    return sum(one.written.rows for one in made if one.written)


def validate(folder: str) -> int:
    from engine.data.validate import Validator, Wishes

    files = sorted(map(str, (Path(folder) / "buckets").rglob("*.jsonl")))
    return sum(Validator(Wishes()).look(files).files.values())


def merge(folder: str) -> int:
    from engine.data.merging import How
    from engine.data.merging import merge as merge_files

    files = sorted(map(str, (Path(folder) / "buckets").rglob("*.jsonl")))
    return merge_files(files, Path(folder) / "merged.jsonl", How()).read


def solve() -> float:
    """CPU of one maximum flow."""
    import time

    from engine.data.curriculum import DEFAULTS
    from engine.data.pool import Pool, Solution

    source = random.Random(2)
    stock: dict[str, Any] = {f"d{i}": {t: source.randrange(200) for t in TIERS} for i in range(199)}
    pool = Pool(DEFAULTS[1], TIERS, stock)
    begun = time.process_time()
    for _ in range(10):
        Solution(pool, 5000).total()
    return (time.process_time() - begun) / 10
