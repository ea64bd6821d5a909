"""A checkpoint made to write, merged and converted: real models of a few thousand weights."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from engine import evaluating, probing
from engine.checkpoints import Checkpoint
from engine.errors import Unusable
from engine.profile.tables.training import Eval
from tests.engine.train import miniature
from tests.support import foreign, shelves
from tests.support import stories as s
from tests.support.cli import Engine, caller

# The process that generates is as nice as can be: on a busy machine it waits for everybody.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def engine(capsys: pytest.CaptureFixture[str]) -> Engine:
    return caller(capsys)


def test_an_adapter_merged_into_its_base_says_the_same(tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    base, out, merged = (tmp_path / name for name in ("base", "adapter", "merged"))
    miniature.base(base, "gpt2")
    auto: Any = AutoModelForCausalLM
    wanted = LoraConfig(r=4, target_modules=["c_attn"], fan_in_fan_out=True)
    model = get_peft_model(auto.from_pretrained(base), wanted)
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.data.normal_(std=0.3)
    model.save_pretrained(out)
    made = evaluating.make("merge", str(out), str(base), merged)
    assert made["to"] == str(merged) and (merged / "tokenizer.json").is_file()
    ids = torch.arange(12).unsqueeze(0)
    said, other = (auto.from_pretrained(folder).eval()(ids).logits for folder in (merged, base))
    adapted = model.eval()(ids).logits
    assert (said - adapted).abs().max() < 1e-4 < (other - adapted).abs().max()
    with pytest.raises(Unusable, match="is there already"):
        evaluating.make("merge", str(out), None, merged)


def test_a_dict_of_a_script_becomes_safetensors_and_facts(tmp_path: Path) -> None:
    weights = {"_orig_mod.wte.weight": torch.ones(3, 2), "_orig_mod.head.weight": torch.zeros(2)}
    state = {"model": weights, "iter_num": 60, "config": {"n_layer": 2}}
    torch.save(state, tmp_path / "ckpt.pt")
    evaluating.make("convert", str(tmp_path / "ckpt.pt"), None, tmp_path / "out")
    found = load_file(tmp_path / "out" / "model.safetensors")
    assert sorted(found) == ["head.weight", "wte.weight"] and found["wte.weight"].sum() == 6
    facts = json.loads((tmp_path / "out" / "facts.json").read_text())
    assert facts == {"iter_num": 60, "config": {"n_layer": 2}}


def test_a_file_that_would_run_something_is_refused(tmp_path: Path) -> None:
    torch.save({"model": os.getcwd}, tmp_path / "ckpt.pt")
    with pytest.raises(Unusable, match="without running it"):
        evaluating.make("convert", str(tmp_path / "ckpt.pt"), None, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_probes_side_by_side_are_scored_kept_and_marked(
    engine: Engine, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    for step in (10, 20):
        path = foreign.transformers(project / "out" / f"checkpoint-{step}", step)
        (path / "model.safetensors").unlink()
        miniature.base(path, "gpt2")
    wanted = shelves.of("out/checkpoint-*", eval={"sample_tokens": 8, "temperature": 0.0})
    run = shelves.run(home / "logs", project, wanted, s.rows([1.0]), s.exited(0), s.closed())
    shelves.committed(run, wanted)
    words = (
        "--from",
        "10",
        "--from",
        "20",
        "--prompt",
        "Once",
        "--forbid",
        "email",
        "--device",
        "cpu",
    )
    found = engine("probe", "@", *words, "--json").valid("probe")
    assert [one["step"] for one in found] == [10, 20]
    assert found[0]["text"] == found[1]["text"] and found[0]["device"] == "cpu"
    answer = engine("probe", "@", "--mark", found[0]["id"], "good", "--json")
    assert answer.valid("probe")[0]["mark"] == "good"
    kept = engine("probe", "@", "--list", "--json").valid("probe")
    assert [one["mark"] for one in kept] == ["good", None]
    assert engine("probe", "@", "--mark", "none", "good").status == 4


def saved(step: int, flaw: str | None = None) -> Checkpoint:
    return Checkpoint(f"c-{step}", f"/c-{step}", step, None, None, None, flaw=flaw)


def test_the_schedule_takes_the_first_save_at_or_after_each_of_its_steps() -> None:
    known = [saved(step) for step in range(500, 20_001, 500)]
    settings = Eval(schedule=((25.0, 1000.0), (50.0, 2000.0), (75.0, 3000.0), (90.0, 5000.0)))
    steps = [one.step for one in probing.due(settings, 20_000, known, set())]
    assert steps == [1000, 2000, 3000, 4000, 5000, 7000, 9000, 13000, 20000]
    quarters = [one.step for one in probing.due(Eval(), 20_000, known, {"/c-5000"})]
    assert quarters == [10_000, 15_000, 18_000, 20_000]
    assert probing.due(Eval(), 20_000, [saved(5000, flaw="torn")], set()) == []
