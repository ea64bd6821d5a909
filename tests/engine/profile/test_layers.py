"""One profile on top of another: what is merged, what is replaced, and where a fault is then said to be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.profile import Profile, ProfileError, load
from engine.profile.files import CHAIN

BASE = """
name = "base"
recipe = "finetune"
tags = ["a", "b"]
[model]
base = "hf:org/model"
[data]
train = "rows.jsonl"
buckets = "buckets"
[optim]
learning_rate = 1e-4
weight_decay = 0.5
[command.env]
A = "1"
B = "2"
[[phase]]
id = "A"
mix = {easy = 1, hard = 2}
epochs = 1
[[phase]]
id = "B"
rows = 10
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "base.toml").write_text(BASE)
    return tmp_path / "profiles"


def over(folder: Path, text: str) -> Profile:
    (folder / "top.toml").write_text('extends = "base"\n' + text)
    return load("top")


def told(source: str | Path) -> str:
    with pytest.raises(ProfileError) as caught:
        load(source)
    return str(caught.value)


def test_tables_are_merged_and_values_replaced(folder: Path) -> None:
    top = over(
        folder, 'tags = ["c"]\n[optim]\nlearning_rate = 2e-4\n[command.env]\nB = "3"\nC = "4"'
    )
    assert (top.optim.learning_rate, top.optim.weight_decay) == (2e-4, 0.5)
    assert dict(top.command.env) == {"A": "1", "B": "3", "C": "4"}
    assert top.tags == ("c",)


def test_phases_are_merged_by_id_and_new_ones_come_last(folder: Path) -> None:
    top = over(folder, '[[phase]]\nid = "C"\n[[phase]]\nid = "A"\nepochs = 3')
    assert [phase.id for phase in top.phase] == ["A", "B", "C"]
    assert (top.phase[0].epochs, dict(top.phase[0].mix)) == (3, {"easy": 1, "hard": 2})


def test_a_mix_is_replaced_as_a_whole(folder: Path) -> None:
    assert dict(over(folder, '[[phase]]\nid = "A"\nmix = {easy = 5}').phase[0].mix) == {"easy": 5}


def test_an_empty_list_takes_all_phases_away(folder: Path) -> None:
    assert over(folder, "phase = []").phase == ()


def test_a_name_is_not_inherited(folder: Path) -> None:
    assert over(folder, "").name == "top"
    assert over(folder, "name = 'mine'").name == "mine"


def test_a_path_is_relative_to_the_file_that_names_it(folder: Path) -> None:
    (folder / "deep").mkdir()
    (folder / "deep" / "low.toml").write_text('extends = "../base.toml"\n[train]\nseed = 7')
    (folder / "top.toml").write_text('extends = "deep/low.toml"')
    assert (load("top").train.seed, load("top").tags) == (7, ("a", "b"))


def test_a_name_is_looked_for_beside_the_file_first_then_in_the_search_path(folder: Path) -> None:
    other = folder.parent / "other"
    other.mkdir()
    (other / "base.toml").write_text(BASE.replace("0.5", "0.25"))
    (other / "top.toml").write_text('extends = "base"')
    (folder / "only.toml").write_text('extends = "base"\n[train]\nseed = 1')
    (other / "far.toml").write_text('extends = "only"')
    assert load("top", search=[other, folder]).optim.weight_decay == 0.25
    assert load(other / "far.toml", search=[folder]).optim.weight_decay == 0.5
    assert load("base", search=[folder, other]).optim.weight_decay == 0.5


def test_a_fault_is_placed_in_the_file_that_wrote_it(folder: Path) -> None:
    (folder / "base.toml").write_text(BASE + "[train]\nseed = 'x'\nmicro_batch = 0\n")
    (folder / "top.toml").write_text('extends = "base"\n[train]\nmicro_batch = -1')
    assert told("top").splitlines() == [
        'profiles/base.toml:24: train.seed: must be a whole number, not "x"',
        "profiles/top.toml:3: train.micro_batch: must be at least 1, not -1",
    ]


def test_a_fault_in_a_merged_phase_is_placed_by_its_name(folder: Path) -> None:
    (folder / "top.toml").write_text('extends = "base"\n[[phase]]\nid = "B"\nepochs = 0')
    assert told("top") == "profiles/top.toml:4: phase.B.epochs: must be more than 0, not 0"


def test_what_a_higher_file_puts_right_is_no_fault(folder: Path) -> None:
    (folder / "base.toml").write_text(BASE + "[train]\nseed = 'x'\n")
    assert over(folder, "[train]\nseed = 1").train.seed == 1


def test_a_missing_base_says_where_it_was_looked_for(folder: Path) -> None:
    (folder / "top.toml").write_text('\nextends = "bse"')
    assert told("top") == (
        'profiles/top.toml:2: no profile "bse"; did you mean "base"? looked in profiles'
    )
    (folder / "top.toml").write_text('extends = "no/such.toml"')
    assert told("top") == "profiles/top.toml:1: no file profiles/no/such.toml"


def test_a_missing_profile_says_where_it_was_looked_for(folder: Path) -> None:
    assert told("zzz") == 'profile: no profile "zzz"; looked in profiles'
    assert told("zzz.toml") == "profile: no file zzz.toml"
    assert told(folder) == f"profile: {folder} is not a file"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_what_never_ends_is_not_read(folder: Path) -> None:
    os.mkfifo(folder / "pipe.toml")
    assert told("pipe").endswith("is not a file")
    assert told("/dev/zero").endswith("is not a file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_told(folder: Path) -> None:
    (folder / "base.toml").chmod(0)
    assert told("base") == "profile: cannot read profiles/base.toml: Permission denied"


def test_a_circle_is_refused(folder: Path) -> None:
    (folder / "base.toml").write_text('recipe = "command"\nextends = "top"')
    (folder / "top.toml").write_text('extends = "base"')
    assert told("top") == (
        "profiles/base.toml:2: extends: goes round in a circle at profiles/top.toml"
    )
    (folder / "self.toml").write_text('extends = "self"')
    assert "circle" in told("self")


def test_a_long_chain_is_refused_and_a_shorter_one_is_not(folder: Path) -> None:
    for number in range(CHAIN):
        (folder / f"c{number}.toml").write_text(f'extends = "c{number + 1}"')
    (folder / f"c{CHAIN - 1}.toml").write_text(BASE)
    assert load("c0").tags == ("a", "b")
    (folder / f"c{CHAIN - 1}.toml").write_text('extends = "base"')
    assert told("c0") == (
        f"profiles/c{CHAIN - 1}.toml:1: extends: goes through more than {CHAIN} files"
    )


@pytest.mark.parametrize("value", ["5", '""', '["base"]', '"a\\u0000b"'])
def test_extends_that_names_nothing_is_refused(value: str, folder: Path) -> None:
    (folder / "top.toml").write_text(f"extends = {value}")
    assert told("top") == "profiles/top.toml:1: extends: must be the name or the path of a profile"
