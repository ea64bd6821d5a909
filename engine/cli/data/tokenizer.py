"""`engine data tokenizer`: a byte-level BPE from a corpus."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

from engine.cli.output import Output
from engine.cli.parser import count
from engine.errors import Unusable

LEAST = 257
"""A token for each byte, and the end of text."""


def arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="the corpus: files of rows or texts")
    add("--out", required=True, metavar="FILE", help="where tokenizer.json goes")
    add("--vocab", type=count, default=30_000, metavar="N", help="tokens (30,000)")
    add("--format", default="auto", help="what a row looks like, as in data.format")


def act(args: argparse.Namespace, out: Output) -> int:
    from engine.data.landing import landing, sha256
    from engine.data.reading import expand

    if not LEAST <= args.vocab <= 1 << 20:
        raise Unusable(f"--vocab {args.vocab}: between {LEAST} and {1 << 20:,}")
    try:
        from engine.data.bpe import learn

        files = [found for name in args.files for found in expand(name)]
        begun = time.monotonic()
        core = learn(_texts(files, args.format, out), args.vocab)
    except ImportError:
        fix = "pip install 'training-cockpit[train]'"
        raise Unusable("a tokenizer needs the tokenizers library", fix) from None
    with landing(Path(args.out)) as file:
        file.write(core.to_str(pretty=False).encode())
    table = {
        "path": args.out, "vocab": core.get_vocab_size(), "sha256": file.sha256,
        "inputs": {name: sha256(Path(name)) for name in files}, "seconds": time.monotonic() - begun,
    }  # fmt: skip
    if out.as_json:
        out.value(table)
        return 0
    if table["vocab"] < args.vocab:
        out.say(f"the corpus gives no more than {table['vocab']:,} tokens")
    out.line(f"{args.out}: {table['vocab']:,} tokens, {table['seconds']:.1f} s")
    return 0


def _texts(files: list[str], kind: str, out: Output) -> Iterator[str]:
    from engine.data.reading import read_rows
    from engine.data.rows import Fault

    for row in read_rows(files, kind):
        if isinstance(row, Fault):
            out.say(f"left out: {row.where}: {row.reason}")
        else:
            yield from (turn.text for turn in row.turns)
