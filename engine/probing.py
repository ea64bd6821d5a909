"""What a run's checkpoints write: texts with their scores, kept in the run's folder with what a person thinks of them.

A probe is asked for by hand, or by the profile's schedule as the run saves. It never touches the training.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import vault
from engine.checkpoints import Checkpoint
from engine.evaluate.score import score
from engine.evaluating import Asking
from engine.profile.tables.training import Eval
from engine.runs import PRIVATE_FILE, Run

FILE = "probes.jsonl"
MOST = 64 << 20


@dataclass(frozen=True)
class Wanted:
    """What every text is made with."""

    prompts: tuple[str, ...]
    tokens: int
    temperature: float
    seed: int
    forbidden: tuple[str, ...] = ()
    base: str | None = None
    device: str = "auto"


def probe(one: Checkpoint, wanted: Wanted) -> Iterator[dict[str, Any]]:
    """A text for each prompt, as it comes."""
    with Asking("generate") as process:
        device = open_in(process, one, wanted)
        for prompt in wanted.prompts:
            yield write(process, one, wanted, prompt) | {"device": device}


def open_in(process: Asking, one: Checkpoint, wanted: Wanted) -> str:
    """The device that it took."""
    opened = {"checkpoint": one.path, "base": wanted.base, "device": wanted.device}
    return str(process.ask(opened)["device"])


def write(process: Asking, one: Checkpoint, wanted: Wanted, prompt: str) -> dict[str, Any]:
    """One text and what can be counted in it."""
    asked = {"tokens": wanted.tokens, "temperature": wanted.temperature, "seed": wanted.seed}
    begun = time.monotonic()
    text = str(process.ask({"prompt": prompt, **asked})["text"])
    seconds = time.monotonic() - begun
    found = score(text, wanted.forbidden)
    return {
        "id": mark_of(one.path, prompt, text),
        "t": time.time(),
        "checkpoint": one.name,
        "path": one.path,
        "step": one.step,
        "prompt": prompt,
        "text": text,
        "seconds": seconds,
        "words": found.words,
        "repeats": found.repeats,
        "forbidden": list(found.forbidden),
        "faults": list(found.faults),
        "mark": None,
    }


def mark_of(path: str, prompt: str, text: str) -> str:
    return hashlib.sha256("\0".join((path, prompt, text)).encode()).hexdigest()[:8]


def keep(run: Run, table: dict[str, Any]) -> None:
    """One line more; a line is never changed."""
    path = run.folder / FILE
    line = json.dumps(table) + "\n"
    with open(path, "a", encoding="utf-8", opener=_private) as file:
        file.write(line)


def kept(run: Run) -> list[dict[str, Any]]:
    """All texts of a run, oldest first, each with the last mark that somebody gave it."""
    found: dict[str, dict[str, Any]] = {}
    try:
        lines = vault.small(run.folder / FILE, MOST).decode().splitlines()
    except (OSError, ValueError):
        return []
    for line in lines:
        try:
            table = json.loads(line)
            number = str(table["id"])
        except (ValueError, KeyError, TypeError):
            continue
        if "text" in table:
            found[number] = {**table, "mark": found.get(number, {}).get("mark")}
        elif number in found:
            found[number]["mark"] = table.get("mark")
    return list(found.values())


def due(
    settings: Eval, total: int | None, known: Sequence[Checkpoint], done: set[str]
) -> list[Checkpoint]:
    """Those that the schedule wants a probe of: the first at or after each of its steps, and the last."""
    steps = wanted_steps(settings, total)
    whole = sorted((c for c in known if c.flaw is None and c.step is not None), key=_step)
    chosen: list[Checkpoint] = []
    for step in steps:
        first = next((c for c in whole if _step(c) >= step), None)
        if first is not None and first not in chosen:
            chosen.append(first)
    return [c for c in chosen if c.path not in done]


def wanted_steps(settings: Eval, total: int | None) -> list[int]:
    """`[percent, steps]` pairs: up to that share of the run, every so many steps. Without them, at its quarters."""
    if total is None:
        return list(range(0, 1 << 20, settings.every_steps)) if settings.every_steps else []
    if not settings.schedule:
        return [round(total * share) for share in (0.25, 0.5, 0.75, 0.9, 1.0)]
    found, start = [], 0
    for percent, every in settings.schedule:
        end = round(total * percent / 100)
        found += list(range(start + int(every), end + 1, int(every)))
        start = end
    return [*found, total]


def _step(one: Checkpoint) -> int:
    return one.step or 0


def _private(path: str, flags: int) -> int:
    import os

    return os.open(path, flags, PRIVATE_FILE)


def folder_of(path: Path) -> Checkpoint:
    """A checkpoint of no run."""
    from engine.checkpoints import step_in

    return Checkpoint(path.name, str(path), step_in(path), None, None, None)
