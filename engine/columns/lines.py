"""Cut a stream of bytes into blocks of whole lines, whatever the pieces it comes in.

The same lines as `engine.events.Lines`, uncut: a fast parser wants them by the thousand. A line that outgrows the cap
before its end is seen is dropped here; one that is longer and whole is left to who reads the block.
"""

from __future__ import annotations

from engine.events import LINE_CAP


class Blocks:
    """Holds the half line between two pieces. A reader that begins at `settled` again sees every later line once."""

    def __init__(self, offset: int = 0) -> None:
        self._carry = b""
        self._at = offset
        self.settled = offset
        self.oversized = 0
        self.skipping = False
        """Inside a line that was given up; it counts in `oversized` once its end is seen."""

    def feed(self, piece: bytes) -> list[tuple[bytes, int]]:
        """Blocks of the lines completed by this piece, each with its offset. No large piece is joined to another."""
        if self.skipping:
            piece = self._resume(piece)
        cut = piece.rfind(b"\n") + 1
        if not cut:
            self._hold(piece)
            return []
        first = piece.find(b"\n") + 1 if self._carry else 0
        blocks = [(self._carry + piece[:first], self._at)] if first else []
        self._at += len(self._carry) + first
        if cut > first:
            blocks.append((piece[first:cut], self._at))
        self._at += cut - first
        self.settled, self._carry = self._at, b""
        self._hold(piece[cut:])
        return blocks

    def _hold(self, tail: bytes) -> None:
        self._carry += tail
        if len(self._carry) > LINE_CAP:
            self._at += len(self._carry)
            self._carry, self.skipping = b"", True

    def _resume(self, piece: bytes) -> bytes:
        """What stands behind the end of the line that was given up."""
        end = piece.find(b"\n") + 1
        self._at += end or len(piece)
        if not end:
            return b""
        self.skipping, self.settled = False, self._at
        self.oversized += 1
        return piece[end:]
