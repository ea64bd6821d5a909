"""`engine data buckets`: rows into DOMAIN/TIER.jsonl, or what such a folder holds."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.data.curriculum import faults
from engine.cli.grid import grid
from engine.cli.output import Output
from engine.errors import Unusable

if TYPE_CHECKING:
    from engine.data.buckets import Tree

SHOWN = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE|DIR", help="files of rows, or one folder of buckets")
    add("--out", metavar="DIR", help="make buckets here; absent: say what the folder holds")
    add("--rules", metavar="FILE", help="for rows that name no category or difficulty (finance)")
    add("--format", default="auto", help="what a row looks like, as in data.format")
    add("--dedupe", choices=("none", "exact", "near"), default="exact", help="(exact)")
    add("--broken", choices=("stop", "skip"), default="stop", help="what a bad row does (stop)")


def act(args: argparse.Namespace, out: Output) -> int:
    return _say(args, out) if args.out is None else _build(args, out)


def _build(args: argparse.Namespace, out: Output) -> int:
    from engine.data.build import build
    from engine.data.classify import FINANCE, read_rules
    from engine.data.reading import expand

    files = [found for name in args.files for found in expand(name)]
    rules = read_rules(Path(args.rules or FINANCE))
    built = build(files, Path(args.out), rules, (args.format, args.dedupe, args.broken))
    for fault in built.faults[:SHOWN]:
        out.say(f"left out: {fault.where}: {fault.reason}")
    table = {
        "path": args.out, "rows": built.rows, "by_rules": built.by_rules, "doubles": built.doubles,
        "faults": len(built.faults), "buckets": dict(sorted(built.buckets.items())),
    }  # fmt: skip
    if out.as_json:
        out.value(table)
        return 0
    out.line(
        f"{built.rows:,} rows in {len(built.buckets)} buckets of {args.out}: {built.by_rules:,}"
        f" placed by rules, {built.doubles:,} doubles and {len(built.faults):,} bad rows left out"
    )
    return 0


def _say(args: argparse.Namespace, out: Output) -> int:
    from engine.data.buckets import scan

    if len(args.files) > 1:
        raise Unusable("several files and no --out", "--out DIR makes buckets of them")
    tree = scan(Path(args.files[0]), kind=args.format)
    faults(tree, out)
    if out.as_json:
        out.value(table_of(tree))
        return 0
    stock = sorted(tree.stock.items(), key=lambda one: (-sum(one[1].values()), one[0]))
    rows = [[d, *(f"{t.get(tier, 0):,}" for tier in tree.tiers)] for d, t in stock]
    grid(out, ("DOMAIN", *(tier.upper() for tier in tree.tiers)), rows)
    out.say(f"{tree.rows:,} rows, {len(stock)} domains, {len(tree.buckets)} files")
    return 0


def table_of(tree: Tree) -> dict[str, object]:
    from engine.data import mix

    return {
        "path": str(tree.folder),
        "rows": tree.rows,
        "tiers": mix.by_tier(tree.stock, tree.tiers),
        "domains": {d: {t: row.get(t, 0) for t in tree.tiers} for d, row in tree.stock.items()},
        "files": len(tree.buckets),
        "empty": tree.empty,
        "broken": tree.broken,
        "useless": tree.useless,
        "faults": [{"where": f.where, "reason": f.reason} for f in tree.faults],
    }
