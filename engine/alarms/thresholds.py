"""When a rule speaks. Every number can be set in a profile's `[alerts]`; these are the defaults."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Mapping, Optional

from engine.events.base import number


@dataclass(frozen=True)
class Thresholds:
    """None switches a rule off."""

    nan_rows: Optional[float] = 3
    """Rows in a row whose loss or gradient norm is not finite."""
    zero_rows: Optional[float] = 3
    """Rows in a row whose loss is exactly 0."""
    constant_rows: Optional[float] = 20
    """Rows in a row whose loss is the same to the last digit."""
    spike_sigma: Optional[float] = 8.0
    """Newest loss above the window's median by so many robust deviations."""
    divergence_factor: Optional[float] = 1.5
    """Median of the last rows above the best smoothed loss in the window by this factor."""
    grad_norm_high: Optional[float] = 100.0
    grad_norm_low: Optional[float] = 0.001
    stall_factor: Optional[float] = 3.0
    """Silence longer than this many times the p99 of the gaps between rows."""
    stall_min_s: Optional[float] = 300.0
    """Never called stalled before so many seconds."""
    slow_factor: Optional[float] = 2.0
    """Recent time per step over that of the window's first half."""
    disk_free_gb: Optional[float] = 2.0
    memory_fraction: Optional[float] = 0.95
    """Of the machine's or container's memory, and of each GPU's."""
    budget_fraction: Optional[float] = 0.8
    """Of any limit in `[limits]`."""

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> Thresholds:
        """From a job's `alerts`: false or null switches a rule off, what is missing or no number keeps its default."""
        chosen = {}
        for field in dataclasses.fields(cls):
            if field.name in table:
                value = table[field.name]
                off = value is None or value is False
                chosen[field.name] = None if off else number(value)
                if not off and chosen[field.name] is None:
                    del chosen[field.name]
        return cls(**chosen)
