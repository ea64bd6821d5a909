"""The recipe `pretokenize`: the rows of every phase to a store of tokens, as the profile would train on them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.data.pretokenizing import ensure
from engine.profile import Profile
from engine.train.asked import Asked
from engine.train.job import phases
from engine.train.sources import open_codec
from engine.train.stores import asked_for
from engine.train.voice import Voice


class Stopped(Exception):
    """Somebody asked for the end; what is written is gone on with."""


def pretokenize(job: Profile, out: Path, voice: Voice, asked: Asked) -> bool:
    """False when it was asked to stop."""
    codec, data = open_codec(job), job.data
    running = data.format == "tokens" or (job.model.from_scratch is not None and not job.phase)
    wanted = [phase.data or data.train for phase in phases(job)]
    voice.event("planned", total=100 * len(wanted))
    for number, files in enumerate(wanted):

        def tell(done: int, total: int, tokens: int, before: int = 100 * number) -> None:
            voice.row(step=before + 100 * done // max(total, 1), tokens=tokens)
            if asked.stop:
                raise Stopped

        task, way = asked_for(files, (job, codec, running), out, tell)
        way = replace(way, workers=data.workers)
        try:
            made = ensure(task, out, way)
        except Stopped:
            return False
        why = "reused" if made.reused else f"made: {made.reason}"
        voice.say(f"{made.store.folder}: {made.store.manifest['tokens']:,} tokens ({why})")
        voice.row(step=100 * (number + 1), tokens=made.store.manifest["tokens"])
    voice.event("finished", step=100 * len(wanted))
    return True
