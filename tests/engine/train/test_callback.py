"""A script of somebody else, with our callback in its Trainer, tells what the cockpit reads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.engine.train import miniature, trainer

SCRIPT = """
import sys, torch
from transformers import AutoModelForCausalLM, Trainer, TrainingArguments
from engine.train.callback import CockpitCallback

data = [{"input_ids": row, "labels": row} for row in torch.randint(0, 300, (8, 16))]
held = Trainer(
    AutoModelForCausalLM.from_pretrained(sys.argv[1]),
    TrainingArguments(output_dir=sys.argv[2], max_steps=4, save_steps=2, logging_steps=1,
                      per_device_train_batch_size=2, use_cpu=True, report_to=[], disable_tqdm=True),
    train_dataset=data, callbacks=[CockpitCallback()],
)
held.train()
print("LAST", held.state.log_history[-2]["loss"])
"""


def test_a_transformers_trainer_tells_rows_and_events(tmp_path: Path) -> None:
    base = miniature.base(tmp_path / "base")
    env = {**os.environ, "COCKPIT_EVENTS": str(tmp_path / "events.jsonl"), "HF_HUB_OFFLINE": "1",
           "PYTHONPATH": os.getcwd()}  # fmt: skip
    argv = [sys.executable, "-c", SCRIPT, str(base), str(tmp_path / "out")]
    done = subprocess.run(argv, capture_output=True, text=True, env=env, check=True)
    rows, events = trainer.read(tmp_path / "events.jsonl")
    assert [row["step"] for row in rows] == [1, 2, 3, 4]
    assert {"loss", "learning_rate", "grad_norm", "epoch"} <= rows[0].keys()
    assert rows[-1]["loss"] == float(done.stdout.split("LAST ")[1])
    assert [e["e"] for e in events] == ["planned", "saved", "saved", "finished"]
    assert all(Path(e["path"]).is_dir() for e in events if e["e"] == "saved")
    assert events[0]["total"] == 4


README = Path(__file__).parents[3] / "engine" / "train" / "README.md"


def documented() -> str:
    """The three lines for Lightning, as the README has them."""
    return README.read_text("utf-8").split("```python\n")[1].split("```")[0]


def test_the_lines_for_lightning_and_plain_loops_tell_what_they_say(tmp_path: Path) -> None:
    """Run as written, in a process of its own, on the only two things that Lightning hands them."""
    script = documented() + (
        "\nfrom types import SimpleNamespace as N\n"
        "import torch\n"
        "for step in (1, 2):\n"
        "    module = N(trainer=N(global_step=step))\n"
        "    on_train_batch_end(module, {'loss': torch.tensor(0.5 / step)}, None, 0)\n"
        "emit(step=3, loss=float('nan'))\n"
    )
    told = tmp_path / "events.jsonl"
    env = {**os.environ, "COCKPIT_EVENTS": str(told), "PYTHONPATH": os.getcwd()}
    subprocess.run([sys.executable, "-c", script], env=env, check=True)
    rows, _ = trainer.read(told)
    assert [(row["step"], row["loss"]) for row in rows] == [(1, 0.5), (2, 0.25), (3, "nan")]
