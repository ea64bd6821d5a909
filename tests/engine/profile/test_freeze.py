"""A frozen profile comes back from its bytes as it was, and its digest depends on nothing but what it asks for."""

from __future__ import annotations

import dataclasses
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.profile import Profile, ProfileError, filled, from_json, from_table, load, plain
from tests.engine.profile.generated import tables

CORE = {"name": "p", "recipe": "command", "command": {"argv": ["true"]}}
slowly = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)


def shuffled(value: Any, backwards: bool) -> Any:
    """The same table with its names in another order."""
    if isinstance(value, dict):
        return {name: shuffled(value[name], backwards) for name in sorted(value, reverse=backwards)}
    return value


@slowly
@given(tables())
def test_a_profile_comes_back_from_its_bytes(table: dict[str, Any]) -> None:
    made = from_table(table | CORE)
    again = from_json(made.canonical())
    assert again == made and again.digest == made.digest
    assert from_table(plain(made)) == made


@slowly
@given(tables())
def test_the_order_of_names_does_not_matter(table: dict[str, Any]) -> None:
    made = from_table(table | CORE)
    other = from_table(shuffled(table, backwards=True) | CORE)
    assert from_table(shuffled(table, backwards=False) | CORE).digest == other.digest == made.digest


def test_files_comments_and_the_way_of_writing_do_not_matter(tmp_path: Path) -> None:
    one, two = tmp_path / "one.toml", tmp_path / "two.toml"
    one.write_text(
        'name = "p"\nrecipe = "command"\n[command]\nargv = ["true"]\n[limits]\nhours = 2\n'
    )
    (tmp_path / "base.toml").write_text('recipe = "command"\n[limits]\nhours = 2.0\n')
    two.write_text("extends = 'base' # all\ncommand.argv = [\n 'true' ]\nname = 'p'\ntags = []\n")
    assert load(one).digest == load(two).digest == load(one, ["limits.hours=2"]).digest


def test_a_zero_has_no_sign_and_a_whole_number_is_a_number() -> None:
    digests = {
        from_table({**CORE, "train": {}, "optim": {"weight_decay": z}}).digest
        for z in (0, 0.0, -0.0)
    }
    assert len(digests) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"name": "q"},
        {"command": {"argv": ["true", ""]}},
        {"train": {"seed": 43}},
        {"phase": [{"id": "B"}, {"id": "A"}]},
        {"gates": {"loss": "< 1"}},
        {"recover": {"on": []}},
    ],
)
def test_whatever_asks_for_something_else_has_another_digest(change: dict[str, Any]) -> None:
    before = {"phase": [{"id": "A"}, {"id": "B"}]}
    assert from_table({**CORE, **before}).digest != from_table({**CORE, **before, **change}).digest


def test_the_bytes_are_sorted_and_hold_every_default_and_no_absent_key() -> None:
    made = from_table(CORE)
    table = json.loads(made.canonical())
    assert made.canonical() == json.dumps(table, sort_keys=True, separators=(",", ":")).encode()
    assert table["train"]["seed"] == 42 and table["recover"]["on"] == ["crash", "lost", "preempted"]
    assert "max_steps" not in table["train"] and "phase" not in table and "secrets" not in table


def test_an_empty_list_where_the_default_is_not_comes_back_empty() -> None:
    assert from_json(from_table({**CORE, "recover": {"on": []}}).canonical()).recover.on == ()


def test_keys_of_a_newer_version_are_left_out_and_wrong_values_are_not() -> None:
    table = json.loads(from_table(CORE).canonical())
    newer = {**table, "novel": 1, "train": {**table["train"], "novel": {}}}
    assert from_json(json.dumps(newer).encode()) == from_table(CORE)
    table["train"]["seed"] = "x"
    with pytest.raises(ProfileError, match=r"profile\.json: train\.seed: must be a whole number"):
        from_json(json.dumps(table).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b'{"a": NaN}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b" " * 2_000_000,
    ],
)
def test_what_is_no_frozen_profile_is_refused(data: bytes) -> None:
    with pytest.raises(ProfileError, match=r"profile\.json: is not a frozen profile"):
        from_json(data)


def test_a_profile_cannot_be_changed() -> None:
    made = from_table({**CORE, "command": {"argv": ["true"], "env": {"A": "1"}}})
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.train.seed = 1  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del made.train.seed
    with pytest.raises(TypeError):
        made.command.env["A"] = "2"  # type: ignore[index]


def test_tables_behave_as_dataclasses_do() -> None:
    train = from_table(CORE).train
    assert dataclasses.replace(train, seed=1).seed == 1 and train.seed == 42
    assert train == from_table(CORE).train and train != dataclasses.replace(train, seed=1)
    assert hash(train) == hash(from_table(CORE).train) and "seed=42" in repr(train)
    assert pickle.loads(pickle.dumps(train)) == train
    with pytest.raises(TypeError, match="Train has no sede"):
        dataclasses.replace(train, sede=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="Profile needs name"):
        Profile(recipe="command")


def test_a_run_fills_in_its_id_where_it_writes_and_nowhere_else() -> None:
    table: dict[str, Any] = {
        **CORE,
        "goal": "{run}",
        "command": {"argv": ["a", "{run}/x"], "env": {"OUT": "{run}"}, "resume": ["{path}"]},
        "checkpoints": {"glob": "{run}/*"},
        "artifacts": {"expect": "{run}/a"},
        "post": [{"name": "p", "argv": ["{run}", "{best}"]}],
    }
    made = filled(from_table(table), "r-1")
    assert made.command.argv == ("a", "r-1/x") and dict(made.command.env) == {"OUT": "r-1"}
    assert made.checkpoints.glob == ("r-1/*",) and made.artifacts.expect == ("r-1/a",)
    assert made.post[0].argv == ("r-1", "{best}") and made.command.resume == ("{path}",)
    assert made.goal == "{run}" and from_table(table).command.argv[1] == "{run}/x"


@given(st.binary(max_size=200))
def test_no_bytes_surprise_the_reader(data: bytes) -> None:
    with pytest.raises(ProfileError):
        from_json(data)
