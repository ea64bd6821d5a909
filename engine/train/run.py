"""Everything a running training holds, and where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from engine.profile import Profile
from engine.train.asked import Asked
from engine.train.corpus import Corpus
from engine.train.feed import Plan
from engine.train.meter import Meter
from engine.train.models import Card, Net
from engine.train.ranks import World
from engine.train.saver import Saver
from engine.train.tokenizer import Codec
from engine.train.voice import Voice


@dataclass
class At:
    """The position: with the plan it says exactly what comes next."""

    phase: int = 0
    phase_step: int = 0
    ended: int = 0
    """Steps that the phase before took."""
    step: int = 0
    micro: int = 0
    tokens: int = 0
    looked: int = -1
    broken: int = 0
    best: float | None = None
    worse: int = 0


@dataclass
class Pending:
    """A step whose numbers the device has not handed over yet."""

    row: dict[str, Any]
    numbers: Tensor
    learned: int
    tokens: int
    layers: list[str]
    """Whose gradient norms stand behind the others in `numbers`."""


@dataclass
class Run:
    job: Profile
    world: World
    net: Net
    module: nn.Module
    """`net`, or `net` behind DDP or FSDP: what is called."""
    card: Card
    codec: Codec
    plans: list[Plan]
    valid: Corpus | None
    dtype: torch.dtype
    optimizer: Any
    scaler: Any
    voice: Voice
    saver: Saver
    asked: Asked
    loss: Tensor
    """Summed loss of the micro-batches of the step under way."""
    steps: list[int]
    """How many each phase takes."""
    at: At = field(default_factory=At)
    meter: Meter = field(default_factory=Meter)
    pending: Pending | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    pool: dict[str, Tensor] = field(default_factory=dict)
    """Host memory that snapshots are copied into, used again for each."""
    layer_norms: dict[str, Tensor] = field(default_factory=dict)
    saved_at: float = 0.0
    started: int = 0
    compiled: bool = False
    shrunk: bool = False
    doing: str = ""
    """What it does beside a step, for whoever must say where memory ran out."""
    agreed: Asked = field(default_factory=Asked)

    @property
    def device(self) -> torch.device:
        return self.world.device

    @property
    def total(self) -> int:
        """Optimizer steps of the whole run."""
        return sum(self.steps)

    @property
    def pins(self) -> bool:
        return self.device.type == "cuda"

    @property
    def given_up(self) -> bool:
        """Whether the held-out loss has not improved for as long as the profile bears."""
        patience = self.job.eval.patience
        return patience is not None and self.at.worse >= patience

    def wants(self, what: str) -> bool:
        """Whether a stop or a save is asked for: by the ranks' agreement where there are several."""
        return bool(getattr(self.asked if self.world.size == 1 else self.agreed, what))

    def agree(self, stop: bool = False, save: bool = False) -> None:
        self.agreed.stop |= stop
        self.agreed.save |= save

    def forget(self, what: str) -> None:
        setattr(self.asked, what, False)
        setattr(self.agreed, what, False)

    @contextmanager
    def at_work(self, what: str) -> Iterator[None]:
        """Not put back by an error: who explains it wants to know."""
        self.doing, before = what, self.doing
        yield
        self.doing = before

    @property
    def learning(self) -> list[nn.Parameter]:
        return [p for _, p in self.net.learning()]


def phase_steps(job: Profile, plans: list[Plan]) -> list[int]:
    """How many steps each phase gets. Alone, max_steps or tokens decide; over several phases they only cap."""
    limit, tokens = job.train.max_steps, job.train.tokens
    if not job.phase:
        wanted = [limit, plans[0].steps_for(tokens) if tokens else None]
        return [min((steps for steps in wanted if steps), default=plans[0].steps)]
    out: list[int] = []
    for phase, plan in zip(job.phase, plans, strict=True):
        steps = phase.max_steps or plan.steps
        if limit is not None:
            steps = min(steps, limit - sum(out))
        if tokens is not None:
            steps = min(steps, plan.steps_for(tokens))
            tokens -= sum(plan.tokens(index) for index in range(steps))
        out.append(steps)
    return out
