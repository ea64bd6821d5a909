"""Which lines of a console are shown: all, those that match, errors, those of an attempt or of a phase."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cockpit.watching.console import Console, Part
from cockpit.watching.finding import Finder
from cockpit.watching.moment import Moment
from engine.clock import ahead_s
from engine.display import display
from engine.view import View

ERRORS = r"error|exception|traceback|fatal|out of memory|\bnan\b|killed"
WARNINGS = ERRORS + r"|warn|deprecat"
LEVELS = (
    ("errors", "lines that speak of failure", ERRORS),
    ("errors and warnings", "and of doubt", WARNINGS),
)
MATCHES = "matches"
NAME = 40


@dataclass(frozen=True)
class Stretch:
    """Lines from `first` up to `last`, which is not one of them; None: as far as there are any."""

    name: str
    first: int
    last: int | None = None

    def within(self, count: int) -> range:
        return range(min(self.first, count), count if self.last is None else min(self.last, count))


@dataclass(frozen=True, eq=False)
class Sieve:
    """`finder` lets its matches through; without one everything passes that lies in the stretch."""

    name: str = ""
    finder: Finder | None = None
    stretch: Stretch | None = None

    @property
    def shown(self) -> str:
        """What is let through, for the line above the log; empty: every line."""
        parts = [self.name, self.stretch.name if self.stretch else ""]
        return ", ".join(part for part in parts if part)

    def numbers(self, console: Console) -> Sequence[int]:
        """Of the lines that are shown, in order."""
        span = self.stretch.within(len(console)) if self.stretch else range(len(console))
        if self.finder is None:
            return span
        lines = self.finder.lines
        low, high = np.searchsorted(lines, [span.start, span.stop])
        return lines[int(low) : int(high)]  # type: ignore[return-value]


def row_of(numbers: Sequence[int], number: int) -> int:
    """The row of this line, or of the next that is shown."""
    if isinstance(numbers, range):
        return max(number - numbers.start, 0)
    return int(np.searchsorted(np.asarray(numbers), number))


def sieves(moment: Moment, now: Sieve, searched: Finder | None) -> dict[str, tuple[str, Sieve]]:
    """What can be let through here, by name, each with a few words."""
    stretch, found = now.stretch, {}
    if searched is not None:
        said = display(searched.shown.pattern, NAME)
        found[MATCHES] = (f"of /{said}", Sieve(MATCHES, searched, stretch))
    found["every line"] = ("no filter", Sieve())
    for name, says, pattern in LEVELS:
        found[name] = (says, Sieve(name, Finder(pattern), stretch))
    for one in stretches(moment.console, moment.frame.view):
        found[one.name] = ("", replace(now, stretch=one))
    return found


def stretches(console: Console, view: View) -> Iterator[Stretch]:
    """Attempts where there are several, and phases."""
    first = 0
    for part in console.parts:
        end = first + len(part.ends)
        whole = Stretch(
            f"attempt {part.attempt}", first, None if part is console.parts[-1] else end
        )
        if len(console.parts) > 1:
            yield whole
        yield from _phases(part, view, whole)
        first = end


def _phases(part: Part, view: View, whole: Stretch) -> Iterator[Stretch]:
    attempt = next((one for one in view.attempts if one.number == part.attempt), None)
    entered = attempt.facts.trainer.phases if attempt else ()
    ahead = ahead_s(view.keeper, part.attempt)
    starts = [_line_at(part, (one.t or 0.0) - ahead) + whole.first for one in entered]
    for at, one in enumerate(entered):
        last = starts[at + 1] if at + 1 < len(starts) else whole.last
        yield Stretch(f"phase {display(one.phase, NAME)}", starts[at], last)


def _line_at(part: Part, t: float) -> int:
    """The first line that came at this time or later."""
    size = next((size for at, size in part.sizes.notes("console") if at >= t), None)
    if size is None:
        return len(part.ends)
    return int(np.searchsorted(part.ends, size, "left"))
