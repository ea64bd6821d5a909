"""`engine push`: a project's files on a machine ahead of a launch, sent once under the name of their content."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine import profile
from engine.cli import words
from engine.cli.grid import grid
from engine.cli.output import Output
from engine.hosts import find
from engine.sync.selection import select

EXAMPLES = """
  engine push profile.toml --host box
  engine push profile.toml --host box --dry-run      # what would go, largest first
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("profile", type=Path, metavar="PROFILE")
    parser.add_argument("--host", required=True, metavar="HOST")
    parser.add_argument("--dry-run", action="store_true", help="list it and send nothing")


def act(args: argparse.Namespace, out: Output) -> int:
    from engine.machines.shipping import ship

    host = find(args.host)
    workspace = profile.load(args.profile).workspace
    chosen = select(Path.cwd(), workspace.push, workspace.exclude)
    sent = ship(host, chosen, args.dry_run).sent
    if out.as_json:
        table = {"host": host.name, "digest": chosen.digest, "files": len(chosen.items)}
        out.value({**table, "bytes": chosen.bytes, "sent": sent})
        return 0
    if args.dry_run:
        largest = sorted(chosen.items, key=lambda item: -item.bytes)
        grid(out, ("FILE", "SIZE"), [[item.name, words.size(item.bytes)] for item in largest])
    else:
        out.line(chosen.digest)
    what = f"{len(chosen.items):,} files, {words.size(chosen.bytes)}"
    verb = "would be" if args.dry_run else "are" if sent else "were already"
    out.say(f"{what} {verb} on {host.name}")
    return 0
