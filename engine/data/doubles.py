"""Rows that were there before: the same by their normalised text, or nearly the same by MinHash.

MinHash is our own, sixty lines of numpy: datasketch needs scipy on every laptop and hashes one shingle at a time.
128 permutations in 16 bands of 8 find pairs of a Jaccard similarity of 0.7 and above; a pair counts only if its
estimate from all 128 is above the threshold.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.data.rows import Row

PERMUTATIONS, BANDS = 128, 16
MARK = 16
"""Bytes by which a text is known."""
SHINGLE = 3
"""Words of a shingle."""
THRESHOLD = 0.8
_SPACE = b" \t\n\r\f\v"
_WORDS = re.compile(r"\w+")
_U64 = np.uint64
_SEED = np.random.SeedSequence(20261125)
_BITS = np.random.PCG64(_SEED).random_raw(2 * PERMUTATIONS)
_FACTORS, _TERMS = _BITS[:PERMUTATIONS] | _U64(1), _BITS[PERMUTATIONS:]

Signature = npt.NDArray[np.uint32]


class Doubles:
    """Remembers rows: `none` nothing, `exact` their marks, `near` their signatures, too."""

    def __init__(self, kind: str, threshold: float = THRESHOLD) -> None:
        self._kind, self._seen = kind, set[bytes]()
        self._near = Near(threshold) if kind == "near" else None

    def is_new(self, row: Row) -> bool:
        if self._kind == "none":
            return True
        mark = exact(row)
        if mark in self._seen:
            return False
        self._seen.add(mark)
        return self._near is None or self._near.add(sign(text_of(row))) is None


class Near:
    """Signatures in bands; asks which earlier text is nearly this one. A text without a word is like no other."""

    def __init__(self, threshold: float = THRESHOLD) -> None:
        self._threshold = threshold
        self._signatures: list[npt.NDArray[np.uint16]] = []
        self._bands: list[dict[int, list[int]]] = [{} for _ in range(BANDS)]

    def find(self, signature: Signature | None) -> int | None:
        """The number of the first earlier text that is alike."""
        return None if signature is None else self._find(signature)

    def add(self, signature: Signature | None) -> int | None:
        """As `find`, and what is alike to nothing is remembered."""
        if signature is None:
            return None
        found = self._find(signature)
        if found is None:
            number = len(self._signatures)
            self._signatures.append(signature.astype(np.uint16))
            for band, key in zip(self._bands, _keys(signature), strict=True):
                band.setdefault(key, []).append(number)
        return found

    def _find(self, signature: Signature) -> int | None:
        low = signature.astype(np.uint16)
        for band, key in zip(self._bands, _keys(signature), strict=True):
            for number in band.get(key, ()):
                if float(np.mean(self._signatures[number] == low)) >= self._threshold:
                    return number
        return None


def exact(row: Row) -> bytes:
    """Sixteen bytes of the row's text, without regard to case and space."""
    return mark(spelled(row))


def spelled(row: Row) -> str:
    """Who says what, in small letters."""
    return "\x1e".join([f"{role}\x1f{text}" for role, text in row.turns]).lower()


def mark(said: str) -> bytes:
    plain = said.encode("utf-8", "surrogatepass").translate(None, _SPACE)
    return blake2b(plain, digest_size=MARK).digest()


def split(marks: bytes | bytearray) -> list[bytes]:
    """Marks that stand one behind the other."""
    whole = bytes(marks)
    return [whole[at : at + MARK] for at in range(0, len(whole), MARK)]


def text_of(row: Row) -> str:
    return "\n".join(turn.text for turn in row.turns)


def shingles(text: str) -> Sequence[str]:
    said = _WORDS.findall(text.lower())
    if len(said) <= SHINGLE:
        return [" ".join(said)] if said else []
    return [" ".join(said[i : i + SHINGLE]) for i in range(len(said) - SHINGLE + 1)]


def sign(text: str) -> Signature | None:
    """128 minima; nothing for a text without a word."""
    found = {zlib.crc32(shingle.encode()) for shingle in shingles(text)}
    if not found:
        return None
    hashes: Any = np.fromiter(found, dtype=np.uint64, count=len(found))
    # multiply-shift: the high half of an odd multiple is a good hash of 32 bits
    mixed = (hashes[None, :] * _FACTORS[:, None] + _TERMS[:, None]) >> _U64(32)
    minima: Signature = mixed.min(axis=1).astype(np.uint32)
    return minima


def _keys(signature: Signature) -> list[int]:
    return [hash(band.tobytes()) for band in signature.reshape(BANDS, -1)]
