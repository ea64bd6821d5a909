"""Files of a machine as values: what it says it has, judged before anything of it is believed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import Problem
from engine.runner.take import Unsafe, inside

MOST_FILES = 200_000
SHA = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Freight:
    """One file, by its path from the cargo's base with forward slashes. `sha` is None where nobody can say it yet."""

    name: str
    bytes: int
    mtime_ns: int | None = None
    sha: str | None = None
    folder: bool = False

    @property
    def mark(self) -> list[int | None]:
        """What is the same as long as nobody wrote to it."""
        return [self.bytes, self.mtime_ns]


@dataclass(frozen=True)
class Cargo:
    """Files below one folder of a machine."""

    base: str
    files: tuple[Freight, ...]

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)


def freight(line: bytes) -> Freight | Mapping[str, Any]:
    """A file from a line of a listing; the last line of it is the table it is."""
    try:
        found = json.loads(line)
        if not isinstance(found, dict) or "name" not in found:
            return found if isinstance(found, dict) else {"refused": "no listing"}
        name, sha = str(found["name"]), found.get("sha")
        inside("/", name)
        if sha is not None and not SHA.fullmatch(str(sha)):
            sha = None
        size, mtime = int(found["bytes"]), found.get("mtime_ns")
        return Freight(name, size, mtime, sha, found.get("folder") is True)
    except (Unsafe, ValueError, KeyError, TypeError, RecursionError) as error:
        return {"refused": f"a listing that makes no sense: {error}"}


def of_manifest(base: str, manifest: Mapping[str, Any], itself: Freight) -> Cargo:
    """A checkpoint by the manifest that it was committed with, and the manifest itself."""
    files = [itself]
    try:
        for name, entry in manifest["files"].items():
            inside("/", name)
            files.append(Freight(name, int(entry["bytes"]), None, str(entry["sha256"])))
    except (Unsafe, KeyError, TypeError, ValueError, AttributeError) as error:
        raise Problem(f"the manifest of {base} makes no sense: {error}") from None
    return bounded(base, files)


def bounded(base: str, files: Iterable[Freight]) -> Cargo:
    found = tuple(files)
    if len(found) > MOST_FILES:
        raise Problem(f"{base} has {len(found):,} files", f"fetch at most {MOST_FILES:,} at once")
    return Cargo(base, found)
