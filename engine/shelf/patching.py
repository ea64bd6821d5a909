"""A reviewed diff applied to a copy of a script: the script itself is never touched.

A hunk that fits neither exactly where it says nor at one other place alone is refused.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import journal
from engine.errors import Unusable

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@")


@dataclass(frozen=True)
class Hunk:
    """Lines that must be there, from this line on, and what stands there instead."""

    at: int
    old: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True)
class Patch:
    """A unified diff of one file."""

    target: str
    hunks: tuple[Hunk, ...]


def parse(text: str) -> Patch:
    """The diff in this text; one of several files is refused, for only the script is copied."""
    target, hunks = "", []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if line.startswith("+++ "):
            if target:
                raise Unusable("the patch changes more than one file", fix="one script, one patch")
            target = re.sub(r"^b/", "", line[4:].split("\t")[0].strip())
        elif (found := _HUNK.match(line)) is not None:
            hunks.append(_hunk(int(found.group(1)), lines[number + 1 :]))
    if not target or not hunks:
        raise Unusable("the patch is no unified diff", fix="make it with: diff -u old.py new.py")
    return Patch(target, tuple(hunks))


def _hunk(at: int, lines: Sequence[str]) -> Hunk:
    old, new = [], []
    for line in lines:
        if line.startswith(("@@", "--- ", "diff ")):
            break
        mark, text = line[:1], line[1:]
        if mark in (" ", "-", ""):
            old.append(text)
        if mark in (" ", "+", ""):
            new.append(text)
    return Hunk(at, tuple(old), tuple(new))


def apply(patch: Patch, text: str) -> str:
    """The text with every hunk in its place."""
    lines = text.splitlines()
    shift = 0
    for hunk in patch.hunks:
        start = _place(hunk, lines, hunk.at - 1 + shift)
        if start is None:
            raise Unusable(
                f"the patch does not fit {patch.target} at line {hunk.at}: it reads other lines there",
                fix="make the patch anew from the script as it is",
            )
        lines[start : start + len(hunk.old)] = hunk.new
        shift = start - (hunk.at - 1) + len(hunk.new) - len(hunk.old)
    return "\n".join(lines) + "\n"


def _place(hunk: Hunk, lines: Sequence[str], wanted: int) -> int | None:
    """Where it says, else the only other place that reads so."""
    size = len(hunk.old)
    if tuple(lines[wanted : wanted + size]) == hunk.old:
        return wanted
    found = [i for i in range(len(lines) - size + 1) if tuple(lines[i : i + size]) == hunk.old]
    return found[0] if len(found) == 1 else None


@dataclass(frozen=True)
class Patched:
    """The command with the copy in the script's place, and what is said of it."""

    argv: tuple[str, ...]
    script: Path
    copy: Path


def read(diff: Path) -> str:
    try:
        return diff.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"the patch {diff} cannot be read: {error}", fix="check its path") from None


def patched(argv: Sequence[str], cwd: Path, text: str, tail: str) -> Patched:
    """Write the copy hidden beside the script, for scripts find things by their own place. `tail` names the run."""
    patch = parse(text)
    place = _script(argv, patch.target)
    script = cwd / argv[place]
    try:
        changed = apply(patch, script.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"the script {script} cannot be read: {error}") from None
    copy = script.with_name(f".{script.stem}.{tail}{script.suffix}")
    try:
        journal.replace(copy, changed.encode())
        copy.chmod(script.stat().st_mode)
    except OSError as error:
        raise Unusable(f"cannot write {copy}: {error.strerror}") from None
    words = list(argv)
    words[place] = str(Path(argv[place]).with_name(copy.name))
    return Patched(tuple(words), script, copy)


def change(script: str, diff: Path, text: str) -> str:
    """What is said of it."""
    return f"{script} patched by {diff.name} ({hashlib.sha256(text.encode()).hexdigest()[:12]})"


def _script(argv: Sequence[str], target: str) -> int:
    """Which word of the command is the script that the patch is for."""
    name = Path(target).name
    for place, word in enumerate(argv):
        if Path(word).name == name:
            return place
    raise Unusable(
        f"the patch is for {name}, which the command does not name", fix="check [command] argv"
    )
