"""`engine export`: a run for other programs and other people, as one file."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.output import Output
from engine.cli.parser import run_argument
from engine.cli.target import hider, the
from engine.errors import Unusable
from engine.runs import Run

if TYPE_CHECKING:  # numbers are loaded once the words make sense
    from engine.curves import Whole

EXAMPLES = """
  engine export @ --to csv > run.csv
  engine export demo --to html --out demo.html     # one page, to send to anybody
  engine export demo --to bundle --out demo.cockpit
  engine export demo --to tensorboard --out tb/    # for tensorboard --logdir tb
  engine export demo --to wandb --out wandb/       # for wandb sync wandb/offline-run-…
  engine export demo --to junit > report.xml
"""
TEXT = ("csv", "html", "md", "junit")
"""Formats that can go to stdout."""
FILES = ("parquet", "png", "svg", "bundle", "wandb", "tensorboard")
FOLDERS = ("wandb", "tensorboard")
"""Of these the folder is made."""
Made = tuple[Path, int | None, list[str]]
"""Where it is, rows in it, and their columns; None where it is no table."""


def arguments(parser: argparse.ArgumentParser) -> None:
    run_argument(parser)
    parser.add_argument("--to", choices=(*TEXT, *FILES), required=True, help="the format")
    parser.add_argument("--out", metavar="FILE", help="where to; absent: stdout, of text alone")
    parser.add_argument(
        "--by", choices=("step", "tokens", "time", "money"), default="step", help="x of a figure"
    )
    parser.add_argument("--whole", action="store_true", help="of a bundle: all of long consoles")


def act(args: argparse.Namespace, out: Output) -> int:
    run = the(args.run, out)
    if args.out is None and (args.json or args.to in FILES):
        why = "--json tells about a file" if args.json else f"{args.to} is a file"
        raise Unusable(why, "add --out FILE")
    if args.out is None:
        sys.stdout.write(_text(run, args.to))
        return 0
    if args.to not in FOLDERS and not Path(args.out).absolute().parent.is_dir():
        raise Unusable(f"{args.out}: No such file or directory", "make its folder first")
    path, rows, columns = _WRITERS.get(args.to, _plain)(run, args, out)
    if args.json:
        out.value({"run": run.id, "path": str(path), "to": args.to, "bytes": _bytes(path),
                   "rows": rows, "columns": columns})  # fmt: skip
    else:
        out.say(f"{path}" if rows is None else f"{rows:,} rows in {path}")
    return 0


def _bytes(path: Path) -> int:
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return sum(one.stat().st_size for one in files)


def _whole(run: Run) -> Whole:
    from engine.curves import whole

    return whole(run)


def _text(run: Run, form: str) -> str:
    hide = hider(run)
    if form == "csv":
        return _csv(run)[0]
    if form == "html":
        from engine.export.page import to_page

        return to_page(_whole(run), hide)
    if form == "junit":
        from engine.export.junit import to_junit

        return to_junit(_whole(run), hide)
    from engine.report.writing import of_run

    return of_run(_whole(run), hide)


def _csv(run: Run) -> tuple[str, int, list[str]]:
    from engine.export.tables import to_csv

    text = io.StringIO(newline="")
    rows, columns = to_csv(run, text)
    return text.getvalue(), rows, columns


def _plain(run: Run, args: argparse.Namespace, out: Output) -> Made:
    """The file appears whole or not at all."""
    from engine.data.landing import landing

    rows, columns = None, list[str]()
    if args.to == "csv":
        text, rows, columns = _csv(run)
    else:
        text = _text(run, args.to)
    path = Path(args.out)
    with landing(path) as file:
        file.write(text.encode())
    return path, rows, columns


def _parquet(run: Run, args: argparse.Namespace, out: Output) -> Made:
    from engine.export.tables import to_parquet

    path = Path(args.out)
    return path, *to_parquet(_whole(run), path)


def _figure(run: Run, args: argparse.Namespace, out: Output) -> Made:
    from engine.export.figures import to_figure

    one, path = _whole(run), Path(args.out)
    if args.by not in one.counting.kinds(one.curves):
        raise Unusable(f"{run.id} cannot be counted by {args.by}", "--by step always can")
    to_figure(one, path, args.to, args.by, hider(run))
    return path, None, []


def _tensorboard(run: Run, args: argparse.Namespace, out: Output) -> Made:
    from engine.export.tensorboard import to_tensorboard

    one = _whole(run)
    rows, path = to_tensorboard(one, Path(args.out))
    return path, rows, list(one.curves.metrics)


def _wandb(run: Run, args: argparse.Namespace, out: Output) -> Made:
    from engine.export.wandb import to_wandb

    one = _whole(run)
    rows, path = to_wandb(one, Path(args.out), hider(run))
    return path, rows, list(one.curves.metrics)


def _bundle(run: Run, args: argparse.Namespace, out: Output) -> Made:
    from engine.bundle.packing import pack
    from engine.cli.words import size

    path = Path(args.out)
    told = pack(run, path, args.whole)
    for line in told.said():
        out.say(line)
    out.say(f"{size(path.stat().st_size)} of {size(told.journal)}; no weights are in it")
    return path, None, []


_WRITERS: dict[str, Callable[[Run, argparse.Namespace, Output], Made]] = {
    "parquet": _parquet,
    "png": _figure,
    "svg": _figure,
    "tensorboard": _tensorboard,
    "wandb": _wandb,
    "bundle": _bundle,
}
