"""Keep secrets out of a bundle: known values in every form in which they may stand there, then what looks like one.

Lines without a trace of a credential are passed over quickly, because a journal has millions of them.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

from engine.bundle.shifts import Shifts
from engine.cli.target import secret_names
from engine.errors import Problem
from engine.redact import HIDDEN, LEAST, redact
from engine.runs import Run
from engine.secrets import lookup, written

LONGEST = 8 << 20
"""Bytes of a line; what is longer is left out, for it cannot be looked through whole."""
_TRACE = re.compile(
    rb"key|token|secret|passw|credential|bearer|basic|://|hf_|gh[poshu]_|github_pat_|glpat-|sk-|rpa_|xox|npm_"
    rb"|pypi-|dop_v1_|ya29\.|akia|asia|aiza|eyj|private",
    re.I,
)
_NUMBERS = re.compile(
    rb'\{(?:"[\w./%@ -]{1,64}":(?:-?[0-9][0-9.eE+-]{0,30}|"(?:nan|-?inf)"|null|true|false)'
    rb'|"phase":"[\w -]{0,12}")(?:,(?:"[\w./%@ -]{1,64}":(?:-?[0-9][0-9.eE+-]{0,30}|"(?:nan|-?inf)"|null|true|false)'
    rb'|"phase":"[\w -]{0,12}")){0,300}\}\s*'
)
"""A row of numbers: its metric may be called `tokens`, and it holds no credential."""
_BEGIN, _END = b"PRIVATE KEY-----", b"-----END "
_NAMED = re.compile(
    r"(?:^|_)(?:API_?KEY|ACCESS_?KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|KEY)$"
)


def known(run: Run) -> dict[str, str]:
    """Every secret of which the value can be had: the profile's, the user's file's, and what the environment has."""
    names = [*secret_names(run), *written(), *(n for n in os.environ if _NAMED.search(n.upper()))]
    found: dict[str, str] = {}
    for name in dict.fromkeys(names):
        try:
            secret = lookup(name)
        except Problem:
            continue
        if secret is not None and len(secret.value) >= LEAST:
            found[name] = secret.value
    return found


class Scrubber:
    """Counts what it hides, by what it was."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._forms = [(name, form) for name, value in values.items() for form in _forms(value)]
        self._forms.sort(key=lambda one: -len(one[1]))
        self.removed: dict[str, int] = {}
        self._inside = False

    def lines(self, blocks: Iterable[bytes], shifts: Shifts) -> Iterator[bytes]:
        """The same lines, clean; `shifts` learns where their bytes went."""
        old = new = 0
        self._inside = False
        for block in _whole_lines(blocks):
            if not self._suspicious(block):
                yield block
                old, new = old + len(block), new + len(block)
                shifts.mark(old, new)
                continue
            for line in _paired(block):
                clean = self._line(line)
                yield clean
                old, new = old + len(line), new + len(clean)
                shifts.mark(old, new)

    def text(self, data: bytes) -> bytes:
        """A whole small file."""
        return b"".join(self.lines([data], Shifts()))

    def _suspicious(self, block: bytes) -> bool:
        if self._inside or len(block) > LONGEST or _TRACE.search(block) is not None:
            return True
        return any(form in block for _, form in self._forms)

    def _line(self, line: bytes) -> bytes:
        if len(line) > LONGEST:
            self._count("lines too long to look through", 1)
            return b"[a line of %d bytes was left out]\n" % len(line)
        for name, form in self._forms:
            if form in line:
                self._count(f"the value of {name}", line.count(form))
                line = line.replace(form, HIDDEN.encode())
        if self._inside or (_TRACE.search(line) and not _NUMBERS.fullmatch(line)):
            return self._patterns(line)
        return line

    def _patterns(self, line: bytes) -> bytes:
        """A key of several lines is hidden to its end, wherever that is."""
        if self._inside:
            self._inside = _END not in line
            return b"\n" if self._inside else HIDDEN.encode() + b"\n"
        if _BEGIN in line and _END not in line and b"BEGIN" in line and not line.startswith(b"{"):
            self._inside = True
        text = line.decode("utf-8", "surrogateescape")
        clean = redact(text)
        if clean == text:
            return line
        self._count(
            "what looks like a credential", max(clean.count(HIDDEN) - text.count(HIDDEN), 1)
        )
        data = clean.encode("utf-8", "surrogateescape")
        return data if data.endswith(b"\n") or not line.endswith(b"\n") else data + b"\n"

    def _count(self, what: str, count: int) -> None:
        self.removed[what] = self.removed.get(what, 0) + count


def _forms(value: str) -> set[bytes]:
    """As it is, each line of it, and as JSON, an address or base64 write it."""
    pieces = {piece.strip() for piece in (value, *value.splitlines())}
    found: set[bytes] = set()
    for piece in (one for one in pieces if len(one) >= LEAST):
        forms = (
            piece,
            json.dumps(piece)[1:-1],
            json.dumps(piece, ensure_ascii=False)[1:-1],
            quote(piece, ""),
        )
        found.update(form.encode("utf-8", "surrogateescape") for form in forms)
        found.add(base64.b64encode(piece.encode("utf-8", "surrogateescape")).rstrip(b"="))
    return found


def _whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Blocks that end where a line does; a line longer than LONGEST comes by itself, whole."""
    parts: list[bytes] = []
    for block in blocks:
        cut = block.rfind(b"\n") + 1
        if cut:
            yield b"".join([*parts, block[:cut]])
            parts = [block[cut:]] if cut < len(block) else []
        else:
            parts.append(block)
    if parts:
        yield b"".join(parts)


def _paired(block: bytes) -> Iterator[bytes]:
    """Lines; one that ends with a name and no value is given with the line behind it."""
    held = b""
    for line in block.splitlines(keepends=True):
        joined, held = held + line, b""
        if joined.rstrip().endswith((b":", b"=")) and len(joined) < 4096:
            held = joined
            continue
        yield joined
    if held:
        yield held
