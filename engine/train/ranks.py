"""One rank among several: joining, splitting the model (DDP or FSDP2), agreeing. A single rank does none of it.

`devices` above 1 starts the other ranks as children of this process, unless torchrun has started all of them already.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from engine.profile import Profile
from engine.train import family
from engine.train.errors import TrainError
from engine.train.family import Family
from engine.train.job import global_batch
from engine.train.models import Net


@dataclass(frozen=True)
class World:
    rank: int
    size: int
    device: torch.device

    @property
    def first(self) -> bool:
        return self.rank == 0


def pick_device(local: int) -> torch.device:
    if torch.cuda.is_available():
        return torch.device("cuda", local)
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


@contextmanager
def spawned(job: Profile, argv: list[str], resuming: bool) -> Iterator[None]:
    """Start ranks 1 and up as children; this process becomes rank 0 by its environment. None outlives it."""
    have = torch.cuda.device_count() if torch.cuda.is_available() else None
    count = usable(job.train.devices, have, global_batch(job), resuming)
    if count <= 1 or "RANK" in os.environ:
        yield
        return
    common = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port()}
    common |= {"WORLD_SIZE": str(count), "LOCAL_WORLD_SIZE": str(count)}
    os.environ.update({**common, "RANK": "0", "LOCAL_RANK": "0"})
    others = Family(count, argv)
    whole = False
    try:
        yield
        whole = True
    finally:
        others.wait() if whole else others.end()


def usable(devices: int, have: int | None, batch: int, resuming: bool) -> int:
    """How many devices to train on. A run that goes on where there are fewer shares its batch among those."""
    if have is None or have >= devices:
        return devices
    if not resuming:
        raise TrainError(f"train.devices = {devices}, but this machine has {have} GPUs")
    return max(count for count in range(1, max(1, have) + 1) if batch % count == 0)


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def join() -> World:
    family.hold_on()
    size = int(os.environ.get("WORLD_SIZE", "1"))
    local = int(os.environ.get("LOCAL_RANK", "0"))
    device = pick_device(local)
    if device.type == "cuda":
        torch.cuda.set_device(device)
    if size == 1:
        return World(0, 1, device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return World(dist.get_rank(), size, device)


class Alone(TrainError):
    """An exchange that another rank did not come to."""

    status = 1


def left_alone(error: BaseException) -> bool:
    """Whether an exchange failed because another rank is gone: NCCL's and the store's own classes, gloo's words."""
    return isinstance(error, dist.DistError) or "/gloo/" in str(error)


def split(net: Net, world: World, strategy: str) -> nn.Module:
    """The module to call: the net itself, or the net behind DDP; FSDP2 shards it in place, block by block."""
    if world.size == 1:
        return net
    if strategy == "ddp":
        return nn.parallel.DistributedDataParallel(net)
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    mesh = init_device_mesh(world.device.type, (world.size,))
    for module in net.modules():
        if isinstance(module, nn.ModuleList):
            for block in module:
                fully_shard(block, mesh=mesh)
    fully_shard(net, mesh=mesh)
    return net


def hold_back(module: nn.Module, last: bool) -> None:
    """Gradients travel once per optimizer step: only the last micro-batch sends them."""
    if isinstance(module, nn.parallel.DistributedDataParallel):
        module.require_backward_grad_sync = last
    else:
        sharded = getattr(module, "set_requires_gradient_sync", None)
        if sharded is not None:
            sharded(last)


def total(values: Tensor, world: World) -> Tensor:
    """The sum over ranks."""
    if world.size > 1:
        dist.all_reduce(values)
    return values


def gather(value: Any, world: World) -> list[Any]:
    """Every rank's value, everywhere."""
    if world.size == 1:
        return [value]
    found: list[Any] = [None] * world.size
    dist.all_gather_object(found, value)
    return found


def leave(world: World) -> None:
    if world.size > 1:
        dist.destroy_process_group()
