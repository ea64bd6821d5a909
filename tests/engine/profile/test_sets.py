"""`--set a.b=c` lies over every file; its faults name the words as they were given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.profile import Profile, ProfileError, load

TEXT = """
recipe = "finetune"
model.base = "m"
data.train = "d"
data.buckets = "b"
[[phase]]
id = "A"
mix = {easy = 1, hard = 1}
[[phase]]
id = "B"
[command.env]
KEPT = "1"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "p.toml").write_text(TEXT)
    return tmp_path / "p.toml"


def told(file: Path, *sets: str) -> list[str]:
    with pytest.raises(ProfileError) as caught:
        load(file, sets)
    return str(caught.value).splitlines()


def value(profile: Profile, path: str) -> Any:
    found: Any = profile
    for part in path.split("."):
        found = getattr(found, part)
    return found


@pytest.mark.parametrize(
    ("text", "path", "wanted"),
    [
        ("train.max_steps=60", "train.max_steps", 60),
        ("train.max_steps = 60", "train.max_steps", 60),
        ("optim.learning_rate=3e-4", "optim.learning_rate", 3e-4),
        ("train.epochs=2", "train.epochs", 2.0),
        ("train.gradient_checkpointing=true", "train.gradient_checkpointing", True),
        ("train.compile=true", "train.compile", True),
        ("train.compile=auto", "train.compile", "auto"),
        ("model.base=hf:org/name", "model.base", "hf:org/name"),
        ('model.base="quoted"', "model.base", "quoted"),
        ("model.revision=1e5", "model.revision", "1e5"),
        ("model.revision=2024-01-01", "model.revision", "2024-01-01"),
        ("goal=a = b, c", "goal", "a = b, c"),
        ("goal=", "goal", ""),
        ("goal=1\nname = 'x'", "goal", "1\nname = 'x'"),
        ("tags=one", "tags", ("one",)),
        ('tags=["one", "two"]', "tags", ("one", "two")),
        ("data.valid=0.1", "data.valid", 0.1),
        ("data.valid=v.jsonl", "data.valid", "v.jsonl"),
        ("recover.backoff=3", "recover.backoff_s", 3.0),
        ("name=other", "name", "other"),
        ("name=2024", "name", "2024"),
    ],
)
def test_a_value_is_toml_or_else_text(file: Path, text: str, path: str, wanted: Any) -> None:
    assert value(load(file, [text]), path) == wanted


def test_the_last_of_two_wins(file: Path) -> None:
    assert load(file, ["train.seed=1", "train.seed=2"]).train.seed == 2


def test_names_of_the_users_own_are_added(file: Path) -> None:
    env = load(file, ["command.env.GPU=0", 'command.env."B"=x']).command.env
    assert dict(env) == {"KEPT": "1", "GPU": "0", "B": "x"}


def test_a_phase_goes_by_its_id(file: Path) -> None:
    made = load(file, ["phase.B.epochs=3", "phase.A.mix={easy = 5}"])
    assert [phase.id for phase in made.phase] == ["A", "B"]
    assert made.phase[1].epochs == 3 and dict(made.phase[0].mix) == {"easy": 5}


def test_a_list_of_phases_is_merged_as_in_a_file(file: Path) -> None:
    made = load(file, ['phase=[{id = "C"}]', "phase.C.epochs=2"])
    assert [(phase.id, phase.epochs) for phase in made.phase] == [
        ("A", None),
        ("B", None),
        ("C", 2),
    ]
    assert load(file, ["phase=[]"]).phase == ()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("train.max_steps=many", 'train.max_steps: must be a whole number, not "many"'),
        ("train.max_stes=1", "train.max_stes: unknown key; did you mean max_steps?"),
        ("trian.seed=1", "trian: unknown key; did you mean train?"),
        ("goal.x=1", "goal: must be text, not a table"),
        ("train=1", "train: must be a table, not 1"),
        ("phase.D.epochs=1", 'phase.D: no such phase; there is "A", "B"'),
        ("phase.A.epochs=0", "phase.A.epochs: must be more than 0, not 0"),
        ("optim.betas=[1,", 'optim.betas: must be a list of 2 numbers, not "[1,"'),
        ("extends=base", "extends is read before --set; write it into the file"),
        ("nothing", "is not KEY=VALUE; for example --set train.max_steps=60"),
        ("=5", "is not KEY=VALUE; for example --set train.max_steps=60"),
        ("a..b=5", "is not KEY=VALUE; for example --set train.max_steps=60"),
        (".".join("abcdefghijklmnopqrs") + "=1", "a key has more than 16 dots"),
        ("goal=\x1b[2J", "goal: holds the control character U+001B"),
        ("goal=\udcff", "goal: holds the control character U+DCFF"),
    ],
)
def test_a_fault_names_the_words(file: Path, text: str, wanted: str) -> None:
    (line,) = told(file, "train.seed=5", text)
    assert line.endswith(f": {wanted}") and line.startswith("--set ") and line.isprintable()


def test_faults_of_the_file_and_of_the_words_are_told_together(file: Path) -> None:
    file.write_text(TEXT + "[train]\nseed = 'x'\n")
    lines = told(file, "train.micro_batch=0")
    assert lines == [
        f'{file}:14: train.seed: must be a whole number, not "x"',
        "--set train.micro_batch=0: train.micro_batch: must be at least 1, not 0",
    ]


@pytest.mark.parametrize("text", ["x" * 100_000, "goal=" + "x" * 100_000, "a." * 5_000 + "a=1"])
def test_too_long_is_refused(file: Path, text: str) -> None:
    assert len(told(file, text)) == 1


def test_too_many_are_refused(file: Path) -> None:
    assert told(file, *["train.seed=1"] * 300) == ["--set: more than 256 --set"]
