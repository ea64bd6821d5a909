"""A step's row: what it tells, and when it may. A GPU is never waited for: its numbers come one step late."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import torch
from torch import Tensor

from engine.train import judge, ranks
from engine.train.errors import TrainError
from engine.train.feed import Step
from engine.train.job import phase_name
from engine.train.meter import memory_peaks, peak_flops
from engine.train.run import Pending, Run

TOO_MANY_BROKEN = 10


class Diverged(TrainError):
    """Nothing is learned any more."""

    status = 1


def waited(run: Run, coming: Iterator[Step]) -> Step | None:
    with run.meter.time("data"):
        return next(coming, None)


def report(run: Run, step: Step, norm: Tensor) -> None:
    """Note the step just made. Ranks agree here, in the same exchange, on stopping and saving."""
    at, plan = run.at, run.plans[run.at.phase]
    at.tokens += step.tokens
    late = run.job.save.every_minutes
    minutes = late is not None and time.monotonic() - run.saved_at >= 60 * late
    run.asked.save = run.asked.save or minutes
    numbers = _summed(run, [norm, *run.layer_norms.values()])
    run.loss.zero_()
    row = {
        "step": at.step,
        "phase": phase_name(run.job, at.phase),
        "epoch": round(at.phase_step / plan.steps_per_epoch, 4),
        "learning_rate": run.optimizer.param_groups[0]["lr"],
        "tokens": at.tokens,
        "position": at.phase_step * plan.global_batch,
        "compiling": 1 if run.compiled and at.step == run.started + 1 else None,
    }
    layers = [f"grad_norm/{layer}" for layer in run.layer_norms]
    before, run.pending = run.pending, Pending(row, numbers, step.learned, step.tokens, layers)
    if run.device.type == "cuda":
        _tell(run, before)
    else:
        flush(run)


def _summed(run: Run, norms: list[Tensor]) -> Tensor:
    """Loss and norms, and behind them what each rank is asked for: only ranks that are several need to agree."""
    if run.world.size == 1:
        return torch.stack([run.loss, *norms])
    asked = torch.tensor([float(run.asked.stop), float(run.asked.save)]).to(run.device)
    shares = [norm.to(run.device) / run.world.size for norm in norms]
    return ranks.total(torch.cat([torch.stack([run.loss, *shares]), asked]), run.world)


def flush(run: Run) -> None:
    """Tell what is still held back."""
    held, run.pending = run.pending, None
    _tell(run, held)


def _tell(run: Run, held: Pending | None) -> None:
    if held is None:
        return
    loss, norm, *others = held.numbers.tolist()
    norms, asked = others[: len(held.layers)], others[len(held.layers) :]
    run.agree(*(each > 0 for each in asked))
    times = run.meter.take()
    speed = held.tokens / times["step_s"]
    peak = peak_flops(run.device, run.dtype)
    run.metrics["loss"] = loss / held.learned
    if held.row["step"] % run.job.log.every == 0 or held.row["step"] == run.total:
        most = peak and peak * run.world.size
        run.voice.row(
            **held.row,
            loss=loss / held.learned,
            grad_norm=norm,
            tokens_s=round(speed, 1),
            mfu=None if most is None else run.card.flops_per_token * speed / most,
            **memory_peaks(run.device),
            **times,
            **dict(zip(held.layers, norms, strict=True)),
        )
    run.at.broken = 0 if math.isfinite(norm) else run.at.broken + 1
    if run.at.broken >= TOO_MANY_BROKEN:
        raise Diverged(
            f"step {held.row['step']}: the gradient has been NaN or infinite for {run.at.broken} steps"
            " in a row, none of which changed the weights; lower optim.learning_rate, or resume from"
            " an earlier checkpoint with train.precision = 'fp32'"
        )


def sample(run: Run, prompt: str, text: str) -> None:
    """What the model wrote, and which forbidden words it used."""
    run.voice.event("sampled", step=run.at.step, prompt=prompt, text=text)
    used = judge.forbidden(run.job.eval.forbidden, text)
    if used:
        run.voice.say(f"the sample of step {run.at.step} has {', '.join(used)}", "warning")


def held_out(run: Run, lost: float) -> None:
    """The row of an evaluation, and whether it was the best."""
    at = run.at
    run.metrics["eval_loss"] = lost
    perplexity = math.exp(lost) if lost < 700 else math.inf
    run.voice.row(step=at.step, eval_loss=lost, perplexity=perplexity)
    if at.best is None or lost < at.best:
        at.best, at.worse = lost, 0
    else:
        at.worse += 1
