"""Texts to token ids, as fast as this machine can and never otherwise than the tokenizer says.

gigatoken is some twenty times as fast as tokenizers for byte-level BPE. It is used only after it gave the same ids on
a sample of the very documents; where it differs, or is not there, tokenizers does the work.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from engine.data.bpe import END
from engine.errors import Unusable

Ids = npt.NDArray[np.uint32]
Sizes = npt.NDArray[np.int64]
ENDS = (END, "<|im_end|>", "</s>", "<|eot_id|>", "<eos>", "[SEP]")
PROBES = (
    "",
    " ",
    "a  b\n\n\n c\t\td\r\n",
    "naïve café e\u0301 ½ 𝒳 \u200d 👩‍👩‍👧 日本語 العربية",
    "1234567890 3.14159 0x7f",
    "don't we'll I'm HELLO'S",
    "x" * 300,
)


class Texts(NamedTuple):
    """The ids of many texts in one array, and how many each has."""

    ids: Ids
    sizes: Sizes


class Encoder(Protocol):
    name: str

    def encode(self, texts: list[str]) -> Texts: ...


class Plain:
    """The tokenizers library."""

    name = "tokenizers"

    def __init__(self, tokenizer: bytes) -> None:
        from tokenizers import Tokenizer

        self._core: Any = Tokenizer.from_str(tokenizer.decode())

    def encode(self, texts: list[str]) -> Texts:
        found = self._core.encode_batch_fast(texts, add_special_tokens=False)
        sizes = np.fromiter((len(one.ids) for one in found), dtype=np.int64, count=len(found))
        parts = [np.array(one.ids, dtype=np.uint32) for one in found]
        return Texts(np.concatenate(parts) if parts else np.zeros(0, np.uint32), sizes)


class Fast:
    """gigatoken, on the thread that calls."""

    name = "gigatoken"

    def __init__(self, tokenizer: bytes) -> None:
        from gigatoken import Tokenizer

        self._core: Any = Tokenizer.from_json(tokenizer.decode())

    def encode(self, texts: list[str]) -> Texts:
        layout = self._core.encode_batch(texts, parallel=False).layout
        offsets = np.asarray(layout.offsets.data, dtype=np.int64)
        ids = np.asarray(layout.content.data, dtype=np.uint32)[offsets[0] : offsets[-1]]
        return Texts(ids, np.diff(offsets))


def open_encoder(tokenizer: bytes, sample: Sequence[str], wanted: str | None = None) -> Encoder:
    """The fast one if it agrees with the plain one on the sample and on texts known to be hard."""
    plain = Plain(tokenizer)
    if wanted == Plain.name:
        return plain
    texts = [*PROBES, *sample, *(text + END for text in sample[:20])]
    try:
        fast = Fast(tokenizer)
        same = agree(fast, plain, texts)
    except (ImportError, ValueError, RuntimeError, TypeError, KeyError, NotImplementedError):
        return plain
    return fast if same else plain


def agree(one: Encoder, other: Encoder, texts: list[str]) -> bool:
    ours, theirs = one.encode(texts), other.encode(texts)
    return np.array_equal(ours.ids, theirs.ids) and np.array_equal(ours.sizes, theirs.sizes)


def read_tokenizer(path: Path) -> tuple[bytes, str, int]:
    """A tokenizer.json, by itself or in a model's folder: its bytes, its end of text, its vocabulary."""
    file = path / "tokenizer.json" if path.is_dir() else path
    if not file.is_file():
        raise Unusable(
            f"no tokenizer {file} (from {Path.cwd()})",
            "name a tokenizer.json or a folder with one; engine data tokenizer makes one",
        )
    core = _loaded(file.read_bytes(), file)
    named = _named_end(file.with_name("tokenizer_config.json"))
    for end in (named, *ENDS):
        if end is not None and core.token_to_id(end) is not None:
            return _written(core), end, core.get_vocab_size()
    raise Unusable(
        f"{file}: no token ends a text (looked for {', '.join(ENDS)})",
        "name it as eos_token in tokenizer_config.json beside it",
    )


def canonical(tokenizer: bytes) -> bytes:
    """The same tokenizer in the same bytes, whoever wrote it down; no text is cut or filled up by it."""
    from tokenizers import Tokenizer

    return _written(Tokenizer.from_str(tokenizer.decode()))


def _written(core: Any) -> bytes:
    core.no_truncation()
    core.no_padding()
    return str(core.to_str(pretty=False)).encode()


def _loaded(data: bytes, file: Path) -> Any:
    try:
        from tokenizers import Tokenizer
    except ImportError:
        fix = "pip install 'training-cockpit[train]'"
        raise Unusable("tokenizing needs the tokenizers library", fix) from None
    try:
        return Tokenizer.from_str(data.decode())
    except Exception as error:
        raise Unusable(f"{file}: not a tokenizer: {error}") from None


def _named_end(path: Path) -> str | None:
    try:
        found = json.loads(path.read_bytes()).get("eos_token")
    except (OSError, ValueError, AttributeError):
        return None
    if isinstance(found, dict):
        found = found.get("content")
    return found if isinstance(found, str) else None
