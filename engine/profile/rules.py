"""What two keys say together: contradictions, which refuse a profile, and warnings, which do not."""

from __future__ import annotations

from collections.abc import Iterator

from engine.profile.faults import Fault
from engine.profile.leaks import ADVICE, holds_secret
from engine.profile.profile import Profile
from engine.profile.tables.data import Phase
from engine.profile.tables.model import Model

OWN = ("finetune", "pretrain")
"""Recipes that train by our own loop."""
RESERVED = "COCKPIT_"


def contradictions(profile: Profile) -> Iterator[Fault]:
    yield from _recipe(profile)
    yield from _model(profile)
    yield from _phases(profile)
    yield from _environment(profile)
    yield from _recovery(profile)
    if profile.schedule.warmup_ratio and profile.schedule.warmup_steps is not None:
        yield Fault(("schedule", "warmup_steps"), "stands beside warmup_ratio", "keep one")


def warnings(profile: Profile, price_hour: float | None = None) -> Iterator[Fault]:
    """What is allowed and worth saying before a launch; the price is the host's, in dollars an hour."""
    if profile.limits.dollars is not None and price_hour is None:
        yield Fault(
            ("limits", "dollars"),
            "cannot be kept without a price",
            "give the host a price_hour, or set limits.hours",
        )
    if profile.recipe == "command" and not profile.command.resume:
        yield Fault(
            ("command", "resume"),
            "is not set, so the run cannot be resumed",
            'say how the script continues, for example resume = ["--resume", "{path}"]',
        )
    elif profile.recipe == "command" and not profile.checkpoints.glob:
        yield Fault(
            ("checkpoints", "glob"), "is not set, so no checkpoint may be found to resume from"
        )
    if profile.recipe in OWN and not (profile.save.every_steps or profile.save.every_minutes):
        yield Fault(
            ("save",), "has no every_steps and no every_minutes: one checkpoint, at the end"
        )
    if profile.eval.every_steps and profile.recipe in OWN and profile.data.valid is None:
        yield Fault(("data", "valid"), "is not set, so evaluations have samples and no loss")


def _recipe(profile: Profile) -> Iterator[Fault]:
    recipe, argv = profile.recipe, profile.command.argv
    if recipe == "command" and not (argv and argv[0]):
        example = 'for example argv = ["python3", "train.py"]'
        yield Fault(("command", "argv"), "is needed by the recipe command", example)
    if recipe != "command" and argv:
        yield Fault(("command", "argv"), f"is not run by the recipe {recipe}", 'recipe = "command"')
    rows = bool(profile.data.train or profile.data.buckets) or (
        bool(profile.phase) and all(phase.data for phase in profile.phase)
    )
    if recipe in (*OWN, "pretokenize") and not rows:
        yield Fault(("data", "train"), f"is needed by the recipe {recipe}", "name files with rows")
    if recipe == "evaluate" and profile.eval.questions is None:
        yield Fault(("eval", "questions"), "is needed by the recipe evaluate", "name a file")


def _model(profile: Profile) -> Iterator[Fault]:
    model, adapter = profile.model, profile.adapter
    needs = profile.recipe in (*OWN, "serve")
    if needs and model.base is None and model.from_scratch is None:
        yield Fault(
            ("model", "base"),
            f"is needed by the recipe {profile.recipe}",
            "name weights, or write [model.from_scratch]",
        )
    if model.bits is not None and adapter.kind == "full" and profile.recipe in OWN:
        fix = 'adapter.kind = "lora" or "dora"'
        yield Fault(("model", "bits"), "quantised weights cannot be trained themselves", fix)
    if model.from_scratch is not None and adapter.kind != "full":
        fix = 'adapter.kind = "full"'
        yield Fault(("adapter", "kind"), "an adapter on random weights learns nothing", fix)
    if adapter.path is not None and adapter.kind == "full":
        yield Fault(("adapter", "path"), "is no part of a full training", 'adapter.kind = "lora"')
    yield from _scratch(model)


def _scratch(model: Model) -> Iterator[Fault]:
    scratch = model.from_scratch
    if scratch is not None and scratch.family == "gpt2":
        for name in ("kv_heads", "mlp"):
            if getattr(scratch, name) is not None:
                path = ("model", "from_scratch", name)
                yield Fault(
                    path, "is fixed in the family gpt2", "leave it out, or family = 'llama'"
                )
    if scratch is not None and (model.revision is not None or model.dtype != "auto"):
        name = "dtype" if model.dtype != "auto" else "revision"
        yield Fault(("model", name), "is of a base's weights, and these are random", "leave it out")
    if scratch is not None and scratch.width % scratch.heads:
        path = ("model", "from_scratch", "heads")
        yield Fault(path, f"must divide the width {scratch.width}")


def _phases(profile: Profile) -> Iterator[Fault]:
    earlier: set[str] = set()
    names = {phase.id for phase in profile.phase}
    for phase in profile.phase:
        parent = phase.parent
        if parent is not None and parent not in earlier:
            what = "comes later" if parent in names else "is no phase"
            yield Fault(("phase", phase.id, "parent"), what, "name an earlier phase")
        if not profile.data.buckets and not phase.data and _draws(phase):
            path = ("phase", phase.id, _draws(phase))
            yield Fault(path, "draws from buckets, and there are none", "set data.buckets")
        earlier.add(phase.id)


def _draws(phase: Phase) -> str:
    """The first key that means a draw from buckets."""
    asked = ("mix", "quota", "rows", "cap", "minimum", "domains", "focus", "focus_share")
    return next((name for name in asked if getattr(phase, name)), "")


def _environment(profile: Profile) -> Iterator[Fault]:
    for name, value in profile.command.env.items():
        path = ("command", "env", name)
        if holds_secret(name, value):
            yield Fault(path, "looks like a secret", ADVICE)
        elif name in profile.secrets.names:
            yield Fault(path, "is also in [secrets] names", "keep it there")
        elif name.startswith(RESERVED):
            yield Fault(
                path, f"names that begin with {RESERVED} are set by the engine", "remove it"
            )


def _recovery(profile: Profile) -> Iterator[Fault]:
    changes = profile.recover.halve_batch or profile.train.oom_retry
    if "oom" in profile.recover.on and not changes:
        yield Fault(
            ("recover", "on"),
            "the same step would run out of memory again",
            "set recover.halve_batch = true, or leave out oom",
        )
    if profile.recover.halve_batch and profile.recipe not in OWN:
        what = f"the recipe {profile.recipe} has no micro_batch to halve"
        yield Fault(("recover", "halve_batch"), what, "change the command's own arguments")
