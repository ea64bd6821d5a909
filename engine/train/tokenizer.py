"""Text to ids and back, whoever made the tokenizer: our own byte-level BPE or a model's folder."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from engine.data.bpe import END, learn
from engine.data.rows import Turn
from engine.profile.tables.model import Model
from engine.train.errors import TrainError, located


class Codec(Protocol):
    """What the trainer asks of a tokenizer."""

    eos: str
    eos_id: int
    size: int

    def encode_many(self, texts: list[str]) -> list[list[int]]: ...
    def decode(self, ids: list[int]) -> str: ...
    def chat(self, turns: tuple[Turn, ...], ask: bool) -> str: ...
    @property
    def has_chat(self) -> bool: ...
    def files(self) -> dict[str, bytes]: ...


class ByteBPE:
    """A tokenizer.json of the tokenizers library, without transformers."""

    has_chat = False

    def __init__(self, core: Any) -> None:
        self.core = core
        self.eos, self.eos_id = END, core.token_to_id(END)
        self.size = core.get_vocab_size()
        if self.eos_id is None:
            raise TrainError(f"the tokenizer has no {END} token; add it and train it again")

    def encode_many(self, texts: list[str]) -> list[list[int]]:
        return [found.ids for found in self.core.encode_batch_fast(texts, add_special_tokens=False)]

    def decode(self, ids: list[int]) -> str:
        return str(self.core.decode(ids, skip_special_tokens=True))

    def chat(self, turns: tuple[Turn, ...], ask: bool) -> str:
        raise TrainError("this tokenizer has no chat template")

    def files(self) -> dict[str, bytes]:
        settings = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": END}
        return {
            "tokenizer.json": self.core.to_str(pretty=False).encode(),
            "tokenizer_config.json": json.dumps(settings).encode(),
        }


class Pretrained:
    """The tokenizer of a model's folder, through transformers."""

    def __init__(self, path: str, key: str, **options: Any) -> None:
        from transformers import AutoTokenizer

        try:
            self.core: Any = AutoTokenizer.from_pretrained(path, **options)
        except (OSError, ValueError) as error:
            raise TrainError(f"{key} = {path!r}: no tokenizer: {_first(error)}") from None
        if self.core.eos_token_id is None:
            raise TrainError(f"{key} = {path!r}: its tokenizer names no end-of-text token")
        self.eos, self.eos_id = str(self.core.eos_token), int(self.core.eos_token_id)
        self.size = len(self.core)

    @property
    def has_chat(self) -> bool:
        return bool(self.core.chat_template)

    def encode_many(self, texts: list[str]) -> list[list[int]]:
        ids: list[list[int]] = self.core(texts, add_special_tokens=False)["input_ids"]
        return ids

    def decode(self, ids: list[int]) -> str:
        return str(self.core.decode(ids, skip_special_tokens=True))

    def chat(self, turns: tuple[Turn, ...], ask: bool) -> str:
        messages = [{"role": turn.role, "content": turn.text} for turn in turns]
        return str(
            self.core.apply_chat_template(messages, tokenize=False, add_generation_prompt=ask)
        )

    def files(self) -> dict[str, bytes]:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            self.core.save_pretrained(folder)
            return {p.name: p.read_bytes() for p in sorted(Path(folder).iterdir()) if p.is_file()}


def open_pretrained(model: Model) -> Pretrained:
    """The tokenizer that the profile names, else its base's, of the base's revision."""
    trust = model.trust_remote_code
    if model.tokenizer is not None:
        name = located(model.tokenizer, "model.tokenizer")
        return Pretrained(name, "model.tokenizer", trust_remote_code=trust)
    base = located(model.base, "model.base")
    return Pretrained(base, "model.base", trust_remote_code=trust, revision=model.revision)


def open_bpe(path: str) -> ByteBPE:
    from tokenizers import Tokenizer

    if not Path(path).is_file():
        raise TrainError(f"model.from_scratch.tokenizer: no file {path}")
    return ByteBPE(Tokenizer.from_file(path))


def train_bpe(texts: Iterable[str], size: int) -> ByteBPE:
    return ByteBPE(learn(texts, size))


def _first(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0]
