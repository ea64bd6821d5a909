"""Cut a stream of bytes into whole lines, whatever the pieces it comes in.

A line longer than `LINE_CAP` is dropped and counted, so that memory stays bounded; its bytes stay in the file.
"""

from __future__ import annotations

from typing import List

LINE_CAP = 64 * 1024
"""Bytes of a line, without its end, beyond which nothing is parsed."""


class Lines:
    """Holds the half line between two pieces. `carry` is what has no end yet, `oversized` counts dropped lines."""

    def __init__(self) -> None:
        self.carry = b""
        self.oversized = 0
        self._skipping = False

    @property
    def skipping(self) -> bool:
        """Inside a line that is already too long."""
        return self._skipping

    def feed(self, piece: bytes) -> List[bytes]:
        """The lines completed by this piece, without their ends, never longer than the cap."""
        if self._skipping:
            end = piece.find(b"\n")
            if end < 0:
                return []
            piece = piece[end + 1 :]
            self._skipping = False
        whole = (self.carry + piece).split(b"\n")
        self.carry = whole.pop()
        self._bound()
        if any(len(line) > LINE_CAP for line in whole):
            kept = [line for line in whole if len(line) <= LINE_CAP]
            self.oversized += len(whole) - len(kept)
            return kept
        return whole

    def _bound(self) -> None:
        if len(self.carry) > LINE_CAP:
            self.carry = b""
            self.oversized += 1
            self._skipping = True
