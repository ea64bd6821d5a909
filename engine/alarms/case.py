"""What a rule looks at: facts, thresholds, what was agreed and the time, and the windows that several rules need."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Mapping

from engine.alarms.agreed import Agreed
from engine.alarms.thresholds import Thresholds
from engine.events.base import number
from engine.events.runner import Pulsed
from engine.scalars import AttemptFacts

NOTHING = Agreed()


@dataclass(frozen=True)
class Case:
    """One attempt at one moment. `now` is Unix seconds by the clock of the machine that trains."""

    facts: AttemptFacts
    limits: Thresholds
    now: float
    agreed: Agreed = NOTHING

    @property
    def step(self) -> int | None:
        return self.facts.tally.step

    def finite(self, metric: str) -> list[float]:
        """A metric's finite values in the window."""
        return [value for _, value in self.facts.tally.series(metric) if math.isfinite(value)]

    def gaps(self) -> list[float]:
        """Seconds between the window's rows, where their times are known."""
        times = self.facts.row_times()
        return [after - before for before, after in zip(times, times[1:]) if after >= before]

    def host(self) -> Mapping[str, Any]:
        """The newest reading of the machine."""
        pulse = self.facts.runner.pulse
        return pulse.host or {} if pulse is not None else {}

    def pulse_t(self) -> float | None:
        pulse = self.facts.runner.pulse
        return None if pulse is None else pulse.t

    def running_s(self) -> float | None:
        """Seconds since the trainer started, by its machine's monotonic clock as far as that goes."""
        beat = self.facts.runner.beat
        if beat is None or beat.t is None:
            return None
        return max(beat.up_s, 0.0) + max(self.now - beat.t, 0.0)

    def lately(self, seconds: float) -> list[Pulsed]:
        """The history of readings that covers this stretch up to the newest; empty while there is less."""
        history = self.facts.runner.history
        newest = history[-1].t if history else None
        if newest is None or self.now - newest > max(60.0, seconds / 2):
            return []
        found = [one for one in history if one.t is not None and newest - one.t <= seconds]
        oldest = history[0].t
        return found if oldest is not None and newest - oldest >= 0.9 * seconds else []


def column(pulse: Pulsed, name: str) -> list[float]:
    """What the GPUs tell of one thing; a sensor without a value is left out."""
    told = (pulse.gpus or {}).get(name)
    values = [number(value) for value in told] if isinstance(told, list) else []
    return [value for value in values if value is not None and math.isfinite(value)]


def numbers(table: Mapping[str, Any], name: str) -> list[float | None]:
    """A list of the host's reading, such as `[used, total]`; empty where there is none."""
    told = table.get(name)
    return [number(value) for value in told] if isinstance(told, list) else []
