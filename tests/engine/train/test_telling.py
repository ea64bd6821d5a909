"""What a run says of itself: every part of a step's time, the norm of each layer, and how its MFU is worked out."""

from __future__ import annotations

import math

import pytest
import torch

from engine.train.meter import formula, peak_flops
from engine.train.optim import layer_of
from tests.engine.train import miniature, trainer


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> trainer.Ended:
    folder = tmp_path_factory.mktemp("told")
    miniature.base(folder / "base")
    miniature.instructions(folder / "rows.jsonl")
    profile = miniature.profile(
        folder,
        train={"layer_norms": True, "max_steps": 6},
        eval={"every_steps": 2, "max_rows": 2},
        data={"valid": 0.1},
        save={"every_steps": 3},
    )
    ended = trainer.train(folder / "log", profile)
    assert ended.status == 0, ended.console
    return ended


def steps(ended: trainer.Ended) -> list[dict[str, float]]:
    return [row for row in ended.rows if "loss" in row]


def test_the_layers_norms_are_the_parts_of_the_whole(told: trainer.Ended) -> None:
    for row in steps(told):
        parts = {key: row[key] for key in row if key.startswith("grad_norm/")}
        assert set(parts) == {"grad_norm/layers.0", "grad_norm/layers.1"}
        assert math.hypot(*parts.values()) == pytest.approx(row["grad_norm"], rel=1e-5)
        # the control: one of them alone is not the whole
        assert max(parts.values()) != pytest.approx(row["grad_norm"], rel=1e-5)


def test_a_step_s_time_is_split(told: trainer.Ended) -> None:
    rows = steps(told)
    assert all(
        {"step_s", "data_s", "compute_s", "tokens_s", "memory_peak"} <= row.keys() for row in rows
    )
    assert all(
        row["compute_s"] + row["data_s"] == pytest.approx(row["step_s"], abs=1e-5) for row in rows
    )
    # what lies before a step is told with it; the first evaluation comes before the first step
    assert [row["step"] for row in rows if "eval_s" in row] == [1, 3, 5]
    assert [row["step"] for row in rows if "save_s" in row] == [4]


def test_the_formula_of_the_mfu_is_said(told: trainer.Ended) -> None:
    said = [event["text"] for event in told.events if event["e"] == "said"]
    assert any(text.startswith("no MFU: the dense peak of this cpu") for text in said)
    assert all("mfu" not in row for row in told.rows)


def test_the_formula_holds_the_devices_own_peak(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of the card is all that is made up."""
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "NVIDIA H100 80GB HBM3")
    card = torch.device("cuda")
    assert "/ (989 TFLOP/s dense x 4)" in formula(8.6e8, card, torch.bfloat16, 4)
    assert "0.86 GFLOP a token" in formula(8.6e8, card, torch.bfloat16, 4)
    assert peak_flops(card, torch.float32) is None


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("transformer.h.3.attn.c_attn.weight", "h.3"),
        ("model.layers.11.self_attn.q_proj.lora_A", "layers.11"),
        ("model.embed_tokens.weight", "embed_tokens"),
        ("lm_head.weight", "lm_head"),
    ],
)
def test_a_layer_is_called_by_its_block(name: str, layer: str) -> None:
    assert layer_of(name) == layer
