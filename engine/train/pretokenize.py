"""The recipe `pretokenize`: the rows of every phase to a store of tokens, as the profile would train on them."""

from __future__ import annotations

from pathlib import Path

from engine.data import template
from engine.data.pretokenizing import Way, describe, ensure
from engine.data.template import Piece, Render
from engine.profile import Profile
from engine.train.asked import Asked
from engine.train.errors import TrainError
from engine.train.job import phases
from engine.train.sources import open_codec
from engine.train.tokenizer import Codec
from engine.train.voice import Voice


class Stopped(Exception):
    """Somebody asked for the end; what is written is gone on with."""


def pretokenize(job: Profile, out: Path, voice: Voice, asked: Asked) -> bool:
    """False when it was asked to stop."""
    codec, data = open_codec(job), job.data
    tokenizer = codec.files().get("tokenizer.json")
    if tokenizer is None:
        raise TrainError("this tokenizer has no tokenizer.json, which pretokenizing needs")
    running = data.format == "tokens" or (job.model.from_scratch is not None and not job.phase)
    name, render = _template(job, codec)
    said = {
        "eos": codec.eos, "max_length": data.max_length, "template": name, "kind": data.format,
        "too_long": data.too_long, "mask_prompt": data.mask_prompt, "seed": job.train.seed,
        "packing": data.packing, "running": running,
    }  # fmt: skip
    wanted = [phase.data or data.train for phase in phases(job)]
    voice.event("planned", total=100 * len(wanted))
    for number, files in enumerate(wanted):

        def tell(done: int, total: int, tokens: int, before: int = 100 * number) -> None:
            voice.row(step=before + 100 * done // max(total, 1), tokens=tokens)
            if asked.stop:
                raise Stopped

        task = describe(files, tokenizer, said, out, None)
        way = Way(data.cache, data.workers, data.broken, tell, None if running else render)
        try:
            made = ensure(task, out, way)
        except Stopped:
            return False
        why = "reused" if made.reused else f"made: {made.reason}"
        voice.say(f"{made.store.folder}: {made.store.manifest['tokens']:,} tokens ({why})")
        voice.row(step=100 * (number + 1), tokens=made.store.manifest["tokens"])
    voice.event("finished", step=100 * len(wanted))
    return True


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
