"""Cut a stream of bytes into whole lines, whatever the pieces it comes in.

A line longer than `LINE_CAP` is dropped and counted, so that memory stays bounded; its bytes stay in the file.
"""

from __future__ import annotations

LINE_CAP = 64 * 1024
"""Bytes of a line, without its end, beyond which nothing is parsed."""


class Lines:
    """Holds the half line between two pieces. `offset` counts the bytes taken, `oversized` the lines dropped."""

    def __init__(self, offset: int = 0) -> None:
        self.offset = offset
        self.carry = b""
        self.oversized = 0
        self._skipping = False

    def feed(self, piece: bytes) -> list[tuple[bytes, int]]:
        """The lines completed by this piece, without their ends, each with the offset behind its end."""
        at = self.offset - len(self.carry)
        self.offset += len(piece)
        if self._skipping:
            end = piece.find(b"\n") + 1
            if not end:
                return []
            at, piece, self._skipping = at + end, piece[end:], False
        whole = (self.carry + piece).split(b"\n")
        self.carry = whole.pop()
        self._bound()
        return self._placed(whole, at)

    def _placed(self, whole: list[bytes], at: int) -> list[tuple[bytes, int]]:
        found = []
        for line in whole:
            at += len(line) + 1
            if len(line) > LINE_CAP:
                self.oversized += 1
            elif line:
                found.append((line, at))
        return found

    def _bound(self) -> None:
        if len(self.carry) > LINE_CAP:
            self.carry = b""
            self.oversized += 1
            self._skipping = True
