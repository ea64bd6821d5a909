"""`engine data validate`: everything that is wrong with rows, by file and line."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine.cli import words
from engine.cli.output import Ink, Output
from engine.cli.parser import count
from engine.errors import Unusable

BAR = 40


def arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE|DIR", help="files of rows; a folder means all below it")
    add("--eval", action="append", default=[], metavar="FILE", help="rows that must not be in them")
    add("--tokenizer", metavar="FILE", help="count tokens, not characters")
    add("--max-length", type=count, metavar="N", help="name rows of more tokens")
    add("--near", action="store_true", help="look for near doubles and near leaks, too")
    add("--expect", action="append", default=[], metavar="FILE=ROWS", help="counts; total=ROWS")
    add("--config", metavar="PROFILE", help="take data.expect and data.format from there")
    add("--format", default="auto", help="what a row looks like, as in data.format")
    add("--broken", choices=("stop", "skip"), default="skip", help="what a bad row does (skip)")
    add("--workers", type=count, default=0, metavar="N", help="processes (one a core)")


def act(args: argparse.Namespace, out: Output) -> int:
    from engine.data.encoders import read_tokenizer
    from engine.data.inspection import Wanted
    from engine.data.reading import expand, read_rows
    from engine.data.validate import Validator, Wishes, table

    if args.max_length is not None and args.tokenizer is None:
        raise Unusable("--max-length counts tokens", "name a --tokenizer, too")
    expect, kind = _expect(args)
    tokenizer = None if args.tokenizer is None else read_tokenizer(Path(args.tokenizer))[0]
    wanted = Wanted(kind, args.near, tokenizer)
    wishes = Wishes(wanted, args.max_length, expect, args.broken == "stop", args.workers)
    validator = Validator(wishes)
    validator.hold_out(read_rows([f for name in args.eval for f in expand(name)], kind))
    report = validator.look([found for name in args.files for found in _below(name)])
    found = table(report, wishes)
    if out.as_json:
        out.value(found)
    else:
        _say(found, out)
    return 0 if found["ok"] else 1


def _below(name: str) -> list[str]:
    from engine.data.reading import SUFFIXES, expand

    if Path(name).is_dir():
        return sorted(str(p) for p in Path(name).rglob("*") if p.suffix in SUFFIXES)
    return expand(name)


def _expect(args: argparse.Namespace) -> tuple[dict[str, int], str]:
    from engine import profile

    expect, kind = {}, args.format
    if args.config is not None:
        chosen = profile.load(args.config)
        expect, kind = dict(chosen.data.expect), chosen.data.format
    for said in args.expect:
        name, _, rows = said.rpartition("=")
        if not name or not rows.isdigit():
            raise Unusable(f"--expect {said}: not FILE=ROWS")
        expect[name] = int(rows)
    return expect, kind


def _say(found: dict[str, Any], out: Output) -> None:
    for one in found["files"]:
        expected = one["expected"]
        right = expected in (None, one["rows"])
        told = "" if expected is None else f"  expected {expected:,}"
        out.line(f"{one['rows']:>10,}  {one['path']}", Ink(told, "green" if right else "red"))
    for one in found["problems"]:
        ink = Ink(one["problem"], "red" if one["level"] == "error" else "yellow")
        out.line(f"{one['rows']:>10,}  ", ink)
        for example in one["examples"]:
            out.line(f"{'':12}{example['where']}: {example['reason']}")
    if found["languages"]:
        spoken = ", ".join(f"{name} {rows:,}" for name, rows in found["languages"].items())
        out.line(f"languages of a sample: {spoken}")
    lengths = found["lengths"]
    if lengths["longest"] is not None:
        out.line(
            f"{lengths['unit']}: median {words.figure(lengths['median'])},"
            f" 95 % up to {words.figure(lengths['p95'])}, longest {lengths['longest']:,}"
        )
        most = max(one["rows"] for one in lengths["histogram"])
        for one in lengths["histogram"]:
            bar = "█" * max(1, BAR * one["rows"] // most)
            out.line(f"{one['upto']:>10,}  {bar} {one['rows']:,}")
    verdict = Ink("ok", "green") if found["ok"] else Ink("not ok", "red")
    out.line(f"{found['rows']:,} rows: ", verdict)
