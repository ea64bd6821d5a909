"""One card: a pattern, and words about the lines that it fits. Named groups of the pattern can be used in the words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

LINE_CAP = 4096
"""Characters of a line that are looked at."""
WORD_CAP = 120
"""Characters of a group that go into a sentence."""


@dataclass(frozen=True)
class Explained:
    """What a card says of one line."""

    card: str
    what: str
    why: str
    do: str
    set: tuple[str, ...] = ()
    """Over the profile: `--set` of a launch or a resume."""
    run: tuple[str, ...] = ()
    """A command, word by word; nobody runs it but a person."""


@dataclass(frozen=True)
class Card:
    """`has` is a text that every line has which the pattern fits; it makes the search fast."""

    id: str
    pattern: str
    what: str
    why: str
    do: str
    has: str = ""
    hint: bool = False
    """It is never why a run failed."""
    set: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()
    """A regular expression and what stands in its place, in the script's text."""
    line: str = ""
    miss: str = ""
    source: str = ""

    @cached_property
    def fits(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    def says(self, line: str) -> Explained | None:
        """What it says of this line; None where it does not fit."""
        if self.has not in line:
            return None
        found = self.fits.search(line[:LINE_CAP])
        if found is None:
            return None
        words = {name: (text or "?")[:WORD_CAP] for name, text in found.groupdict().items()}
        whole = {name: text or "" for name, text in found.groupdict().items()}
        return Explained(
            self.id,
            filled(self.what, words),
            filled(self.why, words),
            filled(self.do, words),
            tuple(filled(one, whole) for one in self.set),
            tuple(filled(one, whole) for one in self.run),
        )


def filled(text: str, words: Mapping[str, str]) -> str:
    """Names in braces replaced in one pass, so that a line's own braces stay what they are."""
    return re.sub(r"\{(\w+)\}", lambda match: words.get(match[1], match[0]), text)
