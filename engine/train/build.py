"""A frozen job becomes a run that stands before its first step, or where a checkpoint left it."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from engine.profile import Profile
from engine.train import models, ranks
from engine.train.asked import Asked
from engine.train.certificate import differences, environment, sentence
from engine.train.checkpoint import Checkpoint, newest, sweep, verify
from engine.train.corpus import Corpus
from engine.train.errors import ResumeError, TrainError, located
from engine.train.feed import Plan
from engine.train.heap import keep_freed
from engine.train.job import global_batch, phases
from engine.train.loss import compile_loss
from engine.train.meter import formula
from engine.train.models import Card, Net
from engine.train.optim import make_optimizer
from engine.train.ranks import World
from engine.train.run import Run, phase_steps
from engine.train.saver import Saver
from engine.train.sources import open_codec, open_corpora
from engine.train.state import load_weights, restore
from engine.train.tokenizer import Codec
from engine.train.voice import Voice


@dataclass(frozen=True)
class Parts:
    """What a run is put together from."""

    codec: Codec
    corpora: list[Corpus]
    valid: Corpus | None
    net: Net
    card: Card


def build(job: Profile, world: World, out: Path, asked: Asked) -> Run:
    """Load data and model and put them together; nothing has been trained."""
    if job.train.threads:
        torch.set_num_threads(job.train.threads)
    codec = open_codec(job)
    corpora, valid = open_corpora(job, codec, Voice(world.first))
    if job.model.base is None or job.model.from_scratch is not None:
        net, card = models.scratch(job, codec.size, world.device)
    else:
        net, card = models.pretrained(job, world.device)
    return assemble(job, world, Parts(codec, corpora, valid, net, card), out, asked)


def assemble(job: Profile, world: World, parts: Parts, out: Path, asked: Asked) -> Run:
    """Split, compile, plan; the randomness of the training begins here."""
    if world.device.type == "cpu":
        keep_freed()
    torch.manual_seed(job.train.seed + world.rank)
    voice, net = Voice(world.first), parts.net
    compiled = _compile(job, net, world)
    dtype = models.precision(job, world.device)
    plans = _plans(job, parts.corpora, world, compiled)
    return Run(
        job=job, world=world, net=net, module=ranks.split(net, world, job.train.strategy).train(),
        card=parts.card, codec=parts.codec, valid=parts.valid, dtype=dtype,
        plans=plans, steps=phase_steps(job, plans),
        optimizer=make_optimizer(net.learning(), job.optim),
        scaler=torch.amp.GradScaler(world.device.type, enabled=dtype == torch.float16),
        voice=voice, saver=_saver(job, out, voice), asked=asked, compiled=compiled,
        loss=torch.zeros((), device=world.device),
    )  # fmt: skip


def resume(run: Run, wanted: str | None, out: Path) -> None:
    """Continue from `wanted`: a checkpoint's folder or name, `auto` for the newest that verifies, None for a start."""
    if run.world.first:
        sweep(out)
    checkpoint = None if wanted is None else find(wanted, out, run.voice)
    if checkpoint is None:
        _begin_from_adapter(run)
        return
    then = _environment(checkpoint)
    lost = restore(run, checkpoint)
    _extend(run, checkpoint)
    run.voice.say(sentence(run.at.step, differences(then, environment(run)) + lost))


def _begin_from_adapter(run: Run) -> None:
    """Go on from an adapter that lies there already, ours or PEFT's: its weights, nothing else."""
    path = run.job.adapter.path
    if path is not None:
        load_weights(run, Path(located(path, "adapter.path")))
        run.voice.say(f"starting from the adapter in {path}")


def _extend(run: Run, checkpoint: Checkpoint) -> None:
    """A run that had ended goes on in its last phase if it may now take more steps than then."""
    at = run.at
    if at.phase == len(run.plans) and run.total > checkpoint.manifest["total"]:
        at.phase, at.phase_step = at.phase - 1, at.ended


def find(wanted: str, out: Path, voice: Voice) -> Checkpoint | None:
    if wanted != "auto":
        named = out / wanted
        return verify(named if named.is_dir() else Path(wanted))
    found, reasons = newest(out)
    for reason in reasons:
        voice.say(f"passed over: {reason}", "warning")
    if found is None and reasons:
        raise ResumeError(f"no checkpoint in {out} verifies: {reasons[0]}")
    return found


def _environment(checkpoint: Checkpoint) -> dict[str, Any]:
    import json

    table: dict[str, Any] = json.loads((checkpoint.path / "state.json").read_bytes())["environment"]
    return table


def _plans(job: Profile, corpora: list[Corpus], world: World, compiled: bool) -> list[Plan]:
    batch = global_batch(job)
    if batch % world.size:
        raise TrainError(
            f"{world.size} ranks cannot share the effective batch of {batch} rows"
            " (train.micro_batch x grad_accum x devices); change one of them"
        )
    micro = min(job.train.micro_batch, batch // world.size)
    pad = job.data.max_length if compiled and job.recipe != "pretrain" else None
    return [
        Plan(
            corpus, job.train.seed, number, phase.epochs or job.train.epochs, batch, micro,
            world.size, world.rank, pad,
        )
        for number, (corpus, phase) in enumerate(zip(corpora, phases(job), strict=True))
    ]  # fmt: skip


def _compile(job: Profile, net: models.Net, world: World) -> bool:
    """Compile each block: they share one compilation. `auto` is for GPUs."""
    wanted = job.train.compile
    if wanted is False or (wanted == "auto" and world.device.type != "cuda"):
        return False
    if importlib.util.find_spec("triton") is None and world.device.type == "cuda":
        return False
    for module in net.modules():
        if isinstance(module, torch.nn.ModuleList):
            for block in module:
                block.compile()
    compile_loss()
    return True


def _saver(job: Profile, out: Path, voice: Voice) -> Saver:
    def tell(done: Checkpoint, manifest: str, seconds: float) -> None:
        path = str(done.path.resolve())
        voice.event(
            "saved", step=done.step, path=path, bytes=done.bytes, manifest=manifest,
            seconds=round(seconds, 3),
        )  # fmt: skip

    return Saver(out, job.save.keep, tell, lambda why: voice.say(why, "error"))


def begin(run: Run) -> None:
    """Say what is about to happen."""
    run.started = run.at.step
    every = list(run.net.model.parameters())
    run.voice.event(
        "planned",
        total=run.total,
        params=sum(p.numel() for p in every),
        trainable=sum(p.numel() for p in every if p.requires_grad),
        world=run.world.size,
        device=_spoken(run.device),
        start_step=run.at.step or None,
    )
    run.voice.say(formula(run.card.flops_per_token, run.device, run.dtype, run.world.size))
    steps = " + ".join(map(str, run.steps))
    run.voice.say(f"{run.total} steps ({steps}) on {_spoken(run.device)}")


def _spoken(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
