"""A word of a report and where it comes from: measured, or typed by a person. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.cli import words

MARK = "✎"
"""Stands behind every number and name that a person typed."""


@dataclass(frozen=True)
class Said:
    """Text as it is shown. `other` is what a person typed where something else was measured."""

    text: str
    typed: bool = False
    other: str | None = None

    def __str__(self) -> str:
        return self.text

    def table(self) -> dict[str, object]:
        return {"text": self.text, "typed": self.typed, "other": self.other}


NOTHING = Said(words.MISSING)


def said(measured: str | None, typed: str | None = None) -> Said:
    """The measured word where there is one, with the typed one beside it where that says something else."""
    if measured is not None and measured != words.MISSING:
        other = typed if typed is not None and typed != measured else None
        return Said(measured, False, other)
    return NOTHING if typed is None else Said(typed, True)


def grouped(typed: Mapping[str, str], kind: str) -> dict[str, dict[str, str]]:
    """Typed words of `kind.NAME.FIELD`, by name and field; a name may hold dots, a field none."""
    found: dict[str, dict[str, str]] = {}
    for key, value in typed.items():
        head, _, rest = key.partition(".")
        name, _, field = rest.rpartition(".")
        if head == kind and name:
            found.setdefault(name, {})[field] = value
    return found


def listed(typed: Mapping[str, str], kind: str) -> list[tuple[str, str]]:
    """Typed words of `kind.NAME`, in their order."""
    head = f"{kind}."
    return [(key[len(head) :], value) for key, value in typed.items() if key.startswith(head)]
