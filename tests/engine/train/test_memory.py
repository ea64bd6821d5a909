"""A run that runs out of memory goes on by itself with a smaller micro-batch: the engine, a keeper, a real limit."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.train import miniature

PROFILE = """
name = "full"
recipe = "finetune"
[model]
base = "base"
[data]
train = "rows.jsonl"
max_length = 128
packing = false
[train]
micro_batch = 1000
max_steps = 2
threads = 1
[save]
every_steps = 1
[recover]
attempts = 3
on = ["oom"]
halve_batch = {allowed}
backoff_s = 0.05
"""
STARTED = (
    "import engine.train.build, engine.train.loop, transformers.models.qwen2.modeling_qwen2;"
    "print(open('/proc/self/statm').read().split()[5])"
)
MORE = 930 * 2**20
"""Beyond what a trainer has once it is loaded: too little for a thousand rows, enough for half."""


@pytest.mark.skipif(not os.environ.get("SOAK"), reason="three starts of torch: `make soak` runs it")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("allowed", [True, False])
def test_a_full_memory_is_answered_with_half_the_micro_batch(
    allowed: bool, tmp_path: Path, home: Path
) -> None:
    miniature.base(tmp_path / "base")
    miniature.instructions(tmp_path / "rows.jsonl", 2000)
    text = PROFILE.format(allowed=str(allowed).lower())
    (tmp_path / "full.toml").write_text(text if allowed else text.replace('["oom"]', '["crash"]'))
    env = {**os.environ, "PYTHONPATH": os.getcwd(), "OMP_NUM_THREADS": "1"}
    said = subprocess.run([sys.executable, "-c", STARTED], env=env, capture_output=True, text=True)
    limit = int(said.stdout) * resource.getpagesize() + MORE
    ended = subprocess.run(
        [sys.executable, "-m", "engine.cli", "launch", "full.toml", "--wait"],
        env=env,
        cwd=tmp_path,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit)),
    )
    [journal] = (home / "logs").glob("*/keeper.jsonl")
    events = [json.loads(line) for line in journal.read_text().splitlines()]
    opened = [event for event in events if event["e"] == "attempt_opened"]
    if not allowed:
        assert ended.returncode == 1 and len(opened) == 1
        return
    assert ended.returncode == 0
    assert [event.get("change") for event in opened] == [
        None,
        "micro_batch 1000 → 500, grad_accum 1 → 2",
    ]
