"""`engine report`: a run's entry of the session log, or the log of all runs, made from their journals."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.output import Output
from engine.cli.target import hiders, the
from engine.errors import NotFound, Unusable
from engine.runs import Run, every, logs_folder

if TYPE_CHECKING:  # numbers are loaded once the words make sense
    from engine.curves import Whole

EXAMPLES = """
  engine report @                                 # its entry, as Markdown
  engine report @ --out entry.md
  engine report --log BENCHMARK_LOG.md            # all runs; your own words in it stay
  engine report demo london --log LOG.md          # these
  engine report @ --lineage                       # what it was made of, with hashes
  engine report @ --template my-entry.md.j2
  engine report @ --json
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", metavar="RUN", nargs="*", help="as everywhere; of --log: all")
    parser.add_argument("--log", metavar="FILE", help="the log of these runs, made anew in place")
    parser.add_argument("--lineage", action="store_true", help="base, merges, phases, forks")
    parser.add_argument("--template", metavar="FILE", help="another page for the entry (Jinja)")
    parser.add_argument("--out", metavar="FILE", help="where to; absent: stdout")


def act(args: argparse.Namespace, out: Output) -> int:
    if args.log is not None:
        return _log(args, out)
    if len(args.runs) != 1:
        raise Unusable("report which run?", "engine report @, or engine report --log FILE")
    run = the(args.runs[0], out)
    if args.lineage:
        return _lineage(run, args, out)
    return _entry(run, args, out)


def _entry(run: Run, args: argparse.Namespace, out: Output) -> int:
    from engine.curves import whole
    from engine.report import writing
    from engine.report.entry import entry

    one = whole(run)
    if args.json:
        out.value(entry(one).table())
        return 0
    template = None if args.template is None else Path(args.template)
    _write(writing.of_run(one, hiders([run]), template), args.out, out)
    return 0


def _lineage(run: Run, args: argparse.Namespace, out: Output) -> int:
    from engine.report.lineage import drawn, lineage

    found = lineage(run, logs_folder())
    if args.json:
        out.value(found.table())
    else:
        _write("".join(f"{line}\n" for line in drawn(found, hiders([run]))), args.out, out)
    return 0


def _log(args: argparse.Namespace, out: Output) -> int:
    from engine.data.landing import landing
    from engine.report import own, writing

    runs = [the(word, out) for word in args.runs] or every(logs_folder())
    if not runs:
        raise NotFound(f"no runs in {logs_folder()}", "engine import FILE makes runs of old logs")
    runs = sorted(runs, key=lambda run: run.id[-20:])
    path, hide = Path(args.log), hiders(runs)
    out.hide(hide)
    text = writing.of_log(_wholes(runs, out), writing.read(path), hide)
    with landing(path) as file:
        file.write(text.encode())
    count = len(own.numbers(text))
    if args.json:
        out.value({"path": str(path), "runs": [run.id for run in runs], "sessions": count})
    else:
        out.say(f"{count} sessions in {path}")
    return 0


def _wholes(runs: Sequence[Run], out: Output) -> Iterator[Whole]:
    from engine.curves import whole

    for run in runs:
        try:
            yield whole(run)
        except OSError as error:
            out.say(f"engine: {run.id} is left out: {error.strerror}")


def _write(text: str, path: str | None, out: Output) -> None:
    """What is rendered is harmless already, but for a terminal's own alphabet."""
    if path is None:
        sys.stdout.write(text)
        return
    from engine.data.landing import landing

    with landing(Path(path)) as file:
        file.write(text.encode())
    out.say(f"written to {path}")
