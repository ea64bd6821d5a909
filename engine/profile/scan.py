"""A first look at TOML before its parser: the line of every key, and a refusal of what the parser would choke on.

`tomllib` takes time and memory that grow with the square of the dots in one key (40 KB: 8 s, 1.5 GB). What passes
here is parsed in a tenth of a second. This scanner accepts all of TOML and more; where it does not understand, it
stops, and nothing behind that line reaches the parser, which then reports the line by itself.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from engine.profile.faults import KeyPath

BYTES = 64 * 1024
DOTS = 16
DEPTH = 32
BARE_LENGTH = 128
"""Longest number or date; before Python 3.10.7 the time of a number grew with the square of its digits."""

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BASIC = re.compile(r'"[^"\\\n]*(?:\\.[^"\\\n]*)*"')
_LITERAL = re.compile(r"'[^'\n]*'")
_LONG_BASIC = re.compile(r'"""[^"\\]*(?:(?:\\.|""?(?!"))[^"\\]*)*"""(?:"(?!")|""(?!"))?', re.DOTALL)
_LONG_LITERAL = re.compile(r"'''[^']*(?:''?(?!')[^']*)*'''(?:'(?!')|''(?!'))?")
_OTHER = re.compile(r"[^\s,\[\]{}#=\"'][^,\[\]{}#=\"'\n]*")
_ESCAPE = re.compile(r'\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([btnfr"\\]))')
_NAMED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}


@dataclass(frozen=True)
class Scan:
    lines: Mapping[KeyPath, int]
    """Line of each key and table, arrays of tables by number."""
    readable: str
    """What the parser may see: all of it, or up to the end of the line that was not understood."""
    stopped: int | None
    """That line."""


class TooMuch(ValueError):
    """More than any profile needs; `line` says where."""

    def __init__(self, what: str, line: int) -> None:
        super().__init__(what)
        self.line = line


class _Lost(Exception):
    """Not TOML as this scanner knows it."""


def scan(text: str) -> Scan:
    """Raises TooMuch. The text has at most `BYTES` bytes; whoever reads the file sees to that."""
    scanner = _Scanner(text)
    try:
        scanner.document()
    except _Lost:
        stop = text.find("\n", scanner.pos)
        line = scanner.line()
        return Scan(scanner.lines, text if stop < 0 else text[:stop], line)
    return Scan(scanner.lines, text, None)


def split_key(text: str) -> tuple[tuple[str, ...], str] | None:
    """`a."b".c = value` as its key and the text of its value; None where that is not what it is."""
    scanner = _Scanner(text)
    try:
        parts = scanner.key()
        scanner.expect("=")
    except _Lost:
        return None
    return parts, text[scanner.pos :].strip()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text, self.pos = text, 0
        self.lines: dict[KeyPath, int] = {}
        self.arrays: dict[KeyPath, int] = {}
        self.breaks = [match.start() for match in re.finditer("\n", text)]

    def line(self) -> int:
        return bisect_right(self.breaks, self.pos - 1) + 1

    def document(self) -> None:
        base: KeyPath = ()
        self.skip(_BLANK)
        while self.pos < len(self.text):
            if self.text[self.pos] == "[":
                base = self.header()
            else:
                self.pair(base, 0)
            self.skip(_BLANK)

    def header(self) -> KeyPath:
        """`[a.b]` or `[[a.b]]`; what follows belongs to the newest entry of every array on the way."""
        line, array = self.line(), self.text.startswith("[[", self.pos)
        self.expect("[[" if array else "[")
        parts = self.key()
        self.expect("]]" if array else "]")
        path: KeyPath = ()
        for number, part in enumerate(parts):
            path += (part,)
            if array and number == len(parts) - 1:
                self.arrays[path] = self.arrays.get(path, 0) + 1
            self.lines.setdefault(path, line)
            if path in self.arrays:
                path += (self.arrays[path] - 1,)
                self.lines.setdefault(path, line)
        return path

    def pair(self, base: KeyPath, depth: int) -> None:
        line = self.line()
        parts = self.key()
        for end in range(1, len(parts) + 1):
            self.lines.setdefault(base + parts[:end], line)
        self.expect("=")
        self.value(base + parts, depth)

    def key(self) -> tuple[str, ...]:
        parts: list[str] = []
        while True:
            self.spaces()
            parts.append(self.part())
            self.spaces()
            if not self.text.startswith(".", self.pos):
                return tuple(parts)
            if len(parts) > DOTS:
                raise TooMuch(f"a key has more than {DOTS} dots", self.line())
            self.pos += 1

    def part(self) -> str:
        bare = self.take(_BARE)
        if bare is not None:
            return bare
        basic = self.take(_BASIC)
        if basic is not None:
            return _ESCAPE.sub(_unescape, basic[1:-1])
        literal = self.take(_LITERAL)
        if literal is None:
            raise _Lost
        return literal[1:-1]

    def value(self, path: KeyPath, depth: int) -> None:
        self.spaces()
        first = self.text[self.pos : self.pos + 1]
        if first in ("[", "{"):
            if depth >= DEPTH:
                raise TooMuch(f"brackets are nested more than {DEPTH} deep", self.line())
            self.array(path, depth + 1) if first == "[" else self.inline(path, depth + 1)
            return
        for pattern in (_LONG_BASIC, _LONG_LITERAL, _BASIC, _LITERAL, _OTHER):
            taken = self.take(pattern)
            if taken is None:
                continue
            if pattern is _OTHER and len(taken.rstrip()) > BARE_LENGTH:
                raise TooMuch(f"a value without quotes is longer than {BARE_LENGTH}", self.line())
            return
        raise _Lost

    def array(self, path: KeyPath, depth: int) -> None:
        self.expect("[")
        self.skip(_BLANK)
        number = 0
        while not self.text.startswith("]", self.pos):
            self.value((*path, number), depth)
            number += 1
            self.separator("]")
        self.pos += 1

    def inline(self, path: KeyPath, depth: int) -> None:
        self.lines.setdefault(path, self.line())
        self.expect("{")
        self.skip(_BLANK)
        while not self.text.startswith("}", self.pos):
            self.pair(path, depth)
            self.separator("}")
        self.pos += 1

    def separator(self, close: str) -> None:
        self.skip(_BLANK)
        if self.text.startswith(",", self.pos):
            self.pos += 1
            self.skip(_BLANK)
        elif not self.text.startswith(close, self.pos):
            raise _Lost

    def expect(self, token: str) -> None:
        self.spaces()
        if not self.text.startswith(token, self.pos):
            raise _Lost
        self.pos += len(token)

    def spaces(self) -> None:
        while self.text[self.pos : self.pos + 1] in (" ", "\t"):
            self.pos += 1

    def skip(self, pattern: re.Pattern[str]) -> None:
        self.take(pattern)

    def take(self, pattern: re.Pattern[str]) -> str | None:
        match = pattern.match(self.text, self.pos)
        if match is None:
            return None
        self.pos = match.end()
        return match[0]


def _unescape(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    if code is None:
        return _NAMED[match[3]]
    return chr(int(code, 16)) if int(code, 16) < 0x110000 else "\ufffd"
