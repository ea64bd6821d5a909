"""A full memory: recognising it, and saying what would fit."""

from __future__ import annotations

import gc

import torch

from engine.train.errors import TrainError
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


def explained(run: Run | None) -> OutOfMemory:
    """A full memory as the user's error, wherever it was met; without a run it was met while loading."""
    if run is not None:
        return OutOfMemory(too_full(run))
    return OutOfMemory(
        "out of memory while loading: the model does not fit; take model.bits = 4, train.strategy = 'fsdp'"
        " over several devices, or a larger device"
    )


def too_full(run: Run) -> str:
    """Where it happened, and the next smaller micro-batch with the same effective batch."""
    phase = min(run.at.phase, len(run.plans) - 1)
    plan, train = run.plans[phase], run.job.train
    peak = memory_peak(run.device) / 2**30
    spot = f"{run.doing} step {run.at.step}" if run.doing else f"step {run.at.step + 1}"
    where = f"out of memory in {spot}, micro-batch {plan.micro} rows, peak {peak:.1f} GiB"
    if plan.micro > 1:
        less = plan.smaller().micro
        accum = plan.global_batch // (less * plan.world)
        return (
            f"{where}: train.micro_batch = {less} with train.grad_accum = {accum} is the same batch"
        )
    if not train.gradient_checkpointing:
        return f"{where}: set train.gradient_checkpointing = true or a smaller data.max_length"
    return f"{where}: set a smaller data.max_length, model.bits = 4, or take a larger device"


def give_back_memory() -> None:
    """Let go of what the step that failed still holds: cycles of its graph, and blocks cut for larger batches."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
