"""Megatron-LM, DeepSpeed and mmengine: lines of many named fields, printed by one rank for all."""

from __future__ import annotations

import re

from engine.dialects.reading import NUMBER, Dialect, Reading, canonical, value

_HEAD = re.compile(r"iteration\s{1,12}(\d{1,15})/\s{0,12}(\d{1,15}) \|")
_VALID = re.compile(
    r"(?:validation|test) loss at iteration (\d{1,15}) (?:on [\w ]{1,40} )?\| (?:lm loss|loss) value: ([-+.\w]{1,40})"
)
_NAMES = {
    "lm loss": "loss",
    "loss": "loss",
    "learning rate": "learning_rate",
    "grad norm": "grad_norm",
    "elapsed time per iteration (ms)": "step_ms",
    "throughput per gpu (tflop/s/gpu)": "tflops",
    "loss scale": "loss_scale",
    "consumed samples": "samples",
    "number of skipped iterations": "skipped_steps",
    "number of nan iterations": "nan_steps",
}


def read(line: str) -> Reading | None:
    """` iteration 100/ 500000 | … | lm loss: 1.1E+01 | grad norm: 3.9 |`"""
    head = _HEAD.search(line[:400])
    if head is None:
        valid = _VALID.search(line[:400])
        loss = value(valid.group(2)) if valid is not None else None
        return (
            None
            if valid is None or loss is None
            else Reading(int(valid.group(1)), {"eval_loss": loss})
        )
    values: dict[str, float] = {}
    for part in line[head.end() : head.end() + 4096].split("|"):
        name, colon, text = part.partition(":")
        known = _NAMES.get(name.strip().lower())
        number = value(text.strip()) if colon and known else None
        if known and number is not None:
            values.setdefault(known, number)
    return Reading(int(head.group(1)), values, None, int(head.group(2)))


_DEEP = re.compile(r"\bstep=(\d{1,15}), skipped=(\d{1,9}), lr=\[([-+.\w]{1,40})")
_SPEED = re.compile(
    rf"epoch=(\d{{1,9}})/micro_step=\d{{1,15}}/global_step=(\d{{1,15}}), RunningAvgSamplesPerSec=({NUMBER})"
)


def read_deepspeed(line: str) -> Reading | None:
    """DeepSpeed tells rates and its step; the loss is the script's own affair."""
    found = _DEEP.search(line[:400])
    if found is not None:
        step, skipped, rate = found.groups()
        number = value(rate)
        values = {"skipped_steps": float(skipped)}
        if number is not None:
            values["learning_rate"] = number
        return Reading(int(step), values)
    found = _SPEED.search(line[:400])
    if found is None:
        return None
    return Reading(
        int(found.group(2)), {"samples_per_s": float(found.group(3))}, float(found.group(1))
    )


_MM = re.compile(r"Epoch\((train|val)\)\s{1,3}\[(\d{1,9})\]\s?\[\s{0,9}(\d{1,9})/(\d{1,9})\]")
_PAIR = re.compile(rf"([A-Za-z_][\w/.-]{{0,40}}): ({NUMBER})(?![\d:])", re.IGNORECASE)


def read_mmengine(line: str) -> Reading | None:
    """`Epoch(train) [1][200/735]  lr: 1.9e-04  time: 2.89  loss: 2.75  grad_norm: 3.06`"""
    found = _MM.search(line[:400])
    if found is None:
        return None
    kind, epoch, at, of = found.groups()
    pairs = _PAIR.findall(line[found.end() : found.end() + 4096])
    values = {
        canonical(name): float(text.replace(",", "")) for name, text in pairs if name != "eta"
    }
    if kind == "val":
        return Reading(None, {f"eval_{name}": one for name, one in values.items()})
    return Reading(None, values, float(epoch), batch=(int(at), int(of)))


DIALECT = Dialect(
    "megatron", "Megatron-LM: iteration 100/ 500000 | … | lm loss: 1.1E+01 |", read, ("iteration",)
)
DEEPSPEED = Dialect(
    "deepspeed",
    "DeepSpeed: step=1, skipped=0, lr=[1.5e-07]",
    read_deepspeed,
    ("skipped=", "micro_step="),
    weight=0,
)
MMENGINE = Dialect(
    "mmengine", "mmengine: Epoch(train) [1][200/735] lr: … loss: …", read_mmengine, ("epoch(",)
)
