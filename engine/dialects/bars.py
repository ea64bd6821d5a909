"""Progress bars of tqdm, as text: which of them count steps, how far they are, and what they say of the training.

A bar is redrawn many times; whoever reads them makes one row of each change of step. Bars with a name count something
else (weights loaded, examples tokenized) unless the name speaks of training, and so do bars below another one, which
an evaluation draws inside a training.
"""

from __future__ import annotations

import re
from typing import Mapping, NamedTuple

from engine.dialects.reading import NO_VALUES, NUMBER, Dialect, Reading, canonical, value

MARK = "%|"
NESTED = "\x1b[A"
"""Behind a bar: the cursor goes back up to the bar it belongs under."""

_BAR = re.compile(r"%\|[^|]{0,400}\|\s{0,3}(\d{1,15})/(\d{1,15})\s\[([^\]]{0,400})")
_OPEN = re.compile(r"(?:^|: )(\d{1,15})(it|steps?|batch(?:es)?) \[([^\]]{0,400})\]")
_PERCENT = re.compile(r"\s{0,3}\d{1,3}$")
_RATE = re.compile(
    r"(?:(?:[\d.]{1,20}|\?)\s?(it|steps?|ba|batch|batches|iter)/s|[\d.]{1,20}s/(it|steps?|ba|batch|batches|iter))"
)
_TRAINS = re.compile(
    r"^\W{0,4}(?:epochs?|ep|train(?:ing)?|steps?|iter(?:ation)?s?|fit(?:ting)?|finetun\w{1,6})\b",
    re.IGNORECASE,
)
_EPOCH = re.compile(r"ep(?:och)?s?\W{0,3}(\d{1,9})(?:\s?/\s?(\d{1,9}))?", re.IGNORECASE)
_PAIR = re.compile(rf"([A-Za-z_][\w/.-]{{0,63}})\s{{0,2}}[=:]\s{{0,2}}({NUMBER})", re.IGNORECASE)


class Bar(NamedTuple):
    """A bar that counts steps. `total` is None where the bar has no end."""

    at: int
    total: int | None
    values: Mapping[str, float] = NO_VALUES
    name: str = ""

    @property
    def epochs(self) -> tuple[int, int | None] | None:
        """The epoch its name tells, and of how many."""
        found = _EPOCH.search(self.name)
        if found is None:
            return None
        return int(found.group(1)), int(found.group(2)) if found.group(2) else None


def parse(text: str) -> Bar | None:
    """The last bar on this line, where it counts steps of a training."""
    at = text.rfind(MARK)
    if at < 0:
        return _open(text)
    found = _BAR.match(text, at)
    if found is None or text.startswith(NESTED, found.end() + 1):
        return None
    name = _PERCENT.sub("", text[max(0, at - 120) : at]).replace(NESTED, "").strip().rstrip(":")
    rest = found.group(3)
    if _RATE.search(rest) is None or (name and _TRAINS.match(name) is None):
        return None
    return Bar(int(found.group(1)), int(found.group(2)), _values(rest + " " + name), name)


def _open(text: str) -> Bar | None:
    """`450it [00:10, 44.1it/s, loss=0.5]`: nobody told tqdm how many there will be."""
    if "it [" not in text and "/s" not in text:
        return None
    found = _OPEN.search(text[:400])
    if found is None or NESTED in text:
        return None
    return Bar(int(found.group(1)), None, _values(found.group(3)))


def _values(rest: str) -> Mapping[str, float]:
    if "=" not in rest and ": " not in rest:
        return NO_VALUES
    values: dict[str, float] = {}
    for name, text in _PAIR.findall(rest):
        number = value(text)
        if number is not None and name not in ("v_num",) and _EPOCH.fullmatch(name) is None:
            values.setdefault(canonical(name), number)
    return values


def read(line: str) -> Reading | None:
    """Bars themselves are read beside every dialect; this one has no lines of its own."""
    return None


DIALECT = Dialect(
    "tqdm",
    "progress bars alone: 45%|████ | 450/1000 [00:10<00:12, 44it/s, loss=0.5]",
    read,
    (),
    weight=0,
    bars=True,
)
