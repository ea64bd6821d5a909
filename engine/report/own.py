"""What a person wrote into a log: between marks, by key. It is kept whatever is made anew around it. Pure.

<!-- yours: demo-20261121-045357-0eb1 notes -->
any text
<!-- end of yours -->
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_BLOCK = re.compile(
    r"^<!-- yours: (?P<key>[^\n>]{1,200}?) -->\n(?P<text>.*?)^<!-- end of yours -->$", re.M | re.S
)
_SESSION = re.compile(
    r"^<!-- session (?P<number>\d{1,6}): (?P<run>[a-z0-9][a-z0-9._-]{0,80}) -->$", re.M
)
_ENTRY = re.compile(r"^<!-- session \d{1,6}: .*? -->\n.*?^<!-- end of session -->$", re.M | re.S)
MARKED = "<!-- made by engine report"
LONGEST = 16 << 20


def written(text: str) -> dict[str, str]:
    """A person's words by key; of a key that stands twice both."""
    found: dict[str, str] = {}
    for block in _BLOCK.finditer(text):
        found[block["key"]] = found.get(block["key"], "") + block["text"]
    return found


def numbers(text: str) -> dict[str, int]:
    """The number that each run has in the log."""
    return {found["run"]: int(found["number"]) for found in _SESSION.finditer(text)}


def entries(text: str) -> dict[str, str]:
    """The entries as they stand, by run, for runs that are gone."""
    found = {}
    for block in _ENTRY.finditer(text):
        head = _SESSION.search(block[0])
        if head is not None:
            found[head["run"]] = block[0]
    return found


class Yours:
    """Gives each place of a template its words back, and knows which were not asked for."""

    def __init__(self, kept: Mapping[str, str]) -> None:
        self._kept = dict(kept)
        self._asked: set[str] = set()

    def block(self, key: str, otherwise: str = "") -> str:
        """The marks and what stands between them."""
        self._asked.add(key)
        text = self._kept.get(key)
        if text is None:
            text = f"{otherwise.rstrip()}\n" if otherwise.strip() else "\n"
        return f"<!-- yours: {key} -->\n{text}<!-- end of yours -->"

    def left(self) -> dict[str, str]:
        """Words for which the template has no place any more."""
        return {k: t for k, t in self._kept.items() if k not in self._asked and t.strip()}
