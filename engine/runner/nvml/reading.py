"""What one GPU said, as values. None is "the sensor has no value", never 0."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import Any

from engine.runner.nvml import words

MIB = 1 << 20


@dataclass(frozen=True)
class Up:
    """What a probe says of itself when it is ready."""

    source: str
    driver: str | None
    count: int


@dataclass(frozen=True)
class GpuProcess:
    """A process that holds GPU memory.

    `pid` is as the driver numbers it: inside a container usually the host's number. `ours`: one of
    the trainer's; None where that cannot be known. `rank`: from that process's environment.
    """

    pid: int
    mem_used: int | None = None  # bytes
    ours: bool | None = None
    rank: int | None = None


@dataclass(frozen=True)
class GpuReading:
    """One GPU at one moment.

    `state` is "ok", a refusal ("lost", "reset_required", "blocked", "mismatch", "no_permission",
    "error_<n>") or why there is no new reading ("hung", "crashed", "unread", "no_driver",
    "no_library", …). `age_s` is None for a reading of this pulse, else the age of what stands here.
    `uuid` and `name` are untrusted text.
    """

    index: int
    state: str = words.OK
    age_s: float | None = None
    uuid: str | None = None
    name: str | None = None
    util_gpu: int | None = None  # % of time with a kernel running
    util_mem: int | None = None  # % of time with memory traffic
    mem_used: int | None = None  # bytes
    mem_total: int | None = None  # bytes
    temp_c: int | None = None
    power_w: float | None = None
    power_limit_w: float | None = None
    sm_mhz: int | None = None
    mem_mhz: int | None = None
    throttle: tuple[str, ...] | None = None
    processes: tuple[GpuProcess, ...] | None = None

    def card(self) -> GpuReading:
        """The part that does not change while the GPU is there."""
        return GpuReading(
            self.index,
            uuid=self.uuid,
            name=self.name,
            mem_total=self.mem_total,
            power_limit_w=self.power_limit_w,
        )

    def after(self, before: GpuReading | None) -> GpuReading:
        """With what a GPU that refuses to answer had told about itself earlier."""
        if before is None or self.state == words.OK:
            return self
        return replace(
            self,
            uuid=self.uuid or before.uuid,
            name=self.name or before.name,
            mem_total=self.mem_total or before.mem_total,
            power_limit_w=self.power_limit_w or before.power_limit_w,
        )


@dataclass(frozen=True)
class GpusFound:
    """Which GPUs there are; told once, and again when it changes.

    As an event: `source` "nvml", "nvidia-smi" or null; `driver`; `problem` null, or the word for
    why none can be read now; `gpus` [{`i` index, `uuid`, `name`, `mem` MiB, `watt` power limit}],
    the last known ones while there is a problem.
    """

    t: float
    source: str | None
    driver: str | None
    problem: str | None
    cards: tuple[GpuReading, ...]

    def as_event(self) -> dict[str, Any]:
        gpus = [
            {
                "i": card.index,
                "uuid": card.uuid,
                "name": card.name,
                "mem": mib(card.mem_total),
                "watt": whole(card.power_limit_w),
            }
            for card in self.cards
        ]
        return {
            "e": "gpus_found",
            "t": self.t,
            "source": self.source,
            "driver": self.driver,
            "problem": self.problem,
            "gpus": gpus,
        }


def heard(line: bytes) -> Up | GpuReading | str | None:
    """A line of the probe: a string is why it gave up. None for anything that is no such line."""
    try:
        kind, fact = ast.literal_eval(line.decode("ascii"))
        if kind == "gpu":
            shares = fact.pop("processes", None)
            processes = None if shares is None else tuple(GpuProcess(*share) for share in shares)
            return GpuReading(processes=processes, **fact)
        return Up(**fact) if kind == "up" else str(fact)
    except (ValueError, SyntaxError, TypeError, AttributeError, MemoryError, RecursionError):
        return None


def mib(size: int | None) -> int | None:
    """Bytes in whole MiB."""
    return None if size is None else size // MIB


def whole(number: float | None) -> int | None:
    """Rounded; None stays None."""
    return None if number is None else round(number)
