"""`engine data curriculum`: what each phase asks, what it can have, and its files."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.grid import Cell, grid
from engine.cli.output import Ink, Output
from engine.cli.parser import count
from engine.errors import Unusable

if TYPE_CHECKING:
    from engine.data.buckets import Tree
    from engine.data.preparing import Asking, Made
    from engine.profile.tables.data import Phase

SHOWN = 10
NEAR = 0.02
"""Shares this near to the ask are as asked."""


def arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--phase", default="all", help="A, B, C, a phase of your profile, or all")
    add("--buckets", "--buckets-dir", metavar="DIR", help="the folder DOMAIN/TIER.jsonl")
    add("--out", "--output-dir", metavar="DIR", help="where the files go; absent: only say")
    add(
        "--target-records",
        "--rows",
        dest="rows",
        type=count,
        metavar="N",
        help="rows of each phase",
    )
    add("--quota", type=count, metavar="N", help="rows of each domain")
    add("--cap", type=float, metavar="SHARE", help="largest share of one domain")
    add("--domain", action="append", default=[], metavar="NAME", help="only this one; repeat")
    add("--seed", type=count, help="of the draw (42, or the profile's)")
    add("--config", metavar="PROFILE", help="a profile whose [data] and [[phase]] are drawn")
    add("--accept", choices=("largest", "nearest"), help="what to do with an ask nobody can meet")
    add("--reuse", action="store_true", help="phases may draw rows that an earlier one had")
    add("--broken", choices=("stop", "skip"), default="skip", help="what a bad row does (skip)")
    add("--no-merge", action="store_true", help="manifests only, no rows")


def act(args: argparse.Namespace, out: Output) -> int:
    from engine.data.preparing import draft, finish, open_tree

    asking = ask(args)
    only = _wanted(args.phase, asking)
    tree = open_tree(asking, args.broken)
    faults(tree, out)
    folder = None if args.out is None else Path(args.out)
    drafts = draft(tree, asking, only, folder)
    _sized([one.composition.phase for one in drafts], asking, out)
    refused = [one.refusal for one in drafts if one.refusal is not None]
    for made in finish(tree, asking, drafts, None if refused else folder, not args.no_merge):
        _tell(made, folder, out)
    if refused:
        raise Unusable(
            "\n".join(refused),
            "change the ask, or take --accept largest (fewer rows) or --accept nearest (another mix)",
        )
    return 0


def _sized(phases: Sequence[Phase], asking: Asking, out: Output) -> None:
    if asking.told or tuple(phases) == asking.phases or len(phases) < len(asking.phases):
        return
    sizes = ", ".join(
        f"{phase.id} {phase.rows:,} rows"
        if phase.rows
        else f"{phase.id} {phase.quota:,} of a domain"
        for phase in phases
    )
    out.say(f"sized to what the buckets hold: {sizes}; --rows or --quota tell other numbers")


def ask(args: argparse.Namespace) -> Asking:
    """Options over the profile over the three phases of our own."""
    from engine.data.curriculum import DEFAULTS, Accept
    from engine.data.preparing import Asking, asking_of

    if args.config is not None:
        from engine import profile

        chosen = profile.load(args.config)
        if args.buckets is not None:
            chosen = replace(chosen, data=replace(chosen.data, buckets=args.buckets))
        asking = asking_of(chosen)
    elif args.buckets is None:
        raise Unusable("which buckets?", "--buckets DIR, or --config PROFILE with data.buckets")
    else:
        asking = Asking(Path(args.buckets), DEFAULTS)
    over: dict[str, Any] = {"rows": args.rows, "quota": args.quota, "cap": args.cap}
    over = {name: value for name, value in over.items() if value is not None}
    if args.cap is not None and not 0 < args.cap <= 1:
        raise Unusable(f"--cap {args.cap:g}: a share lies between 0 and 1")
    told = asking.told or bool(over)
    over |= {"domains": tuple(args.domain)} if args.domain else {}
    over |= {"reuse": True} if args.reuse else {}
    # a quota of a domain makes a phase one of blocks; it is not forced upon the others
    phases = tuple(_over(phase, over) for phase in asking.phases)
    accept = None if args.accept is None else Accept(args.accept)
    seed = asking.seed if args.seed is None else args.seed
    return replace(asking, phases=phases, told=told, accept=accept, seed=seed)


def _over(phase: Phase, over: dict[str, Any]) -> Phase:
    mine = dict(over)
    if phase.quota is None:
        mine.pop("quota", None)
    else:
        mine.pop("cap", None)
    return replace(phase, **mine)


def _wanted(word: str, asking: Asking) -> str | None:
    """The only phase that is asked for; None is all of them."""
    ids = [phase.id for phase in asking.phases]
    if word == "all":
        return None
    if word not in ids:
        raise Unusable(f"there is no phase '{word}'", f"phases: {', '.join(ids)}, all")
    return word


def faults(tree: Tree, out: Output, shown: int = 3) -> None:
    """What of a tree is not what it seems: on stderr, before anything else."""
    if tree.empty:
        out.say(
            f"{len(tree.empty)} of {len(tree.buckets)} bucket files are empty and count as none"
        )
    if tree.broken or tree.useless:
        first = "; ".join(f"{f.where}: {f.reason}" for f in tree.faults[:shown])
        out.say(f"{tree.broken} rows cannot be read, {tree.useless} teach nothing: {first}")
    for name in tree.strange[:shown]:
        out.say(f"{name} is no tier of {', '.join(tree.tiers)} and is left alone")


def _tell(made: Made, folder: Path | None, out: Output) -> None:
    table = made.table
    files = {} if made.written is None or folder is None else made.written.files
    paths = {kind: str(folder / name) for kind, (name, _) in files.items()} if folder else {}
    if out.as_json:
        out.value({**table, "digest": made.written and made.written.digest, "files": paths})
        return
    state = Ink("as asked", "green") if table["met"] else Ink("NOT as asked", "red")
    out.line(
        Ink(f"phase {table['phase']}", "bold"),
        f"  {table['rows']:,} rows, asked {table['asked']:,}: ", state,
    )  # fmt: skip
    grid(out, ("TIER", "ASKED", "GOT", "ROWS", "OF"), [_tier(one) for one in table["tiers"]])
    for sentence in _notes(table):
        out.line("  ", sentence)
    for why in table["why"]:
        out.line("  ", Ink("! ", "red"), why)
    domains = sorted(table["domains"], key=lambda one: (-one["rows"], one["domain"]))
    top = [one for one in domains[:SHOWN] if one["rows"]]
    rows = [[one["domain"], f"{one['rows']:,}", share(one["share"])] for one in top]
    if rows:
        grid(out, ("DOMAIN", "ROWS", "SHARE"), rows)
    for kind, path in paths.items():
        out.line(f"  {kind:<9}{path}")
    out.line()


def _tier(one: dict[str, Any]) -> Sequence[Cell]:
    asked, got = one["asked_share"], one["share"]
    near = asked is None or (got is not None and abs(asked - got) <= NEAR)
    cell = share(got)
    return [
        one["tier"], share(asked), cell if near else Ink(cell, "red"),
        f"{one['rows']:,}", f"{one['has']:,}",
    ]  # fmt: skip


def _notes(table: dict[str, Any]) -> list[str]:
    cover, cap, focus = table["coverage"], table["cap"], table["focus"]
    found = [f"{cover['domains']} of {cover['of']} domains"]
    if cap["domain"] is not None:
        asked = "" if cap["asked"] is None else f", cap {share(cap['asked'])}"
        found.append(f"largest: {cap['domain']} {share(cap['share'])}{asked}")
    if focus["share"] is not None:
        asked = "" if focus["asked"] is None else f", asked {share(focus['asked'])}"
        found.append(f"in focus: {share(focus['share'])}{asked}")
    if focus["absent"]:
        found.append(f"no row of {', '.join(focus['absent'])}")
    return found


def share(part: float | None) -> str:
    """12.5 %"""
    return "—" if part is None else f"{100 * part:.1f} %"
