"""Tokens are made once for the same content, anew for any other, and are those of the model's own tokenizer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data import pretokenizing
from engine.data.known import home
from engine.data.landing import NoRoom
from engine.data.rows import Turn
from engine.data.store import Store
from engine.errors import Problem
from engine.profile import Profile, from_table
from engine.train import stores
from engine.train.stores import stored
from engine.train.tokenizer import ByteBPE, train_bpe
from engine.train.voice import Voice
from tests.engine.train import miniature


@pytest.fixture
def codec() -> ByteBPE:
    return train_bpe(["Tell a tale"], 270)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The digest of every store that was made and not found."""
    honest, found = pretokenizing._make, list[str]()

    def make(task: Any, *more: Any) -> int:
        found.append(task.origin.digest)
        return honest(task, *more)

    monkeypatch.setattr(pretokenizing, "_make", make)
    return found


def job(recipe: str = "finetune", **data: Any) -> Profile:
    table = {"train": ["r"], "template": "alpaca", "max_length": 400, **data}
    model = {"from_scratch": {"vocab": 270}}
    adapter = {"kind": "full"}
    return from_table(
        {"name": "t", "recipe": recipe, "model": model, "data": table, "adapter": adapter}
    )


class Saying(Voice):
    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str, level: str = "info") -> None:
        self.said.append(text)


def test_rows_are_tokenized_once_for_each_content(
    tmp_path: Path, codec: ByteBPE, made: list[str]
) -> None:
    path = miniature.instructions(tmp_path / "rows.jsonl", 9)
    path.write_text(path.read_text() + '{"instruction": "Q"}\n{"half": \n')
    plain, voice = job(broken="skip"), Saying()

    def tokens(profile: Profile) -> bytes:
        return stored([str(path)], profile, codec, voice).tokens.tobytes()

    first = tokens(plain)
    assert tokens(plain) == first and len(made) == 1
    assert [words.split(":")[0] for words in voice.said] == [
        "tokenized",
        *["2 rows are left out"] * 2,
    ]
    for key, value, why in (
        ("max_length", 90, "max length 400 → 90"),
        ("mask_prompt", False, "prompts masked True → False"),
        ("too_long", "drop", "too long rows truncate → drop"),
    ):
        voice.said.clear()
        tokens(job(broken="skip", **{key: value}))
        assert voice.said[0] == f"tokenized: {why}"
    path.write_text(path.read_text().replace("tale number 3", "tale number 4"))
    assert tokens(plain) != first, "the same name, size and settings: the content decides"
    assert len(set(made)) == 5


def test_a_store_that_the_command_line_made_is_the_trainers(
    tmp_path: Path, codec: ByteBPE, made: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.support.cli import caller

    path = miniature.instructions(tmp_path / "rows.jsonl", 9)
    tokenizer = tmp_path / "tokenizer.json"
    tokenizer.write_bytes(codec.files()["tokenizer.json"])
    words = ["--tokenizer", str(tokenizer), "--max-length", "400", "--out", str(home())]
    answer = caller(capsys)("data", "pretokenize", "--input", str(path), *words, "--json")
    (told,) = answer.valid("data-pretokenize")
    found = stored([str(path)], job(cache="require"), codec, Voice(False))
    assert len(made) == 1 and found.manifest["digest"] == told["digest"]


def test_running_text_is_mapped_of_its_tokenizer_and_of_any_length(
    tmp_path: Path, codec: ByteBPE, made: list[str]
) -> None:
    path = tmp_path / "text.txt"
    path.write_text("Tell a tale\n\n\nand another")
    first = stored([str(path)], job("pretrain"), codec, Voice(False))
    again = stored([str(path)], job("pretrain", max_length=8), codec, Voice(False))
    assert isinstance(again.tokens, np.memmap) and len(made) == 1
    assert np.array_equal(first.tokens, again.tokens)
    other = train_bpe(["entirely different words"], 290)
    fresh = stored([str(path)], job("pretrain"), other, Voice(False))
    assert not np.array_equal(fresh.tokens, first.tokens)


def test_the_profile_decides_about_the_cache(
    tmp_path: Path, codec: ByteBPE, made: list[str]
) -> None:
    path = miniature.instructions(tmp_path / "rows.jsonl", 3)

    def ask(mode: str) -> Store:
        return stored([str(path)], job(cache=mode), codec, Voice(False))

    with pytest.raises(Problem, match=r"cache = 'require', and .*: nothing is there yet"):
        ask("require")
    for mode, count in (("auto", 1), ("auto", 1), ("require", 1), ("rebuild", 2)):
        ask(mode)
        assert len(made) == count, mode


@pytest.mark.parametrize("full", [False, True])
def test_no_room_for_a_cache_is_no_reason_not_to_train(
    full: bool, tmp_path: Path, codec: ByteBPE, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, voice = miniature.instructions(tmp_path / "rows.jsonl", 3), Saying()
    whole = stored([str(path)], job(), codec, voice).tokens.tobytes()
    if full:
        honest = stores.ensure

        def ensure(task: Any, out: Path, way: Any) -> Any:
            if out == home():
                raise NoRoom("the disk is full")
            return honest(task, out, way)

        monkeypatch.setattr(stores, "ensure", ensure)
    else:
        monkeypatch.setenv("COCKPIT_HOME", "/proc/nowhere")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    found = stored([str(path)], job(), codec, voice)
    assert found.tokens.tobytes() == whole and "no tokens can be kept" in voice.said[1]
    assert not list(tmp_path.glob("tokens-*"))
    with pytest.raises((Problem, OSError)):
        stored([str(path)], job(cache="require"), codec, voice)


class Chatty(ByteBPE):
    """With a template of its own."""

    has_chat = True
    mark = "@"

    def chat(self, turns: tuple[Turn, ...], ask: bool) -> str:
        return "".join(self.mark + turn.role + turn.text for turn in turns) + self.mark * ask

    def files(self) -> dict[str, bytes]:
        return {**super().files(), "chat_template.jinja": self.mark.encode()}


def test_another_chat_template_is_other_tokens(tmp_path: Path, made: list[str]) -> None:
    path, voice = miniature.instructions(tmp_path / "rows.jsonl", 3), Saying()
    codec = Chatty(train_bpe(["Tell a tale"], 270).core)
    profile = job(template="model", max_length=500)
    stored([str(path)], profile, codec, voice)
    stored([str(path)], profile, codec, voice)
    codec.mark = "#"
    stored([str(path)], profile, codec, voice)
    assert len(made) == 2 and voice.said[-1] == "tokenized: chat template changed"


class Unlisted(ByteBPE):
    """A tokenizer that is no tokenizer.json."""

    def files(self) -> dict[str, bytes]:
        return {"vocab.model": b"secret"}


class Contrary(ByteBPE):
    """A tokenizer that does not do what its tokenizer.json says."""

    def encode_many(self, texts: list[str]) -> list[list[int]]:
        return [ids[::-1] for ids in super().encode_many(texts)]


@pytest.mark.parametrize("kind", [Unlisted, Contrary])
def test_what_the_models_own_tokenizer_says_counts(
    kind: type[ByteBPE], tmp_path: Path, codec: ByteBPE
) -> None:
    own = kind(codec.core)
    text = tmp_path / "text.txt"
    text.write_text("Tell a tale\n\n\nand another")
    found = stored([str(text)], job("pretrain"), own, Voice(False))
    expected = own.encode_many(["Tell a tale\n" + own.eos, "and another\n" + own.eos])
    assert found.tokens.tolist() == [token for ids in expected for token in ids]
