"""From the profile's files to a corpus for each phase and one for evaluation."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.data.order import Ints
from engine.data.reading import expand, read_rows
from engine.data.rows import Row
from engine.data.store import Store, mapped, open_store, read_manifest
from engine.profile import Profile
from engine.train.corpus import Corpus, Stream, blocks, chosen, joined, packed
from engine.train.errors import TrainError
from engine.train.job import phases
from engine.train.stores import stored
from engine.train.tokenizer import Codec, open_bpe, open_pretrained, train_bpe
from engine.train.voice import Voice


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
    named = _named(paths, data.max_length)
    if named is not None:
        return packed(named), None
    if paths[0].endswith(".bin") or (Path(paths[0]) / "tokens.bin").is_file():
        told = read_manifest(Path(paths[0]))
        mark = None if told is None else told["digest"]
        return _cut(_mapped(Path(paths[0])), mark, data.max_length, fraction)
    store = stored(paths, job, codec, voice)
    if store.bins is None:
        return _cut(store.tokens, store.manifest["digest"], data.max_length, fraction)
    if not fraction and data.dedupe == "none":
        return packed(store), None
    documents = np.arange(len(store))
    if data.dedupe == "exact":
        documents = _distinct(store, voice)
    rest = _held_out(store, documents, fraction)
    kept = chosen(store, documents[~rest])
    return kept, chosen(store, documents[rest]) if rest.any() else None


def _named(paths: tuple[str, ...], length: int) -> Store | None:
    """The packed store that a folder is, if that is what is named."""
    folder = Path(paths[0])
    manifest = read_manifest(folder) if len(paths) == 1 and folder.is_dir() else None
    if manifest is None or manifest["bins"] is None:
        return None
    told = manifest["origin"]["max_length"]
    if told > length:
        raise TrainError(
            f"{folder}: was made for a max length of {told}, the profile says {length};"
            " set data.max_length to it or pretokenize again"
        )
    return open_store(folder)


def _mapped(path: Path) -> Stream:
    """Raw uint16 ids, or of the type that a `meta.json` beside the file names."""
    path = path if path.suffix == ".bin" else path / "tokens.bin"
    if not path.is_file():
        raise TrainError(f"data: no file {path} (from {Path.cwd()})")
    meta: dict[str, Any] = {}
    beside = path.with_name("meta.json")
    if beside.is_file():
        meta = json.loads(beside.read_bytes())
    return mapped(path, str(meta.get("dtype", "uint16")))


def _cut(
    tokens: Stream, mark: str | None, length: int, fraction: float
) -> tuple[Corpus, Corpus | None]:
    """The tail is held out, and only if it fills a block."""
    keep = len(tokens) - int(len(tokens) * fraction)
    kept, rest = tokens[:keep], tokens[keep:]
    held = mark and f"{mark} from {keep}"
    return blocks(kept, length, mark), blocks(rest, length, held) if len(rest) > length else None


def _held_out(store: Store, documents: Ints, fraction: float) -> npt.NDArray[np.bool_]:
    """By content, so that two equal rows never lie on both sides."""

    def held(index: int) -> bool:
        mark = hashlib.sha256(store.document(index).astype(np.int64).tobytes()).digest()
        return int.from_bytes(mark[:4], "big") < fraction * 2**32

    if not fraction:
        return np.zeros(len(documents), dtype=np.bool_)
    return np.fromiter(map(held, documents.tolist()), dtype=np.bool_, count=len(documents))


def _distinct(store: Store, voice: Voice) -> Ints:
    """Each row once: rows are the same when their tokens and what is learned of them are."""
    assert store.learned is not None
    first: dict[bytes, int] = {}
    for index in range(len(store)):
        learned = store.learned[store.start(index) : int(store.ends[index])]
        mark = hashlib.sha256(store.document(index).tobytes() + b"/" + learned.tobytes()).digest()
        first.setdefault(mark, index)
    if len(first) < len(store):
        voice.say(f"{len(store) - len(first)} rows are left out: they are there already")
    return np.fromiter(first.values(), dtype=np.int64, count=len(first))


def _paths(job: Profile) -> tuple[str, ...]:
    named = job.data.train + tuple(path for phase in phases(job) for path in phase.data)
    return tuple(found for path in named for found in expand(path))
