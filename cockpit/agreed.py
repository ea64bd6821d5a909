"""What the frozen profile promised about the curves: expected bands, the planned learning rate, the clipping norm.

Pure: a Profile goes in. A run without one (a foreign log) promised nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from cockpit.plot.curve import Band, Floats
from engine.profile import Profile
from engine.profile.tables.guarding import Expectation
from engine.rate import rate, tokens_step

POINTS = 400
"""How many points a planned curve is drawn from."""


@dataclass(frozen=True)
class Agreed:
    """`bands` by metric; those with a start and an end count in steps."""

    bands: Mapping[str, tuple[Band, ...]] = field(default_factory=dict)
    clip: float | None = None
    tokens_step: int | None = None
    """Tokens of an optimizer step, where every one has the same number."""
    profile: Profile | None = None

    def plan(self, total: int | None) -> tuple[Floats, Floats]:
        """(step, learning rate) as the profile's schedule has it; empty where another program decides."""
        profile = self.profile
        if profile is None or not total or profile.recipe == "command" or profile.phase:
            return np.empty(0), np.empty(0)
        at = np.unique(np.linspace(0, total - 1, min(total, POINTS)).astype(np.int64))
        peak, schedule = profile.optim.learning_rate, profile.schedule
        values = [rate(schedule, peak, int(step), total) for step in at]
        return at.astype(np.float64) + 1, np.array(values, np.float64)


def agreed(profile: Profile | None) -> Agreed:
    """What this profile says of the curves."""
    if profile is None:
        return Agreed()
    steps = profile.log.x == "step"
    bands = {metric: tuple(_bands(one, steps)) for metric, one in profile.expect.items()}
    if profile.recipe == "command":
        return Agreed(bands, profile=profile)
    return Agreed(bands, profile.optim.max_grad_norm or None, tokens_step(profile), profile)


def _bands(expected: Expectation, steps: bool) -> list[Band]:
    found = [] if expected.range is None else [Band(*expected.range)]
    if steps:
        found += [Band(low, high, start, end) for start, end, low, high in expected.bands]
    return found
