"""Everything that five real projects ask for can be said in a profile."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.profile import Profile, from_json, load, parse_limit, parse_tier

FOLDER = Path(__file__).parent / "seeds"
NAMES = sorted(file.stem for file in FOLDER.glob("*.toml"))


def seed(name: str, *sets: str) -> Profile:
    return load(name, sets, [FOLDER])


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


def test_a_miniature_differs_only_in_sizes(tmp_path: Path) -> None:
    text = 'extends = "elson"\n[model]\nbase = "tiny"\n[adapter]\nrank = 4\n[[phase]]\nid = "A"\nquota = 5\n'
    (tmp_path / "mini.toml").write_text(text)
    mini, true = load(tmp_path / "mini.toml", search=[FOLDER]), seed("elson")
    assert (mini.phase[0].quota, mini.adapter.rank) == (5, 4)
    assert (mini.phase[1:], mini.optim, mini.adapter.kind) == (true.phase[1:], true.optim, "dora")
    assert mini.phase[0].mix == true.phase[0].mix and mini.name == "mini"


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
