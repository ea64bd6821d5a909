"""`engine data classify`: the domain and tier of each row by rules, with the reason."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.cli.output import Output

SHOWN = 10


def arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="files of rows, globs or folders")
    add("--rules", metavar="FILE", help="your rules (finance)")
    add("--print-rules", action="store_true", help="the rules themselves, to copy and edit")
    add("--format", default="auto", help="what a row looks like, as in data.format")
    add("--all", action="store_true", help="every row, not only the first ten of each tier")


def act(args: argparse.Namespace, out: Output) -> int:
    from engine.data.classify import FINANCE, classify, read_rules
    from engine.data.reading import expand, read_rows
    from engine.data.rows import Fault

    path = Path(args.rules or FINANCE)
    rules = read_rules(path)
    if args.print_rules:
        for line in path.read_text(encoding="utf-8").splitlines():
            out.line(line)
        return 0
    counts: dict[tuple[str, str], int] = {}
    seen: dict[str, int] = {}
    for row in read_rows([f for name in args.files for f in expand(name)], args.format):
        if isinstance(row, Fault):
            out.say(f"left out: {row.where}: {row.reason}")
            continue
        found = classify(row, rules)
        counts[found.domain, found.tier] = counts.get((found.domain, found.tier), 0) + 1
        seen[found.tier] = seen.get(found.tier, 0) + 1
        if out.as_json:
            out.value({"where": row.where, **vars(found)})
        elif args.all or seen[found.tier] <= SHOWN:
            out.line(f"{row.where}  {found.domain}/{found.tier}  {found.why}")
    if not out.as_json:
        for (domain, tier), rows in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
            out.say(f"{rows:>8,}  {domain}/{tier}")
    return 0
