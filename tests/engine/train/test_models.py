"""What is computed is what the reference computes: transformers' GPT-2, PEFT's adapters, torch's cross entropy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from engine.profile.tables.model import Adapter, Model
from engine.train import adapters, lowrank, models
from engine.train.corpus import Document
from engine.train.errors import TrainError
from engine.train.feed import collate
from engine.train.job import read_job
from engine.train.loss import Head, token_loss
from engine.train.tensors import read_tensors, write_tensors
from tests.engine.train import miniature

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bases")
    for family in ("qwen2", "gpt2"):
        miniature.base(folder / family, family)
    return folder


def job(base: Path, **tables: Any) -> Any:
    table = {
        "name": "t",
        "recipe": "finetune",
        "model": {"base": str(base)},
        "data": {"train": ["rows"]},
        **tables,
    }
    return read_job(json.dumps(table).encode())


def scratch(**sizes: Any) -> Any:
    table = {"layers": 2, "heads": 2, "width": 32, "vocab": 128, **sizes}
    return read_job(
        json.dumps({"name": "t", "recipe": "pretrain", "model": {"from_scratch": table},
                    "data": {"train": ["rows"], "max_length": 32}}).encode()
    )  # fmt: skip


def documents(*lengths: int) -> list[Document]:
    source = np.random.default_rng(0)
    return [Document(source.integers(0, 120, n), np.ones(n, dtype=bool)) for n in lengths]


def net_of(family: str, bases: Path) -> models.Net:
    if family == "ours":
        return models.scratch(scratch(), 128, CPU)[0].eval()
    return models.pretrained(job(bases / family), CPU)[0].eval()


@pytest.mark.parametrize("family", ["ours", "gpt2", "qwen2"])
def test_packed_documents_do_not_see_each_other(family: str, bases: Path) -> None:
    net, rows = net_of(family, bases), documents(7, 12, 5)
    alone = sum(float(net(collate([[row]]))) for row in rows)
    together = float(net(collate([rows, [rows[0]]]))) - float(net(collate([[rows[0]]])))
    assert together == pytest.approx(alone, rel=1e-5)
    # the control: the same tokens as one document do see each other
    merged = Document(np.concatenate([row.ids for row in rows]), np.ones(24, dtype=bool))
    assert float(net(collate([[merged]]))) != pytest.approx(alone, rel=1e-3)


def test_padding_changes_nothing(bases: Path) -> None:
    net, rows = net_of("qwen2", bases), documents(7, 15)
    apart = sum(float(net(collate([[row]]))) for row in rows)
    assert float(net(collate([[row] for row in rows]))) == pytest.approx(apart, rel=1e-5)


def test_our_gpt_opens_in_transformers(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    net, card = models.scratch(scratch(), 128, CPU)
    write_tensors(tmp_path / card.weights, dict(net.model.named_parameters()))
    for name, content in card.files.items():
        (tmp_path / name).write_bytes(content)
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path).eval()
    ids = torch.randint(0, 128, (2, 16))
    with torch.no_grad():
        assert torch.allclose(theirs(ids).logits, net.eval().model(ids), atol=1e-5)


@pytest.mark.parametrize("family", ["gpt2", "qwen2"])
def test_the_loss_is_the_mean_over_all_targets(family: str, bases: Path) -> None:
    """GPT-2's loss in transformers' Trainer is scaled by (T-1)/T; ours is the mean of its T-1 targets."""
    net, row = net_of(family, bases), documents(16)[0]
    ids = torch.tensor(row.ids)[None]
    with torch.no_grad():
        logits = net.model(input_ids=ids).logits[0, :-1]
    assert float(net(collate([[row]]))) / 15 == pytest.approx(
        float(F.cross_entropy(logits, ids[0, 1:]))
    )


@pytest.mark.parametrize("head", [{}, {"scale": 0.5}, {"cap": 3.0}, {"bias": True, "cap": 2.0}])
def test_chunked_loss_is_cross_entropy(
    head: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.train.loss.CHUNK_ELEMENTS", {"cpu": 64 * 50})
    torch.manual_seed(0)
    hidden, weight = torch.randn(150, 16), torch.randn(50, 16)
    bias = torch.randn(50) if head.pop("bias", False) else None
    targets = torch.randint(0, 50, (150,))
    found, expected = [], []
    for out, chunked in ((found, True), (expected, False)):
        inputs = [t.clone().requires_grad_() for t in (hidden, weight, bias) if t is not None]
        h, w, b = (*inputs, None)[:3]
        if chunked:
            loss = token_loss(h, Head(w, b, **head), targets)
        else:
            logits = F.linear(h, w, b) * head.get("scale", 1.0)
            cap = head.get("cap")
            loss = F.cross_entropy(
                cap * torch.tanh(logits / cap) if cap else logits, targets, reduction="sum"
            )
        (loss / 7).backward()
        out += [loss.detach(), *(i.grad for i in inputs)]
    assert all(
        torch.allclose(a, b, rtol=1e-4, atol=1e-4) for a, b in zip(found, expected, strict=True)
    )


def trained_pair(family: str, kind: str, bases: Path, tmp_path: Path) -> tuple[Any, Any]:
    """Our adapted model with random factors, and PEFT's, opened from our files."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    settings = {"kind": kind, "rank": 4, "alpha": 8}
    net, card = models.pretrained(job(bases / family, adapter=settings), CPU)
    torch.manual_seed(3)
    with torch.no_grad():
        for _, p in net.learning():
            p.add_(torch.randn_like(p) * 0.2)
    adapters.refresh_norms(net.model)
    write_tensors(tmp_path / card.weights, {adapters.export_name(n): p for n, p in net.learning()})
    for name, content in card.files.items():
        (tmp_path / name).write_bytes(content)
    base = AutoModelForCausalLM.from_pretrained(bases / family)
    return net, PeftModel.from_pretrained(base, tmp_path, is_trainable=True)


@pytest.mark.parametrize("kind", ["lora", "dora"])
@pytest.mark.parametrize("family", ["gpt2", "qwen2"])
def test_adapters_are_pefts(family: str, kind: str, bases: Path, tmp_path: Path) -> None:
    net, peft = trained_pair(family, kind, bases, tmp_path)
    row = documents(20)[0]
    ids = torch.tensor(row.ids)[None]
    ours = net(collate([[row]])) / 19
    ours.backward()
    logits = peft(input_ids=ids).logits[0, :-1]
    theirs = F.cross_entropy(logits, ids[0, 1:])
    theirs.backward()
    assert float(ours) == pytest.approx(float(theirs), rel=1e-5)
    expected = {
        n.replace(".default", "").removesuffix(".weight"): p.grad
        for n, p in peft.named_parameters()
        if p.grad is not None
    }
    for name, p in net.learning():
        twin = expected[adapters.export_name(name).removesuffix(".weight")]
        assert torch.allclose(p.grad, twin, rtol=1e-3, atol=1e-5), name
    assert len(expected) == len(list(net.learning()))


@pytest.mark.parametrize("kind", [torch.nn.Linear, "conv"])
def test_norms_from_factors_are_the_norms(kind: Any) -> None:
    torch.manual_seed(0)
    if kind == "conv":
        from engine.train.gpt import Conv1D

        base: Any = Conv1D(24, 40, 0.5)
    else:
        base = kind(24, 40)
    layer = adapters.AdaptedLinear(base, Adapter(kind="dora", rank=4, alpha=8))
    with torch.no_grad():
        layer.lora_B.normal_()
    direct = (adapters.dense(base) + layer.scale * layer.lora_B @ layer.lora_A).norm(dim=1)
    assert not torch.allclose(layer.norm, direct, rtol=1e-3), "a stale norm must be told apart"
    layer.refresh_norm()
    assert torch.allclose(layer.norm, direct, rtol=1e-5)


@pytest.mark.parametrize("share", [0.0, 0.1])
@pytest.mark.parametrize("kind", ["lora", "dora"])
@pytest.mark.parametrize("base", ["linear", "no bias", "conv", "4-bit"])
def test_gradients_by_hand_are_autograds(
    base: str, kind: str, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    layer = adapters.AdaptedLinear(frozen(base), Adapter(kind=kind, rank=4, alpha=8, dropout=share))
    with torch.no_grad():
        layer.lora_B.normal_()
        if layer.magnitude is not None:
            layer.magnitude.mul_(1.3)
    layer.refresh_norm()
    assert lowrank.by_hand(torch.randn(2, 24), layer.lora_A)
    found = []
    for hand in (True, False):
        monkeypatch.setattr(adapters, "by_hand", lambda *given, hand=hand: hand)
        torch.manual_seed(5)
        x = torch.randn(3, 50, 24, requires_grad=True)
        out = layer(x)
        learning = [p for p in layer.parameters() if p.requires_grad]
        found.append([out, *torch.autograd.grad(out.square().sum(), [x, *learning])])
    assert len(found[0]) == (5 if kind == "dora" else 4)
    assert all(torch.allclose(a, b, rtol=1e-4, atol=1e-3) for a, b in zip(*found, strict=True))


def frozen(kind: str) -> torch.nn.Module:
    if kind == "conv":
        from engine.train.gpt import Conv1D

        return Conv1D(24, 40, 0.5)
    box = torch.nn.ModuleDict({"a": torch.nn.Linear(24, 40, bias=kind != "no bias")})
    if kind == "4-bit":
        from engine.train.quantize import quantize

        quantize(box, torch.nn.Linear(1, 1), CPU, torch.float32, Model())
    return box["a"]


def test_gpt2s_activation_is_one_operation_and_the_same(bases: Path) -> None:
    from transformers import AutoModelForCausalLM

    net, theirs = net_of("gpt2", bases), AutoModelForCausalLM.from_pretrained(bases / "gpt2").eval()
    assert any(isinstance(module, torch.nn.GELU) for module in net.modules())
    ids = torch.randint(0, 128, (2, 16))
    with torch.no_grad():
        assert torch.allclose(net.model(input_ids=ids).logits, theirs(ids).logits, atol=1e-6)


def test_nothing_to_learn_from_is_no_gradient() -> None:
    """A rank may be handed a row of padding alone."""
    weight = torch.randn(50, 16, requires_grad=True)
    hidden = torch.randn(0, 16, requires_grad=True)
    token_loss(hidden, Head(weight), torch.empty(0, dtype=torch.long)).backward()
    assert weight.grad is not None and not weight.grad.any()


def test_a_wrong_target_names_the_nearest(bases: Path) -> None:
    with pytest.raises(TrainError, match=r"'q_prj'.*nearest: q_proj"):
        models.pretrained(job(bases / "qwen2", adapter={"kind": "lora", "targets": ["q_prj"]}), CPU)


def test_the_head_is_no_target(bases: Path) -> None:
    net, _ = models.pretrained(job(bases / "qwen2", adapter={"kind": "lora"}), CPU)
    assert not any("lm_head" in name for name, _ in adapters.adapted(net.model))
    with pytest.raises(TrainError, match="head"):
        models.pretrained(
            job(bases / "qwen2", adapter={"kind": "lora", "targets": ["lm_head"]}), CPU
        )


def test_a_missing_base_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=r"no folder of that name in"):
        models.pretrained(job(tmp_path / "nowhere"), CPU)


def test_safetensors_round_trip(tmp_path: Path) -> None:
    tensors = {
        "a": torch.randn(3, 5), "b": torch.arange(7, dtype=torch.uint8),
        "c": torch.randn(4, 2).bfloat16().t(), "d": torch.tensor(2.5), "e": torch.zeros(0, 3),
    }  # fmt: skip
    write_tensors(tmp_path / "x.safetensors", tensors)
    found = read_tensors(tmp_path / "x.safetensors")
    assert found.keys() == tensors.keys()
    assert all(torch.equal(found[n], t) and found[n].dtype == t.dtype for n, t in tensors.items())


def test_dropout_drops_its_share_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    dropped = lowrank.drop(torch.ones(1_000_001), 0.05)
    assert float((dropped == 0).float().mean()) == pytest.approx(0.05, abs=0.001)
    assert float(dropped.mean()) == pytest.approx(1.0, abs=0.001)
    assert dropped.unique().numel() == 2
