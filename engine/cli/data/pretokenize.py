"""`engine data pretokenize`: rows to memory-mapped tokens, named by everything they depend on."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli import words
from engine.cli.output import Output
from engine.cli.parser import count
from engine.errors import Unusable

if TYPE_CHECKING:
    from engine.data.pretokenizing import Outcome, Tell
    from engine.data.work import Task

PAUSE_S = 1.0
SHOWN = 5


def arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--input", nargs="+", required=True, metavar="FILE",
        help="rows, globs or folders; a curriculum's folder is a store for each of its phases")  # fmt: skip
    add("--tokenizer", required=True, metavar="FILE", help="a tokenizer.json, or a model's folder")
    add("--max-length", type=count, default=1024, metavar="N", help="longest sequence (1024)")
    add("--out", metavar="DIR", help="the cache, a folder for each digest in it (the trainer's)")
    add("--template", default="alpaca", help="alpaca, chatml or plain (alpaca)")
    add("--format", default="auto", help="what a row looks like, as in data.format")
    add("--text", action="store_true", help="one stream of running text, for pre-training")
    add("--too-long", choices=("truncate", "drop", "split"), default="truncate")
    add("--no-packing", action="store_true", help="one row to a sequence")
    add("--learn-prompts", action="store_true", help="learn the prompts, too")
    add("--mode", choices=("auto", "rebuild", "require"), default="auto", help="(auto)")
    add("--broken", choices=("stop", "skip"), default="stop", help="what a bad row does (stop)")
    add("--workers", type=count, default=0, metavar="N", help="processes (one a core)")
    add("--seed", type=count, default=42, help="of the packing (42)")
    add("--encoder", choices=("tokenizers",), help="leave the fast encoder out")


def act(args: argparse.Namespace, out: Output) -> int:
    from engine.data.known import home
    from engine.data.pretokenizing import Way, ensure

    if args.max_length < 2:
        raise Unusable("--max-length: a sequence has two tokens at least")
    folder = home() if args.out is None else Path(args.out)
    for phase, inputs in inputs_of(args.input, folder):
        task = task_of(args, inputs, folder)
        tell = progress(out) if not out.as_json else None
        way = Way(args.mode, args.workers, args.broken, tell)
        _answer(phase, ensure(task, folder, way), out)
    return 0


def inputs_of(names: list[str], memory: Path) -> Iterator[tuple[str | None, list[str]]]:
    """The files as they are named; or those of each phase of a curriculum, if they are what was drawn."""
    from engine.data.pinned import current, is_curriculum
    from engine.data.preparing import read_index

    if not is_curriculum(tuple(names)):
        yield None, names
        return
    index = read_index(Path(names[0]))
    for phase in [] if index is None else index["phases"]:
        yield phase, [str(current(Path(names[0]), phase, memory)[0])]


def task_of(args: argparse.Namespace, inputs: list[str], memory: Path) -> Task:
    from engine.data.encoders import read_tokenizer
    from engine.data.pretokenizing import describe

    tokenizer, eos, _ = read_tokenizer(Path(args.tokenizer))
    said = {
        "eos": eos, "max_length": args.max_length, "template": args.template, "kind": args.format,
        "too_long": args.too_long, "mask_prompt": not args.learn_prompts, "seed": args.seed,
        "packing": not args.no_packing, "running": args.text,
    }  # fmt: skip
    return describe(inputs, tokenizer, said, memory, args.encoder)


def progress(out: Output) -> Tell:
    """A line a second on stderr: how far, how fast, how long yet."""
    begun = shown = time.monotonic()
    first: int | None = None

    def tell(done: int, total: int, tokens: int) -> None:
        nonlocal shown, first
        now = time.monotonic()
        first = done if first is None else first
        if now - shown < PAUSE_S or done >= total:
            return
        shown = now
        rate = (done - first) / (now - begun)
        left = (total - done) / rate if rate else None
        out.say(
            f"{100 * done / total:.0f} %  {tokens:,} tokens  {words.size(rate)}/s"
            f"  {words.span(left)} to go"
        )

    return tell


def _answer(phase: str | None, made: Outcome, out: Output) -> None:
    manifest = made.store.manifest
    faults = [{"where": one["where"], "reason": one["reason"]} for one in manifest["faults"]]
    table = {
        "phase": phase, "path": str(made.store.folder), "digest": manifest["digest"], "reused": made.reused,
        "reason": made.reason, "tokens": manifest["tokens"], "documents": manifest["documents"],
        "trained": manifest["trained"], "bins": manifest["bins"],
        "bytes": sum(one["bytes"] for one in manifest["outputs"].values()),
        "faults": faults, "cut": manifest["cut"], "seconds": made.seconds,
    }  # fmt: skip
    if out.as_json:
        out.value(table)
        return
    for one in faults[:SHOWN]:
        out.say(f"left out: {one['where']}: {one['reason']}")
    if manifest["cut"]:
        out.say(f"{manifest['cut']:,} rows were longer and lost their tail or were split")
    why = "reused: nothing changed" if made.reused else f"made: {made.reason}"
    head = "" if phase is None else f"phase {phase}: "
    out.line(
        f"{head}{table['path']}: {manifest['tokens']:,} tokens, {manifest['documents']:,} documents, "
        f"{words.size(table['bytes'])}, {made.seconds:.1f} s ({why})"
    )
