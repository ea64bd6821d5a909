"""Write a plan down as a run: hidden until it is whole, then there at once, closed, and like any other from then on."""

from __future__ import annotations

import heapq
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import engine
from engine import journal, profile, runs
from engine.errors import Unusable
from engine.events import SCHEMA, Event, encode
from engine.events import keeper as k
from engine.events import runner as r
from engine.events import trainer as t
from engine.imports import markdown, table, tfevents, trackio, wandb
from engine.imports.plan import Plan, Source
from engine.imports.told import Found, Names, loads
from engine.runs import PRIVATE_DIR, PRIVATE_FILE, Run

HOST = "imported"
OLDEST = 946_684_800.0
"""2000-01-01: a clock that says less was not set."""
UNSEEN = "imported; its files do not say how it ended"


def record(one: Plan, logs: Path) -> tuple[Run, Found]:
    """The run that this plan makes."""
    found = Found(name=one.name)
    logs.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
    hidden = logs / f".import-{os.getpid()}-{time.time_ns():x}"
    try:
        attempt = Run(hidden).attempt(1)
        attempt.folder.mkdir(mode=PRIVATE_DIR, parents=True)
        printed = _rows(one, found, attempt.trainer)
        if one.console is not None:
            shutil.copyfile(one.console, attempt.console)
            found.at(one.console.stat().st_mtime)
        elif printed:
            attempt.console.write_bytes(printed)
        if not found.rows and not found.typed and one.console is None:
            said = f": {found.unread[0]}" if found.unread else ""
            raise Unusable(f"no metrics in {_from(one)}{said}", "name another file")
        run = _named(one, found, logs)
        _journal(Run(hidden), run, found, _from(one))
        for path in hidden.rglob("*"):
            path.chmod(PRIVATE_DIR if path.is_dir() else PRIVATE_FILE)
        os.replace(hidden, run.folder)
    except OSError as error:
        raise Unusable(
            f"cannot import {_from(one)}: {error.strerror}", "free some space"
        ) from error
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
    return run, found


def _rows(one: Plan, found: Found, into: Path) -> bytes:
    """Write the trainer's segment; what the run printed, where its file has that."""
    printed = bytearray()
    if not one.sources:
        return b""
    with open(into, "wb") as file:
        if found.total is not None:
            file.write(encode(t.Planned(None, found.total)))
        for block in _blocks(one.sources, found, printed):
            file.write(block)
        if found.total is not None or found.facts:
            facts = {key: value for key, value in found.facts.items() if value is not None}
            file.write(encode(t.Planned(None, found.total, facts=facts)))
        file.flush()
        os.fsync(file.fileno())
    return bytes(printed)


def _blocks(sources: tuple[Source, ...], found: Found, printed: bytearray) -> Iterator[bytes]:
    if len(sources) == 1:
        return _of(sources[0], found, printed, Names())
    names = Names()
    streams = [_each(_of(source, found, printed, names)) for source in sources]
    return (line for _, line in heapq.merge(*streams, key=lambda told: told[0]))


def _each(blocks: Iterator[bytes]) -> Iterator[tuple[float, bytes]]:
    """Lines with their times, so that several files become one course."""
    last = 0.0
    for block in blocks:
        for text in block.splitlines(keepends=True):
            told = loads(text).get("t")
            last = max(last, told) if isinstance(told, (int, float)) else last
            yield last, text


def _of(source: Source, found: Found, printed: bytearray, names: Names) -> Iterator[bytes]:
    if source.kind == "tfevents":
        return tfevents.lines(source.path, found, source.prefix, names)
    if source.kind == "wandb":
        return wandb.lines(source.path, found, printed)
    if source.kind == "markdown":
        markdown.fill(source.path, source.run, found)
        return iter(())
    if source.kind == "trackio":
        return trackio.lines(source.path, source.run, found)
    readers = {"csv": table.of_csv, "jsonl": table.of_jsonl, "state": table.of_state}
    return readers[source.kind](source.path, found)


def _named(one: Plan, found: Found, logs: Path) -> Run:
    """A free id, by the time at which the training began where that is known."""
    name = re.sub(r"[^a-z0-9._-]+", "-", (found.name or one.name).lower()).strip("-._")[:40]
    begun = found.started if found.started and found.started > OLDEST else time.time()
    for run in runs.free(name or "import", logs, begun):
        if not run.folder.exists():
            return run
    raise Unusable(f"no free run id in {logs}", fix="remove runs that were brought in before")


def _journal(hidden: Run, run: Run, found: Found, origin: str) -> None:
    """The facts around the rows, none of them invented."""
    begun = found.started if found.started and found.started > OLDEST else time.time()
    ended = max(found.ended or begun, begun)
    table_ = {"name": run.id[:-21], "recipe": "command", "command": {"argv": [HOST]}}
    chosen = profile.from_table(table_)
    journal.replace(hidden.profile, chosen.canonical())
    hidden.requests.mkdir(mode=PRIVATE_DIR)
    accepted = k.Accepted(
        t=begun,
        schema=SCHEMA,
        run=run.id,
        profile=chosen.name,
        digest=chosen.digest,
        host=HOST,
        version=engine.__version__,
        cwd="/",
    )
    opened = k.AttemptOpened(begun, 1, HOST, (HOST,), "/", "import")
    typed = enumerate(found.typed.items())
    facts: list[Event] = [
        accepted,
        opened,
        k.Noted(ended, "import", f"imported from {origin}", HOST),
        *(k.Typed(ended, f"import {at}", key, value, HOST) for at, (key, value) in typed),
    ]
    if found.code is None:
        facts.append(k.AttemptLost(ended, 1, UNSEEN))
    else:
        took = ended - begun
        end = r.Exited(ended, found.code, None, False, took if took > 0 else None, None, ())
        hidden.attempt(1).runner.write_bytes(encode(end))
    facts.append(k.Closed(ended, 1))
    hidden.keeper.write_bytes(b"".join(map(encode, facts)))


def _from(one: Plan) -> str:
    path = one.sources[0].path if one.sources else one.console
    more = f" and {len(one.sources) - 1} more" if len(one.sources) > 1 else ""
    return f"{path.name if path else one.name}{more}"
