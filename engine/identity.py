"""The value by which a process is known: boot id + pid + start time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Identity:
    """One process for all time. `start` is in clock ticks since boot."""

    pid: int
    start: int
    boot: str

    def as_table(self) -> dict[str, object]:
        return {"pid": self.pid, "start": self.start, "boot": self.boot}
