"""How a generated text looks by counting: repeats, emptiness, length, and words that it must not say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

GRAM = 4
"""Words in a row that count as said again."""
REPEATS = 0.3
"""Share of repeated word groups from which a text runs in circles."""


@dataclass(frozen=True)
class Score:
    """`repeats` is the share of word groups that came before; None where there are too few words to say."""

    words: int
    repeats: float | None
    forbidden: tuple[str, ...]
    faults: tuple[str, ...]

    @property
    def good(self) -> bool:
        return not self.faults


def score(text: str, forbidden: Iterable[str] = (), longest: int | None = None) -> Score:
    """What can be said of it by counting. `longest` is in words."""
    found = re.findall(r"\w+(?:['’]\w+)*", text)
    said = sorted({word for word in forbidden if _says(text, word)})
    share = repeats([word.lower() for word in found])
    faults = []
    if not text.strip():
        faults.append("empty")
    elif not found:
        faults.append("no words")
    if share is not None and share > REPEATS:
        faults.append("repeats itself")
    if said:
        faults.append(f"says {', '.join(said)}")
    if longest is not None and len(found) > longest:
        faults.append(f"longer than {longest} words")
    return Score(len(found), share, tuple(said), tuple(faults))


def repeats(words: list[str]) -> float | None:
    """Of single words where there are few of them, so that a short stutter is seen too."""
    size = GRAM if len(words) >= 4 * GRAM else 1 if len(words) >= GRAM else 0
    if not size:
        return None
    grams = [tuple(words[i : i + size]) for i in range(len(words) - size + 1)]
    again = sum(count - 1 for count in Counter(grams).values())
    return again / len(grams)


def _says(text: str, word: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) is not None
