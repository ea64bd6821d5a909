"""The whole state of a run as a snapshot, and back: after `restore` the next step is the one that would have come."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.train import ranks
from engine.train.adapters import adapted, export_name, refresh_norms, whole
from engine.train.certificate import environment, placed
from engine.train.checkpoint import Checkpoint, Snapshot
from engine.train.errors import ResumeError, nearest
from engine.train.job import phase_name
from engine.train.randomness import device_rng, python_rng, restore_python_rng, restore_rng
from engine.train.run import At, Run
from engine.train.tensors import flatten, read_tensors, unflatten

OPTIMIZER, RNG, PARTIAL = "optimizer.safetensors", "rng.safetensors", "partial.safetensors"


def snapshot(run: Run, ended: str | None) -> Snapshot:
    """A copy of all that the next step depends on, in host memory. Every rank must call it."""
    states, shape = flatten(_gathered(run.optimizer.state_dict()))
    rng = ranks.gather(device_rng(run.device), run.world)
    tensors = {run.card.weights: _weights(run), OPTIMIZER: states}
    tensors[RNG] = {f"{i}.{name}": t for i, each in enumerate(rng) for name, t in each.items()}
    if run.at.micro:
        grads = {n: p.grad for n, p in run.net.learning() if p.grad is not None}
        tensors[PARTIAL] = {**grads, "$loss": run.loss}
    state = {
        "at": dataclasses.asdict(run.at),
        "optimizer": shape,
        "scaler": run.scaler.state_dict(),
        "python": ranks.gather(python_rng(), run.world),
        "environment": environment(run),
    }
    owned = {
        file: {name: _own(run.pool, f"{file}/{name}", t) for name, t in each.items()}
        for file, each in tensors.items()
    }
    if run.device.type == "cuda":
        torch.cuda.synchronize(run.device)
    files = {"state.json": json.dumps(state).encode(), **run.card.files, **run.codec.files()}
    return Snapshot(_name(run.at), _facts(run, ended), owned, files)


def restore(run: Run, checkpoint: Checkpoint) -> list[str]:
    """Make the run what it was when the checkpoint was taken; what of the position could not be kept, in words."""
    folder = checkpoint.path
    try:
        state = json.loads((folder / "state.json").read_bytes())
        optimizer = unflatten(state["optimizer"], read_tensors(folder / OPTIMIZER))
        rng = read_tensors(folder / RNG)
        at = At(**state["at"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResumeError(f"{folder} is not a checkpoint of this trainer: {error!r}") from None
    load_weights(run, folder)
    _fit_optimizer(run, optimizer)
    run.scaler.load_state_dict(state["scaler"])
    run.at, lost = placed(at, state["environment"], environment(run))
    run.metrics = {k: v for k, v in checkpoint.manifest.items() if k in ("loss", "eval_loss")}
    if run.at.micro:
        partial = read_tensors(folder / PARTIAL)
        run.loss.copy_(partial.pop("$loss"))
        for name, p in run.net.learning():
            if name in partial:
                p.grad = partial[name].to(p.device)
    rank = run.world.rank
    if rank < len(state["python"]):
        restore_python_rng(state["python"][rank])
    restore_rng(
        run.device, {n[len(f"{rank}.") :]: t for n, t in rng.items() if n.startswith(f"{rank}.")}
    )
    return lost


def load_weights(run: Run, folder: Path) -> None:
    """The weights alone, from a checkpoint of the same shape."""
    path = folder / run.card.weights
    if not path.is_file():
        raise ResumeError(f"{folder} holds no {run.card.weights}: it is of another method")
    found = read_tensors(path)
    wanted = dict(_named(run))
    missing, extra = wanted.keys() - found.keys(), found.keys() - wanted.keys()
    if missing or extra:
        name = min(missing or extra)
        raise ResumeError(
            f"{path} is of another model: {len(missing)} tensors missing, {len(extra)} unknown,"
            f" such as {name}" + nearest(name, found.keys() if missing else wanted.keys(), 1)
        )
    for name, tensor in wanted.items():
        if found[name].shape != tensor.shape:
            raise ResumeError(
                f"{path} is of another model: {name} has shape {list(found[name].shape)},"
                f" here {list(tensor.shape)}"
            )
        with torch.no_grad():
            tensor.copy_(_like(found[name], tensor))
    refresh_norms(run.net.model)


def _named(run: Run) -> Iterable[tuple[str, Tensor]]:
    """What is saved as weights: the adapters alone, or everything, by the names others know."""
    model = run.net.model
    if any(True for _ in adapted(model)):
        return [(export_name(name), p) for name, p in run.net.learning()]
    buffers = [(n, b) for n, b in model.named_buffers() if n in model.state_dict()]
    return [*model.named_parameters(), *buffers]


def _weights(run: Run) -> dict[str, Tensor]:
    return {name: whole(tensor) for name, tensor in _named(run)}


def _gathered(tree: Any) -> Any:
    """The same tree with sharded tensors made whole."""
    if isinstance(tree, dict):
        return {key: _gathered(item) for key, item in tree.items()}
    if isinstance(tree, list):
        return [_gathered(item) for item in tree]
    return whole(tree) if isinstance(tree, Tensor) else tree


def _like(full: Tensor, target: Tensor) -> Tensor:
    """A whole tensor as the shard that this rank holds."""
    if not hasattr(target, "full_tensor"):
        return full.to(target.device)
    from torch.distributed.tensor import distribute_tensor

    mesh, placed = target.device_mesh, target.placements  # type: ignore[attr-defined]
    return distribute_tensor(full.to(target.device), mesh, placed)


def _fit_optimizer(run: Run, saved: dict[str, Any]) -> None:
    params = [p for group in run.optimizer.param_groups for p in group["params"]]
    if len(params) != sum(len(group["params"]) for group in saved["param_groups"]):
        raise ResumeError("the checkpoint's optimizer is of another model or method")
    for index, state in saved["state"].items():
        for key, value in state.items():
            if isinstance(value, Tensor) and value.shape == params[index].shape:
                state[key] = _like(value, params[index])
    run.optimizer.load_state_dict(saved)


def _own(pool: dict[str, Tensor], name: str, tensor: Tensor) -> Tensor:
    """A copy in host memory that the training will not touch, in a buffer used again at the next save."""
    held = pool.get(name)
    if held is None or held.shape != tensor.shape or held.dtype != tensor.dtype:
        held = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=tensor.is_cuda)
        pool[name] = held
    return held.copy_(tensor.detach(), non_blocking=True)


def _name(at: At) -> str:
    return f"checkpoint-{at.step}" + (f".{at.micro}" if at.micro else "")


def _facts(run: Run, ended: str | None) -> dict[str, Any]:
    at = run.at
    return {
        "step": at.step,
        "micro": at.micro,
        "phase": phase_name(run.job, at.phase - bool(ended)),
        "phase_end": ended,
        "tokens": at.tokens,
        "total": run.total,
        "world": run.world.size,
        "holds": ["weights", "optimizer", "scheduler", "rng", "data"],
        "t": time.time(),
        **run.metrics,
    }
