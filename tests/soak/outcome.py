"""What a soak found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Outcome:
    """Totals and violations. A violation is a sentence with the seed's run in it; none is the promise."""

    name: str
    seed: int
    totals: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def line(self) -> str:
        totals = ", ".join(f"{count} {what}" for what, count in sorted(self.totals.items()))
        return f"{self.name} (seed {self.seed}): {totals}; {len(self.violations)} violations"
