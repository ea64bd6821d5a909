"""What a run was and what it was asked: model, method, machine, and the numbers of its training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.curves import Whole
from engine.frozen import section
from engine.observe import LOCAL
from engine.report.said import NOTHING, Said, listed, said

IMPORTED = "imported"
"""The host of runs that were imported, and who notes where they came from."""
HYPER = (
    ("Rank (r)", "adapter", "rank"),
    ("Alpha", "adapter", "alpha"),
    ("Batch Size", "train", "micro_batch"),
    ("Grad Accum", "train", "grad_accum"),
    ("Epochs", "train", "epochs"),
    ("Learning Rate", "optim", "learning_rate"),
    ("Warm-up Steps", "schedule", "warmup_steps"),
    ("Schedule", "schedule", "kind"),
    ("Weight Decay", "optim", "weight_decay"),
    ("Max Length", "data", "max_length"),
    ("Seed", "train", "seed"),
)


def attributes(one: Whole, typed: Mapping[str, str]) -> Iterator[tuple[str, Said]]:
    measured: dict[str, str | None] = {
        "Model": _model(one.profile),
        "Method": _method(one.profile),
        "GPU": _gpu(one),
        "VM": _machine(one),
    }
    told = dict(listed(typed, "attribute"))
    for name, value in measured.items():
        found = said(value, told.pop(name, None))
        if found != NOTHING:
            yield name, found
    for name, word in told.items():
        yield name, Said(word, True)


def _model(profile: Mapping[str, Any]) -> str | None:
    model = section(profile, "model")
    base, scratch = model.get("base"), section(model, "from_scratch")
    if base:
        return str(base)
    if scratch:
        told = ", ".join(
            f"{k} {v}" for k, v in scratch.items() if k in ("layers", "heads", "width")
        )
        return f"{scratch.get('family', 'model')} from scratch ({told})"
    return None


def _method(profile: Mapping[str, Any]) -> str | None:
    if profile.get("recipe") in (None, "command"):
        return None
    kind = section(profile, "adapter").get("kind")
    names = {"lora": "LoRA", "dora": "DoRA", "full": "full training"}
    bits = section(profile, "model").get("bits")
    phases_ = profile.get("phase")
    many = (
        f" ({len(phases_)}-phase curriculum)"
        if isinstance(phases_, list) and len(phases_) > 1
        else ""
    )
    quantized = f"{bits}-bit " if bits in (4, 8) else ""
    return f"{quantized}{names.get(str(kind), str(profile['recipe']))}{many}"


def _gpu(one: Whole) -> str | None:
    names = [gpu.name or "unnamed" for gpu in one.status.gpus]
    if names:
        return names[0] if len(names) == 1 else f"{len(names)} × {names[0]}"
    planned = one.view.last.facts.trainer.planned if one.view.last else None
    return planned.device if planned else None


def _machine(one: Whole) -> str | None:
    runner = one.view.last.facts.runner.runner if one.view.last else None
    if runner is not None:
        return (
            runner.machine if one.status.host == LOCAL else f"{one.status.host}, {runner.machine}"
        )
    return None if one.status.host == IMPORTED else one.status.host


def hyper(profile: Mapping[str, Any], typed: Mapping[str, str]) -> Iterator[tuple[str, Said]]:
    told = dict(listed(typed, "hyper"))
    trained = profile.get("recipe") not in (None, "command")
    for name, table, key in HYPER:
        value = section(profile, table).get(key) if trained else None
        shown = f"{value:g}" if isinstance(value, float) else None if value is None else str(value)
        found = said(shown, told.pop(name, None))
        if found != NOTHING:
            yield name, found
        if name == "Grad Accum" and trained:
            yield "Effective Batch", said(_effective(profile), told.pop("Effective Batch", None))
    for name, word in told.items():
        yield name, Said(word, True)


def _effective(profile: Mapping[str, Any]) -> str | None:
    train = section(profile, "train")
    parts = [train.get("micro_batch"), train.get("grad_accum"), train.get("devices", 1)]
    if not all(isinstance(part, int) for part in parts):
        return None
    return str(parts[0] * parts[1] * parts[2])
