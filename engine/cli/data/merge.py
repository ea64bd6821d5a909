"""`engine data merge` and `engine data dedupe`: files as one, without doubles."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.cli.output import Output
from engine.cli.parser import count
from engine.errors import Unusable

SHOWN = 5


def arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="files of rows, globs or folders")
    add("--out", required=True, metavar="FILE", help="where the rows go")
    add("--near", action="store_true", help="leave out rows that are nearly the same, too")
    add("--threshold", type=float, default=0.8, metavar="X", help="how alike is nearly (0.8)")
    add("--keep-doubles", action="store_true", help="only put the files together")
    add("--format", default="auto", help="what a row looks like, as in data.format")
    add("--broken", choices=("stop", "skip"), default="stop", help="what a bad row does (stop)")
    add("--workers", type=count, default=0, metavar="N", help="processes (one a core)")


def act(args: argparse.Namespace, out: Output) -> int:
    from engine.data.merging import How, merge
    from engine.data.reading import expand

    if not 0 < args.threshold <= 1:
        raise Unusable(f"--threshold {args.threshold:g}: likeness lies between 0 and 1")
    kind = "none" if args.keep_doubles else "near" if args.near else "exact"
    files = [found for name in args.files for found in expand(name)]
    how = How(args.format, kind, args.threshold, args.broken, args.workers)
    merged = merge(files, Path(args.out), how)
    if out.as_json:
        faults = [{"where": f.where, "reason": f.reason} for f in merged.faults]
        out.value({"path": args.out, **{**vars(merged), "faults": faults}})
        return 0
    for fault in merged.faults[:SHOWN]:
        out.say(f"left out: {fault.where}: {fault.reason}")
    out.line(
        f"{args.out}: {merged.rows:,} of {merged.read:,} rows; left out {merged.doubles:,} doubles,"
        f" {merged.near:,} near doubles, {len(merged.faults):,} bad rows"
    )
    return 0
