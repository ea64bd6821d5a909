"""A full memory: recognising it, and saying what would fit."""

from __future__ import annotations

import torch

from engine.train.errors import TrainError
from engine.train.job import global_batch
from engine.train.meter import memory_peak
from engine.train.run import Run


class OutOfMemory(TrainError):
    """The device or the machine has no memory left for a step."""

    status = 1


def full(error: BaseException) -> bool:
    """CUDA's own class, the CPU allocator's words, or Python's."""
    words = ("out of memory", "can't allocate memory", "not enough memory")
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or any(
        word in str(error).lower() for word in words
    )


def too_full(run: Run) -> str:
    """Where it happened, and the next smaller micro-batch with the same effective batch."""
    plan, train = run.plans[run.at.phase], run.job.train
    peak = memory_peak(run.device) / 2**30
    where = f"out of memory in step {run.at.step + 1}, micro-batch {plan.micro} rows, peak {peak:.1f} GiB"
    if plan.micro > 1:
        half = plan.micro // 2
        accum = global_batch(run.job) // (half * train.devices)
        return (
            f"{where}: train.micro_batch = {half} with train.grad_accum = {accum} is the same batch"
        )
    if not train.gradient_checkpointing:
        return f"{where}: set train.gradient_checkpointing = true or a smaller data.max_length"
    return f"{where}: set a smaller data.max_length, model.bits = 4, or take a larger device"
