"""`engine data look`: rows as the model sees them, what is learned in colour."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.output import Ink, Output
from engine.cli.parser import count

if TYPE_CHECKING:
    from engine.data.rows import Fault, Row


def arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="files of rows, globs or folders")
    add("-n", type=count, default=3, metavar="N", help="rows to show (3)")
    add("--skip", type=count, default=0, metavar="N", help="rows to pass over first")
    add("--random", type=count, metavar="SEED", help="rows from anywhere, the same for a seed")
    add("--template", default="alpaca", help="alpaca, chatml or plain (alpaca)")
    add("--tokenizer", metavar="FILE", help="count the tokens, too")
    add("--format", default="auto", help="what a row looks like, as in data.format")
    add("--only-bad", action="store_true", help="only rows with something wrong")


def act(args: argparse.Namespace, out: Output) -> int:
    from engine.data import template
    from engine.data.bpe import END
    from engine.data.encoders import open_encoder, read_tokenizer
    from engine.data.quality import problems
    from engine.data.reading import expand
    from engine.data.rows import Fault

    encoder, eos = None, END
    if args.tokenizer is not None:
        data, eos, _ = read_tokenizer(Path(args.tokenizer))
        encoder = open_encoder(data, [])
    render = template.pick(args.template, None, eos)
    files = [found for name in args.files for found in expand(name)]
    for row in islice(_chosen(files, args), args.n):
        if isinstance(row, Fault):
            _bad(row, out)
            continue
        pieces = render(row)
        tokens = (
            None if encoder is None else int(encoder.encode([p.text for p in pieces]).sizes.sum())
        )
        wrong = [f"{name}: {seen}" for name, seen in problems(row)]
        if out.as_json:
            shown = [{"text": p.text, "trained": p.trained} for p in pieces]
            out.value({"where": row.where, "pieces": shown, "tokens": tokens, "problems": wrong})
            continue
        size = "" if tokens is None else f"  {tokens:,} tokens"
        out.line(Ink(row.where + size, "bold"))
        # what is learned is also told by its sign, for a terminal without colour
        for piece in pieces:
            for line in piece.text.split("\n"):
                mark, colour = ("┃ ", "green") if piece.trained else ("│ ", "dim")
                out.line(Ink(mark + line, colour))
        for sentence in wrong:
            out.line(Ink(f"! {sentence}", "yellow"))
        out.line()
    return 0


def _bad(fault: Fault, out: Output) -> None:
    if out.as_json:
        said = [fault.reason]
        out.value({"where": fault.where, "pieces": [], "tokens": None, "problems": said})
    else:
        out.line(Ink(f"{fault.where}  ", "bold"), Ink(fault.reason, "red"))


def _chosen(files: list[str], args: argparse.Namespace) -> Iterator[Row | Fault]:
    from engine.data.quality import problems
    from engine.data.reading import read_rows
    from engine.data.rows import Fault

    rows = read_rows(files, args.format)
    if args.only_bad:
        rows = (row for row in rows if isinstance(row, Fault) or problems(row))
    rows = islice(rows, args.skip, None)
    return rows if args.random is None else _sampled(rows, args.n, args.random)


def _sampled(rows: Iterator[Row | Fault], wanted: int, seed: int) -> Iterator[Row | Fault]:
    """A reservoir: one pass, memory of what is shown, every row as likely as another."""
    import random

    source, kept = random.Random(seed), list[tuple[int, "Row | Fault"]]()
    for number, row in enumerate(rows):
        if len(kept) < wanted:
            kept.append((number, row))
        elif (place := source.randrange(number + 1)) < wanted:
            kept[place] = (number, row)
    return (row for _, row in sorted(kept, key=lambda one: one[0]))
