"""Orders that the keeper leaves: small files, taken once each by their id, removed when they were carried out."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass

KINDS = ("stop", "kill", "save", "dialect")
MOST_BYTES = 64 * 1024


@dataclass(frozen=True)
class Order:
    """`kind` is None where the file holds none that is understood."""

    id: str
    kind: str | None
    by: str
    path: str
    dialect: str = ""
    """Of an order to read the console by another one."""


def waiting(folder: str) -> list[Order]:
    """Those that lie there, by their ids; none where there is no such folder."""
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".json"))
    except OSError:
        return []
    return [read(os.path.join(folder, name)) for name in names]


def read(path: str) -> Order:
    """The order in a file, by its name where the content is none."""
    stem = os.path.basename(path)[: -len(".json")]
    try:
        with open(path, "rb") as file:
            found = json.loads(file.read(MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.get("id") != stem or found.get("kind") not in KINDS:
        return Order(stem, None, "unknown", path)
    by = found.get("by")
    dialect = found.get("dialect")
    return Order(
        stem,
        found["kind"],
        by if isinstance(by, str) else "unknown",
        path,
        dialect if isinstance(dialect, str) else "",
    )


def remove(order: Order) -> None:
    """It was carried out or refused."""
    try:
        os.unlink(order.path)
    except OSError:
        return
