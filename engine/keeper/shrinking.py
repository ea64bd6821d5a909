"""The change after running out of memory: smaller micro-batches, the same effective batch. Pure.

What was changed stands in `attempt_opened`, and later attempts keep to it: the newest change is the state.
"""

from __future__ import annotations

import re

from engine.keeper.job import RECIPES
from engine.profile import Profile
from engine.view import View

_SAID = re.compile(r"micro_batch \d+ → (\d+)")


def micro_batch(view: View, change: str | None = None) -> int | None:
    """What the newest change makes of it; None: the profile's."""
    for said in (change, *(attempt.opening.change for attempt in reversed(view.attempts))):
        found = _SAID.search(said or "")
        if found:
            return int(found[1])
    return None


def next_change(profile: Profile, view: View) -> str | None:
    """What a further attempt after a full memory would change; None: the profile allows nothing, or nothing is left."""
    train = profile.train
    if not profile.recover.halve_batch or profile.recipe not in RECIPES:
        return None
    rows = train.micro_batch * train.grad_accum
    now = micro_batch(view) or train.micro_batch
    less = max((n for n in range(1, now // 2 + 1) if rows % n == 0), default=None)
    if less is None:
        return None
    return f"micro_batch {now} → {less}, grad_accum {rows // now} → {rows // less}"
