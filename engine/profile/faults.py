"""What is wrong with a profile: every fault with its place, all of them told at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.display import display
from engine.errors import Unusable
from engine.profile.leaks import is_secret

KeyPath = tuple[str | int, ...]
"""Where a key is: ("phase", "A", "rows"); an entry of a list of tables goes by its name."""

SHOWN = 25
"""Faults told in full; a file of nonsense has thousands."""

_BARE = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Where:
    """A file, or `--set a.b=c`; the line where there is one."""

    source: str
    line: int | None = None

    def __str__(self) -> str:
        return self.source if self.line is None else f"{self.source}:{self.line}"


@dataclass(frozen=True)
class Fault:
    key: KeyPath
    what: str
    fix: str | None = None
    where: Where = Where("profile")

    def __str__(self) -> str:
        named = f"{dotted(self.key)}: " if self.key else ""
        return f"{self.where}: {named}{self.what}" + (f"; {self.fix}" if self.fix else "")


class ProfileError(Unusable):
    """The profile cannot be used; `faults` says why, one line each."""

    def __init__(self, faults: Iterable[Fault], more: int = 0) -> None:
        self.faults = tuple(sorted(faults, key=_place))
        self.more = more
        lines = [str(fault) for fault in self.faults]
        super().__init__("\n".join([*lines, f"… and {more} more"] if more else lines))


class Faults:
    """Collects while a profile is read. Keeps the first `SHOWN` and counts the rest."""

    def __init__(self) -> None:
        self.kept: list[Fault] = []
        self.more = 0
        self.keys: set[KeyPath] = set()

    @property
    def full(self) -> bool:
        return len(self.kept) >= SHOWN

    def add(
        self, key: KeyPath, what: str, fix: str | None = None, where: Where | None = None
    ) -> None:
        if self.full:
            self.more += 1
            return
        self.keys.add(key)
        self.kept.append(Fault(key, what, fix, where or Where("")))

    def covers(self, key: KeyPath) -> bool:
        """Whether this key, or a table around it, is already known to be wrong."""
        return any(key[:end] in self.keys for end in range(1, len(key) + 1))

    def end(self, origins: Mapping[KeyPath, Where], otherwise: Where) -> None:
        """Raises when there are any, each placed where its key was written."""
        if self.kept:
            placed = [replace(f, where=_locate(f, origins, otherwise)) for f in self.kept]
            raise ProfileError(placed, self.more)


def dotted(path: Sequence[str | int]) -> str:
    """`phase.A.rows`, `command.argv[2]`, `data.expect."a.jsonl"`."""
    out = ""
    for part in path:
        if isinstance(part, int):
            out += f"[{part}]"
        else:
            plain = _BARE.fullmatch(part) and not is_secret(part)
            out += ("." if out else "") + (part if plain else shown(part))
    return out


def shown(text: str, width: int = 40) -> str:
    """Text from outside, in quotes; never a secret."""
    return "a secret" if is_secret(text) else f'"{display(text, width)}"'


def _locate(fault: Fault, origins: Mapping[KeyPath, Where], otherwise: Where) -> Where:
    if fault.where.source:
        return fault.where
    for end in range(len(fault.key), 0, -1):
        if fault.key[:end] in origins:
            return origins[fault.key[:end]]
    return otherwise


def _place(fault: Fault) -> tuple[bool, str, int]:
    return fault.where.source.startswith("--set"), fault.where.source, fault.where.line or 0
