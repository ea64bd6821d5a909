"""What a console is looked at through: a dialect's name, and the profile's own words about its lines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any, Mapping

from engine.events.base import whole

AUTO = "auto"
MOST_LINES = 32
TAUGHT = "taught:"
"""Before a pattern where a dialect's name is expected: the run is read by it."""


@dataclass(frozen=True)
class Lens:
    """`lines` are taught patterns; with any of them and no dialect named, nothing else is read."""

    dialect: str = AUTO
    lines: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    """The script's name of a metric, in lower case, to ours."""
    x: str = "step"
    """What counts the progress."""
    every: int = 1
    """Optimizer steps between rows, for rows that have to be counted."""

    def __hash__(self) -> int:
        return hash(self.key)

    def chosen(self, name: str) -> Lens:
        """The same words looked at by another dialect, or by a pattern that was taught."""
        if name.startswith(TAUGHT):
            lines = tuple(line for line in (name[len(TAUGHT) :],) if _compiles(line))
            return replace(self, dialect=AUTO, lines=lines + self.lines)
        return replace(self, dialect=name)

    @property
    def key(self) -> str:
        """Two lenses with one key read alike."""
        return repr((self.dialect, self.lines, sorted(self.names.items()), self.x, self.every))


def lens(job: Mapping[str, Any], chosen: str | None = None) -> Lens:
    """The lens of a job; what is not understood in it is left out. `chosen` is what somebody chose since."""
    log = job.get("log")
    log = log if isinstance(log, dict) else {}
    names = log.get("names")
    names = names if isinstance(names, dict) else {}
    lines = log.get("line")
    every = whole(log.get("every"))
    x = log.get("x")
    asked = job.get("dialect")
    found = Lens(
        asked if isinstance(asked, str) else AUTO,
        tuple(line for line in lines[:MOST_LINES] if _compiles(line))
        if isinstance(lines, list)
        else (),
        {str(name).lower(): str(ours) for name, ours in names.items()},
        x if isinstance(x, str) else "step",
        every if every is not None and every >= 1 else 1,
    )
    return found if chosen is None else found.chosen(chosen)


def _compiles(line: object) -> bool:
    if not isinstance(line, str):
        return False
    try:
        return bool(re.compile(line).groupindex)
    except (re.error, OverflowError, RecursionError):
        return False
