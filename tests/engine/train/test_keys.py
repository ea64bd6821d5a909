"""Keys of a profile do what they say: each test would fail if its key were read and forgotten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.data.store import Store
from engine.train.errors import TrainError, located
from engine.train.feed import Feed, Plan
from engine.train.job import outside, read_job, smaller
from engine.train.judge import forbidden
from engine.train.optim import layer_norms
from engine.train.run import phase_steps
from engine.train.sources import _distinct
from engine.train.tensors import read_tensors
from engine.train.voice import Voice
from tests.engine.train import miniature, trainer
from tests.engine.train.test_exact import site
from tests.support.corpora import laid


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mini")
    miniature.base(folder / "base")
    miniature.instructions(folder / "rows.jsonl", 24)
    return folder


def job(**tables: Any) -> Any:
    plain = {"name": "t", "recipe": "finetune", "model": {"base": "b"}, "data": {"train": ["r"]}}
    return read_job(json.dumps({**plain, **tables}).encode())


def plan(count: int = 12, length: int = 10, **changes: Any) -> Plan:
    ids = [list(range(n % 5 + 3)) for n in range(count)]
    corpus = laid(ids, length, False)
    return Plan(
        corpus, **{"seed": 5, "phase": 0, "epochs": 2.0, "global_batch": 4, "micro": 4} | changes
    )


def test_a_run_tells_what_its_profile_asks_for(ground: Path, tmp_path: Path) -> None:
    """A file of held-out rows, rows at a pace, norms by layer, forbidden words, a phase's expected loss."""
    held = tmp_path / "held.jsonl"
    held.write_text("".join((ground / "rows.jsonl").read_text().splitlines(keepends=True)[:5]))
    words = tmp_path / "words.txt"
    words.write_text("zeppelin\n")
    profile = site(ground, tmp_path / "site", {
        "data": {"valid": str(held), "dedupe": "exact", "workers": 2},
        "log": {"every": 3},
        "train": {"max_steps": 7, "layer_norms": True},
        "phase": [{"id": "only", "expect": {"loss": [0.0, 0.1]}}],
        "eval": {"prompts": ["Long ago"], "forbidden": ["e", str(words)], "sample_tokens": 12},
    })  # fmt: skip
    ended = trainer.train(tmp_path / "log", profile)
    assert ended.status == 0, ended.console
    rows = [row for row in ended.rows if "eval_loss" not in row]
    assert [row["step"] for row in rows] == [3, 6, 7]
    assert [row["step"] for row in ended.rows if "eval_loss" in row] == [0, 7]
    norms = {k: v for k, v in rows[0].items() if k.startswith("grad_norm/")}
    assert norms.keys() == {"grad_norm/layers.0", "grad_norm/layers.1"}
    assert sum(n * n for n in norms.values()) ** 0.5 == pytest.approx(rows[0]["grad_norm"])
    assert "phase only ended with loss" in ended.console


def test_an_adapter_goes_on_from_another(ground: Path, tmp_path: Path) -> None:
    first = site(ground, tmp_path / "one", {"train": {"max_steps": 2}})
    assert trainer.train(tmp_path / "log1", first).status == 0
    made = tmp_path / "one" / "checkpoints" / "checkpoint-2"
    keep_still = {"learning_rate": 1e-12, "weight_decay": 0.0}
    second = site(ground, tmp_path / "two", {
        "adapter": {"path": str(made)}, "train": {"max_steps": 1}, "optim": keep_still,
    })  # fmt: skip
    ended = trainer.train(tmp_path / "log2", second)
    assert ended.status == 0 and f"starting from the adapter in {made}" in ended.console
    kept = read_tensors(
        tmp_path / "two" / "checkpoints" / "checkpoint-1" / "adapter_model.safetensors"
    )
    for name, tensor in read_tensors(made / "adapter_model.safetensors").items():
        assert torch.allclose(kept[name], tensor, atol=1e-6), name
        assert "lora_B" not in name or tensor.abs().sum() > 0, "a fresh adapter's B is zero"


@pytest.mark.parametrize(("quant", "double"), [("nf4", True), ("fp4", False)])
def test_four_bits_are_used_as_asked(quant: str, double: bool, ground: Path) -> None:
    from engine.train import models

    model = {"base": str(ground / "base"), "bits": 4, "quant": quant, "double_quant": double}
    wanted = job(model=model, adapter={"kind": "lora"})
    net, _ = models.pretrained(wanted, torch.device("cpu"))
    states = [s for p in net.model.parameters() if (s := getattr(p, "quant_state", None))]
    assert states and all(s.quant_type == quant and s.nested is double for s in states)


def test_an_evaluation_on_a_cpu_with_bf16_leaves_four_bits_as_they_were(
    ground: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """bitsandbytes packs weights anew there, for good, in the first pass without a gradient."""
    from bitsandbytes.nn import modules

    from engine.train import models

    monkeypatch.setattr(modules, "has_avx512bf16", lambda: True)
    wanted = job(model={"base": str(ground / "base"), "bits": 4}, adapter={"kind": "lora"})
    net, _ = models.pretrained(wanted, torch.device("cpu"))
    layers = [m for m in net.model.modules() if isinstance(m, modules.Linear4bit)]
    before = [layer.weight.detach().clone() for layer in layers]
    net.model.eval()
    with torch.no_grad():
        for layer in layers:
            layer(torch.ones(1, layer.in_features))
    assert layers and all(
        torch.equal(layer.weight, old) for layer, old in zip(layers, before, strict=True)
    )


def test_workers_build_the_same_steps_in_the_same_order() -> None:
    wanted = plan(40)
    told = []
    for workers in (1, 3):
        with Feed(wanted, 2, wanted.steps, False, workers) as steps:
            told.append([(s.index, s.micro[0].ids.tolist()) for s in steps])
    assert told[0] == told[1]
    assert [index for index, _ in told[0]] == list(range(2, wanted.steps))


def test_tokens_end_a_training_at_the_first_step_that_has_them() -> None:
    wanted = plan(12)
    held = [wanted.tokens(index) for index in range(wanted.steps)]
    for tokens in (1, held[0], held[0] + 1, sum(held), sum(held) + 1):
        steps = wanted.steps_for(tokens)
        assert (
            sum(wanted.tokens(i) for i in range(steps - 1))
            < tokens
            <= sum(wanted.tokens(i) for i in range(steps))
        )
    limit = {"tokens": held[0] + held[1]}
    assert phase_steps(job(train=limit), [wanted]) == [2]
    phases = [{"id": "A", "max_steps": 1}, {"id": "B"}, {"id": "C"}]
    assert phase_steps(job(train=limit, phase=phases), [wanted] * 3) == [1, 1, 0]
    assert phase_steps(job(train={"max_steps": 4}, phase=phases), [wanted] * 3) == [1, 3, 0]


def test_equal_rows_are_left_out_once_asked() -> None:
    tokens = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, 3, 1])
    learned = np.array([0, 1, 1, 0, 1, 1, 0, 0, 1, 0, 1], dtype=np.bool_)
    store = Store(Path(), {}, tokens, np.array([3, 6, 9, 11]), learned, None)
    assert _distinct(store, Voice(False)).tolist() == [0, 2, 3], "what is learned is a part of it"


def test_a_phases_expectations_are_judged() -> None:
    asked = {"loss": (0.5, 0.7), "eval_loss": (0.0, 1.0), "unknown": (0.0, 1.0)}
    assert outside(asked, {"loss": 0.6, "eval_loss": 0.9}) == []
    [words] = outside(asked, {"loss": 0.71, "eval_loss": 1.0})
    assert words == "loss 0.71, expected 0.5 to 0.7"
    assert outside(asked, {"loss": float("nan")})


def test_forbidden_words_are_whole_words(tmp_path: Path) -> None:
    listed = tmp_path / "modern.txt"
    listed.write_text("email\n\nthe internet\n")
    assert forbidden(("car", str(listed)), "A CAR and the  internet") == ["car"]
    assert forbidden(("car", str(listed)), "a cart, an Email, the internet") == [
        "email",
        "the internet",
    ]


def test_norms_are_added_up_by_block() -> None:
    params = {name: torch.nn.Parameter(torch.zeros(4)) for name in
              ("wte.weight", "h.0.attn.weight", "h.0.mlp.weight", "h.11.mlp.weight")}  # fmt: skip
    for p in params.values():
        p.grad = torch.ones(4)
    norms = {layer: float(norm) for layer, norm in layer_norms(params.items()).items()}
    assert norms == pytest.approx({"wte": 2.0, "h.0": 8**0.5, "h.11": 2.0})


def test_smaller_micro_batches_keep_the_batch() -> None:
    whole = job(train={"micro_batch": 6, "grad_accum": 2})
    assert (smaller(whole, 4).train.micro_batch, smaller(whole, 4).train.grad_accum) == (4, 3)
    with pytest.raises(TrainError, match="does not divide the 12 rows"):
        smaller(whole, 5)
    assert [plan(micro=m, global_batch=10).smaller().micro for m in (10, 5, 4, 1)] == [5, 2, 2, 1]


@pytest.mark.parametrize("name", ["gs://bucket/model", "s3://bucket/model"])
def test_what_the_trainer_does_not_fetch_it_says(name: str) -> None:
    with pytest.raises(TrainError, match=r"fetches nothing from .*://"):
        located(name, "model.base")
    assert located("hf:org/name", "model.base") == "org/name"
