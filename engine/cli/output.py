"""Where a verb's words go. The only file of the command line that writes to the terminal.

Every piece of text passes `display` here, so nothing from outside reaches a terminal with its
control sequences; colour is added after that, on a terminal that wants it. Once a verb has a run,
the values of its secrets, and what looks like one, are hidden in all that is said.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any, NamedTuple, TextIO

from engine.display import display
from engine.errors import Problem

_COLOURS = {"green": 32, "red": 31, "yellow": 33, "cyan": 36, "dim": 2, "bold": 1}


class Ink(NamedTuple):
    """Text in a colour of `_COLOURS`; where there is no colour it is the text."""

    text: str
    colour: str


class Output:
    """`line` and `value` are the answer, on stdout; `say` is prose, on stderr."""

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json
        self._out, self._err = sys.stdout, sys.stderr
        self._coloured = _wants_colour(self._out)
        self._hide: Callable[[str], str] | None = None
        for stream in (self._out, self._err):
            # A terminal of another alphabet gets question marks, never an exception.
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")

    def hide(self, hide: Callable[[str], str]) -> None:
        """From now on every text passes this function."""
        self._hide = hide

    def value(self, value: object) -> None:
        """One JSON value on one line, in ASCII, so that it is as safe as `line`."""
        if self._hide is not None:
            value = _each_text(value, self._hide)
        try:
            text = json.dumps(value, separators=(",", ":"), allow_nan=False)
        except ValueError:
            from engine.events.base import plain

            text = json.dumps(plain(value), separators=(",", ":"), allow_nan=False)
        print(text, file=self._out)

    def line(self, *parts: str | Ink) -> None:
        print("".join(self._shown(part) for part in parts).rstrip(), file=self._out)

    def say(self, text: str) -> None:
        """Prose for the person at the terminal. A closed stderr is nobody there."""
        try:
            print(self._safe(text), file=self._err, flush=True)
        except OSError:
            return

    def problem(self, problem: Problem) -> int:
        """What happened and what to do next; the status to exit with."""
        self.say(f"engine: {problem}")
        if problem.fix:
            self.say(f"  next: {problem.fix}")
        if self.as_json:
            error: dict[str, Any] = {"error": str(problem), "fix": problem.fix}
            self.value({**error, "status": problem.status})
        return problem.status

    def flush(self) -> None:
        self._out.flush()

    def _shown(self, part: str | Ink) -> str:
        if isinstance(part, Ink):
            text = self._safe(part.text)
            return f"\x1b[{_COLOURS[part.colour]}m{text}\x1b[0m" if self._coloured else text
        return self._safe(part)

    def _safe(self, text: str) -> str:
        return display(text if self._hide is None else self._hide(text))


def _each_text(value: object, change: Callable[[str], str]) -> object:
    """The value with every text in it changed; the names of fields stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _each_text(item, change) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_each_text(item, change) for item in value]
    return value


def _wants_colour(stream: TextIO) -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()
