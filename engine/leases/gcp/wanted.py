"""What is wanted of Google, as values: nothing here was asked yet."""

from __future__ import annotations

from dataclasses import dataclass, field

STOP, DELETE = "STOP", "DELETE"
LEAST_RUN_S, MOST_RUN_S = 30, 120 * 86400
"""What `maxRunDuration` may be."""


@dataclass(frozen=True)
class Fuse:
    """After how many seconds Google itself ends the machine, counted from its start, and how."""

    run_s: int
    action: str = STOP

    def __post_init__(self) -> None:
        if not LEAST_RUN_S <= self.run_s <= MOST_RUN_S:
            raise ValueError(f"maxRunDuration of {self.run_s} s; Google takes 30 s to 120 days")


@dataclass(frozen=True)
class Key:
    """Who may log in, and until when."""

    user: str
    public: str
    """One line: kind and base64, without a comment."""
    until: float | None = None
    """Unix seconds; the machine forgets the key then."""


@dataclass(frozen=True)
class Wanted:
    """A machine to be made. `gpu` is for machine types that have none of their own."""

    run: str
    machine: str
    zones: tuple[str, ...]
    image: str
    key: Key
    spot: bool = True
    fuse: Fuse | None = None
    disk_gb: int = 100
    gpu: str | None = None
    count: int = 1
    notice_s: int | None = None
    """Spot: how long before the power button the metadata server tells; None: not asked for."""
    network: str = "global/networks/default"
    metadata: dict[str, str] = field(default_factory=dict)
