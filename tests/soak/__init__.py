"""The counts that the project promises: real processes, real files, random faults, a seed for each.

Every soak is a function `run(count, seed) -> Outcome`. `make test` runs a twentieth of each by the same code, `make
soak` all of it; the totals stand in `tests/bench/soak.md`.
"""

from __future__ import annotations
