"""Bytes of a console to rows, in any pieces: by a named dialect, by taught patterns, or by what its first lines prove.

While nothing is proved every dialect is asked, the more particular first; what reads a line without proving much is
kept until a surer one reads another. The reading is a function of the bytes alone, so it can be done again, by another
dialect, at any time.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple, Sequence

from engine.dialects import bars, taught
from engine.dialects.lens import Lens
from engine.dialects.reading import PROOF, Dialect, Read, Reading, aside
from engine.dialects.registry import ALIASES, BY_NAME, DIALECTS
from engine.dialects.shape import Shapes
from engine.dialects.stepping import Placed, Stepping
from engine.events.lines import Lines

TRIAL = 500
"""Rows after which a choice is final, however little it was proved."""
KEPT_SAVES = 64
_HINTS = tuple((hint, dialect) for dialect in DIALECTS for hint in dialect.hints)

_ESCAPES = re.compile(r"\x1b\[(?!A)[0-9;?]{0,32}[ -/]{0,4}[@-~]")
_RANK = re.compile(
    r"^\[(?:default|rank|RANK |Rank )(\d{1,6})\]:?\s{0,4}|^rank[ =:]{1,2}(\d{1,6})\b[:\]|, ]{0,3}",
    re.IGNORECASE,
)


_RANKED = ("[", "r", "R", "")
"""How a line begins that may name its rank."""


class Claim(NamedTuple):
    """A checkpoint that a line says was written."""

    step: int | None
    path: str
    end: int


class Reader:
    """Takes a console in any pieces. A carriage return ends a line too: progress bars are redrawn lines."""

    def __init__(self, lens: Lens | None = None, state: Sequence[Any] | None = None) -> None:
        lens = lens or Lens()
        self._dialect: Dialect | None = None
        self._settled = self._plain = self._redraws = False
        self._by_epochs = True
        self._line: Read = self._choose
        self._rows = 0
        self.saved: list[Claim] = []
        asked = _asked(lens)
        stepped = None
        if state is not None:
            name, settled, self._rows, saved, stepped = state
            self.saved = [Claim(*one) for one in saved]
            if name is not None and asked is None:
                self._take_up(BY_NAME[name], settled)
        if asked is not None:
            self._take_up(asked, settled=True)
        self._stepping = Stepping(lens, stepped)
        self._lines = Lines()

    def _take_up(self, dialect: Dialect, settled: bool) -> None:
        """Read by this dialect; once it is settled no other one is asked, and its lines are read by their shapes."""
        self._dialect, self._settled = dialect, settled
        self._plain = settled and not dialect.bars
        self._redraws, self._by_epochs = dialect.name == "lightning", dialect.name != "hf"
        if settled:
            self._line = Shapes(dialect.read).read if dialect.name in BY_NAME else dialect.read

    @property
    def name(self) -> str | None:
        """The dialect that reads; None while no line was understood."""
        return None if self._dialect is None else self._dialect.name

    @property
    def total(self) -> int | None:
        """Steps of the whole run, as the console tells them."""
        return self._stepping.total

    @property
    def steps_by(self) -> str | None:
        """Where steps come from: told, bar, epoch or count."""
        return self._stepping.source

    def state(self) -> list[Any]:
        """As JSON can hold it: a reader made of it goes on at the next whole line."""
        name = self.name
        return [
            name,
            self._settled,
            self._rows,
            [list(one) for one in self.saved],
            self._stepping.state(),
        ]

    def feed(self, piece: bytes) -> list[Placed]:
        """Rows found in the lines that this piece completes, with the offset behind each line."""
        found: list[Placed] = []
        for line, end in self._lines.feed(piece.replace(b"\r", b"\n")):
            text = line.decode("utf-8", "replace")
            if b"\x1b" in line:
                text = _ESCAPES.sub("", text)
            if self._plain:
                found += self._heard(self._line(text), text, end)
            else:
                found += self._read(text, end)
        return found

    def pending(self) -> list[Placed]:
        """A row that waits for the line that tells its step, at the step that is known now."""
        return self._stepping.pending()

    def restart(self, offset: int = 0) -> None:
        """The file began anew, or is read on from this offset: half a line of before is no part of what follows."""
        self._lines = Lines(offset)

    def _read(self, text: str, end: int) -> list[Placed]:
        dialect = self._dialect
        if dialect is None or dialect.bars:
            if text.isspace():
                return []
            if bars.MARK in text or "it [" in text:
                drawn, glued = self._bar(text, end)
                if drawn is not None:
                    # What is glued to a bar was printed at that bar's step.
                    return (
                        drawn + self._words(text, end) + self._stepping.flush() if glued else drawn
                    )
        return self._words(text, end)

    def _words(self, text: str, end: int) -> list[Placed]:
        return self._heard(self._line(text), text, end)

    def _heard(self, reading: Reading | None, text: str, end: int) -> list[Placed]:
        if reading is None:
            return self._aside(text, end)
        if text[:1] in _RANKED:
            rank = _rank(text)
            reading = reading._replace(rank=rank) if rank else reading
        if not self._settled:
            self._rows += bool(reading.values)
            if self._rows >= TRIAL and self._dialect is not None:
                self._take_up(self._dialect, settled=True)
        if "mean_loss" in reading[1]:
            return self._stepping.end(reading, end)
        if self._redraws and reading.batch is not None:
            return self._stepping.redrawn(reading, end)
        return self._stepping.told(reading, end, self._by_epochs)

    def _bar(self, text: str, end: int) -> tuple[list[Placed] | None, bool]:
        """Rows of a progress bar, and whether a dict is glued to it; None when the line is a dialect's own."""
        edge = text.find("]{'") + 1
        if not edge and self._owns(text):
            return None, False
        bar = bars.parse(text[:edge] if edge else text)
        if bar is None:
            return [], edge > 0
        if bar.values and self._dialect is None:
            self._take_up(bars.DIALECT, settled=False)
        return self._stepping.bar(bar, end, whole_run=self.name == "hf"), edge > 0

    def _owns(self, text: str) -> bool:
        """A bar that is a line of a dialect of its own, as torchtune's and Lightning's are."""
        if self._settled and self._dialect is not None:
            return self._dialect.weight >= PROOF and self._line(text) is not None
        return self._surer(text, PROOF) is not None

    def _choose(self, text: str) -> Reading | None:
        """Ask those that weigh more than what reads now, then that one itself."""
        found = self._surer(text, 0)
        if found is not None or self._dialect is None:
            return found
        return self._dialect.read(text)

    def _surer(self, text: str, least: int) -> Reading | None:
        """The reading of a dialect that weighs more than the present one, which it replaces."""
        low = text.lower()
        held = least - 1 if self._dialect is None else max(self._dialect.weight, least - 1)
        for hint, dialect in _HINTS:
            if hint in low and dialect.weight > held:
                reading = dialect.read(text)
                if reading is not None and _proves(reading):
                    self._take_up(dialect, dialect.weight >= PROOF)
                    return reading
        return None

    def _aside(self, text: str, end: int) -> list[Placed]:
        found = self._stepping.flush()
        if "teps" in text or "TEPS" in text or "heckpoint" in text:
            told = aside(text)
            if told is not None and told.saved is not None:
                step = _number_in(told.saved)
                self.saved = [
                    *self.saved[1 - KEPT_SAVES :],
                    Claim(self._stepping.step if step is None else step, told.saved, end),
                ]
            elif told is not None:
                found += self._stepping.told(told, end)
        return found


def _asked(lens: Lens) -> Dialect | None:
    """The dialect that the lens names; taught patterns are asked before it."""
    named = BY_NAME.get(ALIASES.get(lens.dialect, lens.dialect))
    if not lens.lines:
        return named
    mine = taught.dialect(lens.lines)
    if named is None:
        return mine
    other = named

    def read(line: str) -> Reading | None:
        found = mine.read(line)
        return other.read(line) if found is None else found

    return mine._replace(read=read, bars=other.bars)


def _proves(reading: Reading) -> bool:
    return bool(reading.values) or reading.batch is not None


def _rank(text: str) -> int | None:
    found = _RANK.match(text)
    return int(found.group(1) or found.group(2)) if found is not None else None


_DIGITS = re.compile(r"(\d{1,15})(?!.*\d)")


def _number_in(path: str) -> int | None:
    """The last number in a file's name."""
    found = _DIGITS.search(path.rstrip("/").rpartition("/")[2])
    return int(found.group(1)) if found is not None else None
