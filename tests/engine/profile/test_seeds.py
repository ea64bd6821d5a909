"""Everything that five real projects ask for can be said in a profile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.profile import Profile, from_json, load, parse_limit, parse_tier, plain
from engine.profile.document import FOLDER as PROFILES

FOLDER = Path(__file__).parent / "seeds"
TRAINED = ("elson", "london", "london-medium", "cli-tuner")
"""By our own loop: these stand in `profiles/`."""
NAMES = sorted({*TRAINED, *(file.stem for file in FOLDER.glob("*.toml"))})
SEARCH = [FOLDER, PROFILES]
MINIATURES = Path(__file__).parents[2] / "soak" / "miniatures"
SIZES = {
    *("name", "model.base", "adapter.rank", "adapter.alpha", "data.train", "data.valid", "data.max_length"),
    *(f"phase.{phase}.data" for phase in "ABC"),
    *(f"model.from_scratch.{key}" for key in ("layers", "heads", "width", "vocab", "tokenizer")),
    *("train.micro_batch", "train.grad_accum", "train.max_steps", "train.threads", "schedule.warmup_steps"),
    *("save.every_steps", "eval.every_steps", "eval.max_rows", "eval.sample_tokens", "log.every"),
}  # fmt: skip


def seed(name: str, *sets: str) -> Profile:
    return load(name, sets, SEARCH)


def leaves(table: Any, path: str = "") -> dict[str, Any]:
    """Every value of a frozen profile by its dotted key; phases by their id."""
    if isinstance(table, list) and table and isinstance(table[0], dict):
        table = {row.get("id", row.get("name")): row for row in table}
    if not isinstance(table, dict):
        return {path: table}
    found: dict[str, Any] = {}
    for key, value in table.items():
        found |= leaves(value, f"{path}.{key}".lstrip("."))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_it_is_accepted_and_comes_back_from_its_bytes(name: str) -> None:
    made = seed(name)
    assert made.name == name and from_json(made.canonical()) == made


def test_all_five_are_there() -> None:
    assert {"elson", "london", "cli-tuner", "moola"} <= set(NAMES)
    assert {"elson-script", "london-script", "cli-tuner-axolotl"} <= set(NAMES)


def test_a_curriculum_keeps_its_phases_mixes_and_rates() -> None:
    made = seed("elson")
    assert [(p.id, p.parent, p.epochs, p.learning_rate) for p in made.phase] == [
        ("A", None, 2, 2e-4),
        ("B", "A", 2, 2e-4),
        ("C", "B", 2, 1e-4),
    ]
    assert dict(made.phase[0].mix) == {"easy": 35, "medium": 35, "hard": 25, "extremely_complex": 5}
    assert dict(made.phase[2].expect) == {"loss": (0.3, 0.5)}
    assert (made.adapter.kind, made.adapter.rank, made.adapter.alpha) == ("dora", 128, 256)
    assert [step.method for step in made.lineage] == ["slerp", "ties", "dare"]


@pytest.mark.parametrize("name", ["elson", "london", "cli-tuner"])
def test_a_miniature_differs_only_in_sizes(name: str) -> None:
    mini, true = leaves(plain(load(MINIATURES / f"{name}.toml"))), leaves(plain(seed(name)))
    changed = {key for key in mini.keys() | true.keys() if mini.get(key) != true.get(key)}
    assert changed <= SIZES
    assert {"name", "data.max_length"} <= changed, "the comparison sees differences"


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("elson", {"optim.weight_decay": 0.01, "optim.max_grad_norm": 0.3, "schedule.warmup_ratio": 0.03,
                   "schedule.kind": "cosine", "train.precision": "bf16", "train.gradient_checkpointing": True,
                   "data.max_length": 2048, "data.packing": True, "adapter.dropout": 0.05, "optim.name": "adamw",
                   "train.micro_batch": 4, "train.grad_accum": 16}),
        ("london", {"model.from_scratch.layers": 12, "model.from_scratch.width": 768, "train.devices": 2,
                    "model.from_scratch.vocab": 30000, "data.max_length": 512, "train.micro_batch": 18,
                    "train.max_steps": 60000, "optim.learning_rate": 3e-4, "save.every_steps": 500, "save.keep": 5}),
        ("london-medium", {"model.from_scratch.layers": 24, "model.from_scratch.width": 1024, "save.every_steps": 250,
                           "data.max_length": 1024, "train.micro_batch": 2, "train.grad_accum": 4,
                           "optim.learning_rate": 3e-5, "train.devices": 2}),
        ("cli-tuner", {"model.bits": 4, "model.double_quant": True, "adapter.rank": 8, "adapter.alpha": 16,
                       "adapter.dropout": 0.05, "optim.name": "adamw8bit", "optim.learning_rate": 2e-4,
                       "optim.weight_decay": 0.0, "schedule.warmup_steps": 50, "train.max_steps": 500,
                       "train.micro_batch": 1, "train.grad_accum": 4, "data.max_length": 512, "data.packing": False,
                       "save.every_steps": 100, "save.keep": 3, "eval.every_steps": 50, "log.every": 10}),
    ],
)  # fmt: skip
def test_the_guides_settings_stand_in_the_profiles(name: str, wanted: dict[str, Any]) -> None:
    made = leaves(plain(seed(name)))
    assert {key: made.get(key) for key in wanted} == wanted


def test_bands_gates_and_tiers_keep_their_order() -> None:
    bands = seed("london").expect["loss"].bands
    assert bands == ((0, 2000, 8, 14), (2000, 20000, 4, 8), (20000, 60000, 2, 4))
    tiers = seed("moola").gates.tiers
    assert [tier.name for tier in tiers] == ["minimum", "strong", "exceptional"]
    assert [c.which for c in parse_tier(tiers[1].require)] == ["drop", "best", "last"]
    assert from_json(seed("moola").canonical()).gates.tiers == tiers


def test_a_gate_and_a_tier_are_read_as_values() -> None:
    drop, f1 = parse_tier("drop(val_loss) >= 20% and best(f1)>0")
    assert (drop.metric, drop.which, drop.sign, drop.value, drop.percent) == (
        *("val_loss", "drop", ">=", 20.0, True),
    )
    assert (f1.metric, f1.which, f1.sign, f1.value, f1.percent) == ("f1", "best", ">", 0.0, False)
    gate = parse_limit("eval_loss", "< 2e0")
    assert (gate.metric, gate.which, gate.sign, gate.value) == ("eval_loss", "last", "<", 2.0)


@pytest.mark.parametrize(
    "text", ["", "f1", "f1 >", "f1 = 1", "> 1", "f1 > 1 or f2 > 1", "f1 > 1 and"]
)
def test_what_is_no_comparison_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_tier(text)


def test_a_single_key_can_be_changed_on_the_command_line() -> None:
    made = seed(
        "elson", "phase.C.learning_rate=5e-5", "phase.A.mix={easy = 1}", "train.max_steps=60"
    )
    assert made.phase[2].learning_rate == 5e-5 and dict(made.phase[0].mix) == {"easy": 1}
    assert made.digest != seed("elson").digest
