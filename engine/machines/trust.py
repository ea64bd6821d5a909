"""Which key a machine must show. A pin of hosts.toml stands above everything; else the user's known_hosts decide.

They are read and never written, and a line that makes no sense hides no other. A key that nobody vouches for is a
question for a person; another key than the known one is a hard stop, with no way to go on anyway.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from engine.errors import Unknown, Unusable

LONGEST = 16 * 1024
"""Bytes of a line of known_hosts."""


class Stranger(Unusable):
    """Nobody vouches for this key yet."""

    def __init__(self, name: str, fingerprint: str) -> None:
        self.fingerprint = fingerprint
        super().__init__(
            f"the key of {name} is not known: {fingerprint}",
            "compare it with what the machine's owner says, then: engine hosts add … --fingerprint "
            + fingerprint,
        )


class Impostor(Unknown):
    """It shows another key than it must."""


@dataclass(frozen=True)
class Entry:
    """One key of a known_hosts line that fits a name."""

    kind: str
    blob: bytes
    revoked: bool


def fingerprint(blob: bytes) -> str:
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return f"SHA256:{digest}"


def judge(name: str, blob: bytes, pin: str | None, known: Iterable[Entry]) -> None:
    """Returns where the key is the right one; raises otherwise."""
    shown = fingerprint(blob)
    entries = list(known)
    if any(entry.revoked and entry.blob == blob for entry in entries):
        raise Impostor(
            f"{name} shows a key that was revoked: {shown}", "do not connect; ask its owner"
        )
    if pin is not None:
        if hmac.compare_digest(pin, shown):
            return
        raise Impostor(
            f"{name} shows the key {shown}, not the pinned {pin}",
            "somebody may be in between, or the machine was made anew; ask its owner, then change the pin by hand",
        )
    good = [entry for entry in entries if not entry.revoked]
    if any(entry.blob == blob for entry in good):
        return
    if good:
        expected = ", ".join(sorted({fingerprint(entry.blob) for entry in good}))
        raise Impostor(
            f"{name} shows the key {shown}, your known_hosts say {expected}",
            "somebody may be in between, or the machine was made anew; ask its owner, then edit known_hosts by hand",
        )
    raise Stranger(name, shown)


def entries(files: Iterable[str], name: str) -> list[Entry]:
    """All keys that these files have for a name such as `host` or `[host]:2222`."""
    return [
        entry for file in files for line in _lines(Path(file)) for entry in _fitting(line, name)
    ]


def _lines(path: Path) -> Iterator[list[str]]:
    try:
        data = path.read_bytes()
    except OSError:
        return
    for line in data.split(b"\n"):
        if 0 < len(line) < LONGEST and not line.lstrip().startswith(b"#"):
            yield line.decode("utf-8", "replace").split()


def _fitting(parts: list[str], name: str) -> Iterator[Entry]:
    marker = parts.pop(0) if parts and parts[0].startswith("@") else ""
    # A certificate authority vouches for certificates, which are not read here: its line is no key of a host.
    if len(parts) < 3 or marker not in ("", "@revoked") or not fits(parts[0], name):
        return
    try:
        yield Entry(parts[1], base64.b64decode(parts[2], validate=True), marker == "@revoked")
    except (binascii.Error, ValueError):
        return


def fits(patterns: str, name: str) -> bool:
    """Whether the first field of a line means this name: hashed, or patterns with * and ? and negation."""
    if patterns.startswith("|1|"):
        return _hashed(patterns, name)
    fitting = False
    for pattern in patterns.split(","):
        wanted = pattern[1:] if pattern.startswith("!") else pattern
        # fnmatch's brackets are sets; in known_hosts they stand around a host with a port.
        if fnmatchcase(name.lower(), wanted.lower().replace("[", "[[]")):
            if pattern.startswith("!"):
                return False
            fitting = True
    return fitting


def _hashed(field: str, name: str) -> bool:
    try:
        _, _, salt, digest = field.split("|")
        mac = hmac.new(base64.b64decode(salt), name.encode(), "sha1").digest()
        return hmac.compare_digest(mac, base64.b64decode(digest))
    except (ValueError, binascii.Error):
        return False
