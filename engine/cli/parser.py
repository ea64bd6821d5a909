"""argparse that complains in our words: what was wrong, the nearest right name, the next step."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Iterable
from typing import NoReturn

from engine.errors import Unusable

_UNKNOWN = re.compile(r"unrecognized arguments: (-\S+)")


class Parser(argparse.ArgumentParser):
    """Never exits for a mistake: it raises `Unusable`."""

    def error(self, message: str) -> NoReturn:
        found = _UNKNOWN.match(message)
        if found is not None:
            known = [option for action in self._actions for option in action.option_strings]
            message = f"{self.prog} has no option {found.group(1)}"
            raise Unusable(message, nearest(found.group(1), known) or f"{self.prog} --help")
        raise Unusable(f"{self.prog}: {message}", f"{self.prog} --help")


def verb_parser(name: str, summary: str, examples: str) -> Parser:
    """The parser of one verb; every verb answers `--json`."""
    parser = Parser(
        prog=f"engine {name}",
        description=summary[0].upper() + summary[1:] + ".",
        epilog="examples:\n" + examples.strip("\n"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="the answer as JSON on stdout")
    return parser


def run_argument(parser: argparse.ArgumentParser) -> None:
    """RUN, as every verb means it."""
    parser.add_argument(
        "run",
        metavar="RUN",
        help="an id, a unique part of one, a profile's name (its newest run), @ (the newest), "
        "or the path of a run's folder",
    )


def count(text: str) -> int:
    """A number of things: whole and not negative."""
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number")
    return int(text)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """`did you mean …?`, when something is near."""
    close = difflib.get_close_matches(word, list(known), 1, 0.5)
    return f"did you mean {close[0]}?" if close else None
