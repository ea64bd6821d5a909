"""A frozen profile as the trainer sees it: what of its tables are one decision here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.profile import Profile, from_json
from engine.profile.tables.data import Phase
from engine.profile.tables.training import Eval
from engine.train.errors import TrainError

WHOLE = "whole"
"""The name of the only phase of a profile that has none."""


def read_job(profile: bytes) -> Profile:
    """The profile, if it is one that this trainer can follow."""
    job = from_json(profile)
    if job.recipe not in ("finetune", "pretrain", "pretokenize"):
        raise TrainError(f"recipe = {job.recipe!r} is not trained here: finetune or pretrain are")
    if job.model.bits == 8:
        raise TrainError("model.bits = 8 is not trained here: 4 is")
    if job.adapter.bias != "none":
        raise TrainError(f"adapter.bias = {job.adapter.bias!r} is not trained here: 'none' is")
    return job


def phases(job: Profile) -> tuple[Phase, ...]:
    """At least one: a profile without phases is one phase."""
    return job.phase or (Phase(id=WHOLE),)


def phase_name(job: Profile, number: int) -> str | None:
    """What rows and events call it: nothing, where the profile names no phases."""
    return phases(job)[number].id if job.phase else None


def global_batch(job: Profile) -> int:
    """Rows per optimizer step over all devices: what must survive a change of machine."""
    return job.train.micro_batch * job.train.grad_accum * job.train.devices


def smaller(job: Profile, micro: int) -> Profile:
    """The same effective batch in micro-batches of this many rows."""
    rows = job.train.micro_batch * job.train.grad_accum
    if not 1 <= micro <= rows or rows % micro:
        raise TrainError(
            f"--micro-batch {micro} does not divide the {rows} rows of a device's step"
        )
    train = replace(job.train, micro_batch=micro, grad_accum=rows // micro)
    return replace(job, train=train)


def span(job: Profile, horizons: list[int], phase: int, step: int) -> tuple[int, int]:
    """Where a step of a phase stands in its learning-rate schedule, and how long that is.

    Phases whose `schedule` is `carry` share the schedule of the one before.
    """
    carries = [p.schedule == "carry" for p in phases(job)]
    first = max(i for i in range(phase + 1) if i == 0 or not carries[i])
    after = [i for i in range(phase + 1, len(carries)) if not carries[i]]
    last = after[0] if after else len(carries)
    return sum(horizons[first:phase]) + step, sum(horizons[first:last])


def outside(expect: Mapping[str, tuple[float, float]], metrics: Mapping[str, float]) -> list[str]:
    """What of a phase's last metrics is not where the profile expects it, in words."""
    return [
        f"{name} {metrics[name]:.4g}, expected {low:g} to {high:g}"
        for name, (low, high) in expect.items()
        if name in metrics and not low <= metrics[name] <= high
    ]


def sample_due(settings: Eval, step: int, total: int) -> bool:
    """Whether the prompts are sampled at this step: by schedule, at percents, or with every evaluation."""
    if not settings.schedule and not settings.at:
        return step == 0 or step == total or _every(settings.every_steps, step)
    percent = 100.0 * step / total
    passed = any(100.0 * (step - 1) / total < mark <= percent for mark in settings.at)
    paces = [every for up_to, every in settings.schedule if percent <= up_to]
    return passed or (bool(paces) and _every(int(paces[0]), step))


def eval_due(settings: Eval, step: int) -> bool:
    return _every(settings.every_steps, step)


def _every(pace: int | None, step: int) -> bool:
    return bool(pace) and step % (pace or 1) == 0
