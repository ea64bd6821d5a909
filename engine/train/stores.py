"""The profile's rows as a store of tokens: the one in the cache that was made of just these, or a new one.

How rows become tokens, and what a store depends on, is decided here for the trainer and for the recipe `pretokenize`
alike; making, naming and finding it is `engine.data`'s.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.data import template
from engine.data.encoders import Texts, canonical
from engine.data.known import home
from engine.data.landing import NoRoom
from engine.data.pretokenizing import Outcome, Tell, Way, describe, ensure
from engine.data.store import Store
from engine.data.template import Piece, Render
from engine.data.work import Task
from engine.profile import Profile
from engine.train.tokenizer import Codec
from engine.train.voice import Voice

SHOWN = 5
PAUSE_S = 5.0
ANY_ID = 1 << 32
"""Ids of a tokenizer that does not list them take four bytes."""


@dataclass(frozen=True)
class Own:
    """The trainer's tokenizer as an encoder: what it says is what the others are held to."""

    codec: Codec
    name = "the model's own"

    def encode(self, texts: list[str]) -> Texts:
        found = self.codec.encode_many(texts) if texts else []
        sizes = np.fromiter(map(len, found), dtype=np.int64, count=len(found))
        parts = [np.asarray(ids, dtype=np.uint32) for ids in found]
        return Texts(np.concatenate([np.zeros(0, np.uint32), *parts]), sizes)


def stored(paths: Sequence[str], job: Profile, codec: Codec, voice: Voice) -> Store:
    """The tokens of these files, as this profile trains on them."""
    running = job.recipe == "pretrain" or job.data.format == "tokens"
    task, way = asked_for(paths, (job, codec, running), home(), _telling(voice))
    try:
        made = ensure(task, home(), way)
    except (OSError, NoRoom) as error:
        if job.data.cache == "require":
            raise
        # no room for a cache is no reason not to train
        voice.say(
            f"no tokens can be kept: {error}; they are made for this process alone", "warning"
        )
        made = _fleeting(task, way)
    if not made.reused:
        voice.say(f"tokenized: {made.reason}")
    _tell(made.store, voice)
    return made.store


def asked_for(
    paths: Sequence[str], by: tuple[Profile, Codec, bool], memory: Path, tell: Tell | None
) -> tuple[Task, Way]:
    """What the tokens depend on, and how to get at them; `by` whom: a profile, its tokenizer, running text or not."""
    job, codec, running = by
    data, files = job.data, codec.files()
    name, render = _template(job, codec)
    said: dict[str, Any] = {
        "eos": codec.eos, "max_length": data.max_length, "template": name, "kind": data.format,
        "too_long": data.too_long, "mask_prompt": data.mask_prompt, "seed": job.train.seed,
        "packing": data.packing, "running": running,
    }  # fmt: skip
    if name == "model":
        said["chat"] = _mark({n: files[n] for n in files if n != "tokenizer.json"})
    listed = files.get("tokenizer.json")
    tokenizer = canonical(listed) if listed else _mark(files).encode()
    task = describe(paths, tokenizer, said, memory, None)
    if listed is None:
        task = replace(task, ids=ANY_ID)
    way = Way(data.cache, 0, data.broken, tell, None if running else render, Own(codec))
    return task, way


def _template(job: Profile, codec: Codec) -> tuple[str, Render | None]:
    """The template's name, and itself where only this process can render it: the tokenizer's own way."""
    wanted = job.data.template
    chosen = ("model" if codec.has_chat else "alpaca") if wanted == "auto" else wanted
    if chosen != "model":
        return chosen, None
    render = template.pick("model", codec.chat if codec.has_chat else None, codec.eos)
    if job.data.mask_prompt:
        return chosen, render
    return chosen, lambda row: [Piece(piece.text, True) for piece in render(row)]


def _mark(files: dict[str, bytes]) -> str:
    mark = hashlib.sha256()
    for name in sorted(files):
        mark.update(f"{name} {hashlib.sha256(files[name]).hexdigest()}\n".encode())
    return mark.hexdigest()


def _fleeting(task: Task, way: Way) -> Outcome:
    """Tokens without a name: mapped files live on until nobody maps them."""
    place = Path(tempfile.mkdtemp(prefix="tokens-"))
    try:
        return ensure(task, place, way)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _telling(voice: Voice) -> Tell:
    told = time.monotonic()

    def tell(done: int, total: int, tokens: int) -> None:
        nonlocal told
        if time.monotonic() - told > PAUSE_S and done < total:
            told = time.monotonic()
            voice.say(f"tokenizing: {100 * done // total} %, {tokens:,} tokens")

    return tell


def _tell(store: Store, voice: Voice) -> None:
    """Which rows are left out or cut."""
    told = store.manifest
    left = told["broken"] + told["useless"]
    if left:
        shown = "; ".join(f"{one['where']}: {one['reason']}" for one in told["faults"][:SHOWN])
        tail = f"; and {left - SHOWN} more" if left > SHOWN else ""
        voice.say(f"{left} rows are left out: {shown}{tail}", "warning")
    if told["cut"]:
        length = told["origin"]["max_length"]
        voice.say(f"{told['cut']} rows were longer than data.max_length = {length}", "warning")
