"""From the profile's files to a corpus for each phase and one for evaluation."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from engine.data import template
from engine.data.reading import expand, read_rows
from engine.data.rows import Fault, Row
from engine.data.template import Piece
from engine.profile import Profile
from engine.profile.tables.data import Data
from engine.train.cache import Tokens, cached, fingerprint
from engine.train.corpus import (
    Corpus,
    Encoded,
    Stream,
    blocks,
    encode,
    encoded,
    faults,
    joined,
    pack,
    stored,
)
from engine.train.errors import TrainError
from engine.train.job import phases
from engine.train.pretokenized import open_packed
from engine.train.tokenizer import Codec, open_bpe, open_pretrained, train_bpe
from engine.train.voice import Voice

SHOWN = 5


def open_codec(job: Profile) -> Codec:
    """The tokenizer of the base, of the file named, or one trained on the spot on the training text."""
    wanted = job.model.from_scratch
    if wanted is not None and wanted.tokenizer is not None:
        return open_bpe(wanted.tokenizer)
    if wanted is None or job.model.base is not None or job.model.tokenizer is not None:
        return open_pretrained(job.model)
    texts = [
        t.text for row in read_rows(_paths(job), "auto") if isinstance(row, Row) for t in row.turns
    ]
    return train_bpe(texts, wanted.vocab)


def open_corpora(job: Profile, codec: Codec, voice: Voice) -> tuple[list[Corpus], Corpus | None]:
    """One corpus a phase, and what is held out: a file, or a share of the rows of every phase."""
    held = job.data.valid
    share = held if isinstance(held, float) else 0.0
    # phases with the same files share one corpus
    opened: dict[tuple[str, ...], tuple[Corpus, Corpus | None]] = {}
    wanted = [phase.data or job.data.train for phase in phases(job)]
    for paths in wanted:
        if paths not in opened:
            opened[paths] = _open(job, codec, paths, share, voice)
    corpora = [opened[paths][0] for paths in wanted]
    if isinstance(held, str):
        return corpora, _open(job, codec, (held,), 0.0, voice)[0]
    return corpora, joined([rest for _, rest in opened.values() if rest is not None])


def _open(
    job: Profile, codec: Codec, paths: tuple[str, ...], fraction: float, voice: Voice
) -> tuple[Corpus, Corpus | None]:
    if not paths:
        raise TrainError("data.train names no file")
    data, paths = job.data, tuple(found for path in paths for found in expand(path))
    if len(paths) == 1 and (packed := open_packed(paths[0], data.max_length)) is not None:
        return packed, None
    if job.recipe == "pretrain" or data.format == "tokens":
        return _cut(_stream(paths, data, codec, voice), data.max_length, fraction)
    found = _encode(paths, data, codec)
    _tell(found, data, voice)
    kept, rest = _hold_out(found if data.dedupe == "none" else _distinct(found, voice), fraction)
    seed = job.train.seed
    valid = pack(rest, data.max_length, data.packing, seed) if rest.ids else None
    return pack(kept, data.max_length, data.packing, seed), valid


def _encode(paths: tuple[str, ...], data: Data, codec: Codec) -> Encoded:
    chat = codec.chat if codec.has_chat else None
    render = template.pick(data.template, chat, codec.eos)
    if not data.mask_prompt:
        masked, render = render, lambda row: [Piece(p.text, True) for p in masked(row)]

    def make() -> Tokens:
        rows = read_rows(paths, data.format)
        return stored(encode(rows, render, codec.encode_many, data.max_length, data.too_long))

    how = (data.format, data.template, data.mask_prompt, data.max_length, data.too_long)
    return encoded(cached(data.cache, fingerprint(paths, "rows", how, codec.files()), make))


def _stream(paths: tuple[str, ...], data: Data, codec: Codec, voice: Voice) -> Stream:
    """Running tokens: a memory-mapped file of them, or texts one after the other, each with its end."""
    store = Path(paths[0]) / "tokens.bin"
    if store.is_file() or paths[0].endswith(".bin"):
        return _mapped(store if store.is_file() else Path(paths[0]))

    def make() -> Tokens:
        texts: list[str] = []
        found = Encoded()
        for row in read_rows(paths, "text"):
            if isinstance(row, Fault):
                (found.broken if row.broken else found.faults).append(row)
            else:
                texts.append(row.turns[0].text + codec.eos)
        if not texts:
            raise TrainError(f"data: no text in {', '.join(paths)}")
        ids = [np.asarray(each, dtype=np.int32) for each in codec.encode_many(texts)]
        return Tokens({"tokens": np.concatenate(ids)}, stored(found).facts)

    tokens = cached(data.cache, fingerprint(paths, "text", codec.eos, codec.files()), make)
    _tell(faults(tokens.facts), data, voice)
    return tokens.arrays["tokens"]


def _mapped(path: Path) -> Stream:
    """Raw uint16 ids, or of the type that a `meta.json` beside the file names."""
    if not path.is_file():
        raise TrainError(f"data: no file {path} (from {Path.cwd()})")
    meta: dict[str, Any] = {}
    beside = path.with_name("meta.json")
    if beside.is_file():
        meta = json.loads(beside.read_bytes())
    return np.memmap(path, dtype=np.dtype(str(meta.get("dtype", "uint16"))), mode="r")


def _cut(tokens: Stream, length: int, fraction: float) -> tuple[Corpus, Corpus | None]:
    """The tail is held out, and only if it fills a block."""
    keep = len(tokens) - int(len(tokens) * fraction)
    rest = tokens[keep:]
    return blocks(tokens[:keep], length), blocks(rest, length) if len(rest) > length else None


def _hold_out(found: Encoded, fraction: float) -> tuple[Encoded, Encoded]:
    """By content, so that two equal rows never lie on both sides."""
    kept, rest = Encoded(), Encoded()
    for ids, learned in zip(found.ids, found.learned, strict=True):
        mark = hashlib.sha256(np.asarray(ids, dtype=np.int64).tobytes()).digest()
        side = rest if int.from_bytes(mark[:4], "big") < fraction * 2**32 else kept
        side.ids.append(ids)
        side.learned.append(learned)
    return kept, rest


def _distinct(found: Encoded, voice: Voice) -> Encoded:
    """Each row once: rows are the same when their tokens and what is learned of them are."""
    out, seen = Encoded(), set[bytes]()
    for ids, learned in zip(found.ids, found.learned, strict=True):
        mark = hashlib.sha256(np.asarray([ids, learned], dtype=np.int64).tobytes()).digest()
        if mark not in seen:
            seen.add(mark)
            out.ids.append(ids)
            out.learned.append(learned)
    gone = len(found.ids) - len(out.ids)
    if gone:
        voice.say(f"{gone} rows are left out: they are there already (data.dedupe)", "warning")
    return out


def _tell(found: Encoded, data: Data, voice: Voice) -> None:
    """Stop at rows that cannot be read, unless the profile leaves them out; name all that is left out or cut."""
    if data.broken == "stop" and found.broken:
        first = found.broken[0]
        raise TrainError(
            f"{first.where}: {first.reason} ({len(found.broken)} rows like it);"
            " mend them, or leave them out with data.broken = 'skip'"
        )
    left = found.broken + found.faults
    if left:
        shown = "; ".join(f"{f.where}: {f.reason}" for f in left[:SHOWN])
        tail = f"; and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
        voice.say(f"{len(left)} rows are left out: {shown}{tail}", "warning")
    if found.cut:
        voice.say(
            f"{len(found.cut)} rows were cut at data.max_length, the first: {found.cut[0]}",
            "warning",
        )


def _paths(job: Profile) -> tuple[str, ...]:
    named = job.data.train + tuple(path for phase in phases(job) for path in phase.data)
    return tuple(found for path in named for found in expand(path))
