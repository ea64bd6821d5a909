"""The loop. `train` and `follow` are all of it; every trick is behind a name.

A position is (phase, step, micro-batch). Between any two micro-batches the whole state can be saved, and the step that
follows a resume is, bit for bit, the step that would have come.
"""

from __future__ import annotations

import time
from enum import Enum

from torch import Tensor

from engine.train import judge, ranks, telling
from engine.train.adapters import refresh_norms
from engine.train.checkpoint import committed, verify
from engine.train.errors import SaveError, TrainError
from engine.train.feed import Feed, Step
from engine.train.job import eval_due, outside, phases, sample_due, span
from engine.train.memory import OutOfMemory, full, give_back_memory, too_full
from engine.train.optim import (
    grad_norm,
    layer_norms,
    make_optimizer,
    rate,
    set_rate,
    step_unless_broken,
)
from engine.train.run import Run
from engine.train.state import load_weights, snapshot


class Verdict(Enum):
    DONE, STOPPED, FULL = range(3)


def train(run: Run) -> bool:
    """True when it reached its end, False when it was asked to stop and has saved."""
    while run.at.phase < len(run.steps):
        enter(run)
        verdict = follow(run)
        if verdict is Verdict.STOPPED:
            save(run)
            return end(run, False)
        if verdict is Verdict.FULL:
            shrink(run)
            continue
        leave(run)
    return end(run, True)


def follow(run: Run) -> Verdict:
    """One phase from where it stands to its end."""
    plan, horizon = run.plans[run.at.phase], run.steps[run.at.phase]
    if run.at.looked < run.at.step:
        look(run, run.at.phase_step == horizon)
    with Feed(plan, run.at.phase_step, horizon, run.pins, run.job.data.workers or 1) as coming:
        while (step := telling.waited(run, coming)) is not None:
            try:
                complete = learn(run, step)
            except (RuntimeError, MemoryError) as error:
                if not full(error):
                    raise
                return Verdict.FULL
            if not complete:
                return Verdict.STOPPED
            telling.report(run, step, update(run))
            last = run.at.phase_step == horizon
            if not run.wants("stop"):
                look(run, last)
            if run.wants("stop") and not (last and run.at.looked == run.at.step):
                return Verdict.STOPPED
            if save_due(run) and not last:
                save(run)
            if run.given_up:
                break
    return Verdict.DONE


def enter(run: Run) -> None:
    """Begin a phase or continue it: what it carries over from the one before is the profile's word."""
    phase = phases(run.job)[run.at.phase]
    if run.at.phase_step == 0 and run.at.micro == 0:
        if run.at.phase and phase.optimizer == "restart":
            run.optimizer = make_optimizer(run.net.learning(), run.job.optim)
        inherit(run, phase.parent)
    if run.job.phase:
        run.voice.event("phase_entered", phase=phase.id, step=run.at.step)
    run.saved_at = time.monotonic()


def inherit(run: Run, parent: str | None) -> None:
    """Start a phase from another's weights: nothing to do for the phase just before it."""
    ids = [phase.id for phase in phases(run.job)]
    if parent is None or (run.at.phase and ids[run.at.phase - 1] == parent):
        return
    root = run.saver.root
    ends = [c for c in map(verify, committed(root)) if c.manifest.get("phase_end") == parent]
    if ends:
        load_weights(run, ends[-1].path)
    elif (root / parent).is_dir():
        load_weights(run, verify(root / parent).path)
    else:
        raise TrainError(
            f"phase.parent = {parent!r}: no checkpoint in {root} ends a phase of that name or is called so"
        )


def learn(run: Run, step: Step) -> bool:
    """Forward and backward over the step's micro-batches; False if asked to stop between two of them."""
    for number in range(run.at.micro, len(step.micro)):
        last = number == len(step.micro) - 1
        ranks.hold_back(run.module, last)
        with judge.run_in(run):
            loss = run.module(step.micro[number].to(run.device))
        # DDP and FSDP average over the ranks what is meant to be a sum
        run.scaler.scale(loss * (run.world.size / step.learned)).backward()
        run.loss += loss.detach()
        run.at.micro += 1
        if run.asked.stop and not last and run.world.size == 1:
            return False
    return True


def update(run: Run) -> Tensor:
    """One optimizer step, left out where a gradient is NaN or infinite; returns the gradients' norm."""
    phase, optim = phases(run.job)[run.at.phase], run.job.optim
    peak = phase.learning_rate or optim.learning_rate
    done, total = span(run.job, run.steps, run.at.phase, run.at.phase_step)
    set_rate(run.optimizer, rate(run.job.schedule, peak, done, total))
    run.scaler.unscale_(run.optimizer)
    run.layer_norms = layer_norms(run.net.learning()) if run.job.train.layer_norms else {}
    norm = grad_norm(run.learning, optim.max_grad_norm)
    if run.scaler.is_enabled():
        run.scaler.step(run.optimizer)
        run.scaler.update()
    else:
        step_unless_broken(run.optimizer, norm)
    run.optimizer.zero_grad(set_to_none=True)
    refresh_norms(run.net.model)
    run.at.phase_step += 1
    run.at.step += 1
    run.at.micro = 0
    return norm


def look(run: Run, last: bool) -> None:
    """Held-out loss and samples, if due. Cut short by a stop, they are made up for after the resume."""
    settings, step = run.job.eval, run.at.step
    judged = run.valid is not None and (last or step == 0 or eval_due(settings, step))
    sampled = bool(settings.prompts) and sample_due(settings, step, run.total)
    if judged or sampled:
        with run.meter.time("eval"), run.at_work("the evaluation after"):
            telling.flush(run)
            lost = judge.held_out_loss(run) if judged else None
            if lost is not None:
                telling.held_out(run, lost)
            for prompt in settings.prompts if sampled else ():
                telling.sample(run, prompt, judge.write(run, prompt))
    if not run.wants("stop"):
        run.at.looked = step


def save(run: Run, ended: str | None = None) -> None:
    """Copy the state and commit the copy, behind the training's back where the profile allows it."""
    with run.meter.time("save"):
        telling.flush(run)
        run.saver.wait()
        taken = snapshot(run, ended)
        if run.world.first:
            run.saver.save(taken, run.job.save.background)
    run.forget("save")
    run.saved_at = time.monotonic()


def leave(run: Run) -> None:
    """End a phase: the checkpoint stands at the beginning of the next one."""
    telling.flush(run)
    ended = phases(run.job)[run.at.phase]
    for words in outside(ended.expect, run.metrics):
        run.voice.say(f"phase {ended.id} ended with {words}", "warning")
    run.at.phase += 1
    run.at.ended, run.at.phase_step = run.at.phase_step, 0
    run.at.best, run.at.worse = None, 0
    save(run, ended.id)


def shrink(run: Run) -> None:
    """Memory was full: the same step again in smaller micro-batches, once, if the profile allows it."""
    plan = run.plans[run.at.phase]
    # several ranks cannot: the others are waiting in the middle of an exchange
    alone = run.world.size == 1
    if not (run.job.train.oom_retry and alone) or run.shrunk or plan.micro == 1:
        raise OutOfMemory(too_full(run))
    run.voice.say(f"{too_full(run)}; going on so", "warning")
    run.plans[run.at.phase] = plan.smaller()
    run.shrunk = True
    run.optimizer.zero_grad(set_to_none=True)
    run.at.micro = 0
    run.loss.zero_()
    give_back_memory()


def end(run: Run, finished: bool) -> bool:
    """Nothing is announced as done before the last checkpoint is durable."""
    telling.flush(run)
    run.saver.wait()
    if run.saver.failed:
        raise SaveError(run.saver.failed)
    if finished:
        run.voice.event("finished", step=run.at.step)
    return finished


def save_due(run: Run) -> bool:
    every = run.job.save.every_steps
    return run.wants("save") or (every is not None and run.at.step % every == 0)
