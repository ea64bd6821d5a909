"""`engine help TOPIC`: the READMEs' sections, where there is no browser."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import engine
from engine import shipped
from engine.cli.output import Ink, Output
from engine.cli.parser import nearest
from engine.errors import NotFound

EXAMPLES = """
  engine help
  engine help journal
"""
_HERE = Path(engine.__file__).parent


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("topic", metavar="TOPIC", nargs="*", help="absent: the list of topics")


def act(args: argparse.Namespace, out: Output) -> int:
    topics = dict(_topics())
    if not args.topic:
        if args.json:
            out.value(sorted(topics))
        else:
            for name in topics:
                out.line(name)
        return 0
    word = " ".join(args.topic).lower()
    chosen = word if word in topics else next((name for name in topics if word in name), None)
    if chosen is None:
        raise NotFound(f"no topic '{word}'", nearest(word, topics) or "engine help lists them")
    if args.json:
        out.value({"topic": chosen, "text": topics[chosen]})
    else:
        for line in topics[chosen].splitlines():
            out.line(Ink(line, "bold") if line.startswith("#") else line)
    return 0


def _topics() -> Iterator[tuple[str, str]]:
    """Every section of every README, by its heading in lower case; the first of a name counts."""
    seen: set[str] = set()
    root = shipped.root()
    beside = [] if root is None else root.glob("profiles/README.md")
    for path in (*sorted(_HERE.rglob("README.md")), *beside):
        for heading, text in _sections(path.read_text("utf-8")):
            if heading not in seen:
                seen.add(heading)
                yield heading, text


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """A heading and all below it, down to the next of its level or above."""
    lines = [line for line in text.splitlines() if not line.startswith("<!--")]
    fenced = False
    heads: list[tuple[int, int, str]] = []
    for index, line in enumerate(lines):
        fenced ^= line.startswith("```")
        level = len(line) - len(line.lstrip("#"))
        if level and not fenced and line[level : level + 1] == " ":
            heads.append((index, level, line[level:].strip().strip("`").lower()))
    for place, (begin, level, name) in enumerate(heads):
        after = (index for index, other, _ in heads[place + 1 :] if other <= level)
        yield name, "\n".join(lines[begin : next(after, len(lines))])
