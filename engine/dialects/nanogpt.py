"""nanoGPT and what descends from it: `iter 1631: loss 4.0863, time 561.94ms, mfu 29.98%`.

`step 250: train loss 1.54, val loss 1.72` comes before the `iter` line of the same step and is an evaluation: it must
not make a second point of the loss. An mfu of -100 % means that none is known yet.
"""

from __future__ import annotations

import re

from engine.dialects.reading import NUMBER, Dialect, Reading, value, whole

_ITER = re.compile(
    rf"iter (\d{{1,15}}): loss ({NUMBER}), time ({NUMBER})ms(?:, mfu ({NUMBER})%)?", re.IGNORECASE
)
_STEP = re.compile(rf"step (\d{{1,15}}): train loss ({NUMBER}), val loss ({NUMBER})", re.IGNORECASE)
_LITGPT = re.compile(
    rf"iter (\d{{1,15}}) step (\d{{1,15}}) \| loss train: ({NUMBER}), val: ({NUMBER}|n/a)"
    rf" \| iter time: ({NUMBER}) ms",
    re.IGNORECASE,
)
_LITGPT_EVAL = re.compile(rf"iter (\d{{1,15}}): val loss ({NUMBER})", re.IGNORECASE)


def read(line: str) -> Reading | None:
    """An iteration or an evaluation, behind whatever a logger puts in front."""
    at = line.find("iter ")
    if at >= 0:
        found = _ITER.match(line, at)
        if found is not None:
            step, loss, ms, mfu = found.groups()
            values = {"loss": float(loss), "step_ms": float(ms)}
            if mfu is not None and mfu[0] != "-":
                values["mfu"] = float(mfu)
            return Reading(int(step), values)
        return _litgpt(line, at)
    at = line.find("step ")
    found = _STEP.match(line, at) if at >= 0 else None
    if found is None:
        return None
    step, train, val = found.groups()
    return Reading(int(step), {"eval_train_loss": float(train), "eval_loss": float(val)})


def _litgpt(line: str, at: int) -> Reading | None:
    found = _LITGPT.match(line, at)
    if found is not None:
        _, step, loss, val, ms = found.groups()
        values = {"loss": float(loss), "step_ms": float(ms)}
        known = value(val)
        if known is not None:
            values["eval_loss"] = known
        return Reading(int(step), values)
    found = _LITGPT_EVAL.match(line, at)
    if found is None:
        return None
    # Counted in iterations, where the other lines count optimizer steps: it belongs to the last of those.
    return Reading(None, {"eval_loss": float(found.group(2))})


_PIPE = re.compile(r"step (\d{1,15})(?:/(\d{1,15}))?(?: \([^)]{0,20}\))? \| ", re.IGNORECASE)
_FIELD = re.compile(rf"([A-Za-z][\w /-]{{0,40}}): ({NUMBER})", re.IGNORECASE)
_NAMES = {
    "loss": "loss",
    "dt": "step_ms",
    "tok/sec": "tokens_per_s",
    "bf16_mfu": "mfu",
    "mfu": "mfu",
    "validation bpb": "eval_bpb",
    "validation loss": "eval_loss",
    "val loss": "eval_loss",
    "train loss": "loss",
    "core metric": "core_metric",
    "grad norm": "grad_norm",
    "lrm": "lr_multiplier",
    "lr": "learning_rate",
}


def read_pipes(line: str) -> Reading | None:
    """`step 00004/21400 (0.02%) | loss: 8.893647 | dt: 989.44ms | tok/sec: 529,882`"""
    head = _PIPE.search(line[:400])
    if head is None:
        return None
    values: dict[str, float] = {}
    epoch = None
    for name, text in _FIELD.findall(line, head.end()):
        number = value(text)
        low = name.lower()
        if number is None:
            continue
        if low == "epoch":
            epoch = number
        elif low in _NAMES:
            values.setdefault(_NAMES[low], number)
    total = head.group(2)
    return Reading(int(head.group(1)), values, epoch, whole(total) if total else None)


_LLMC = re.compile(
    rf"s:(\d{{1,15}}) (?:(trl):({NUMBER}) lr:({NUMBER}) norm:({NUMBER})|tel:({NUMBER}))"
)


def read_llmc(line: str) -> Reading | None:
    """`s:20 trl:9.5621 lr:0.000018 norm:2.15` and `s:0 tel:11.0092`"""
    found = _LLMC.search(line[:200])
    if found is None:
        return None
    step, train, loss, rate, norm, test = found.groups()
    if train is None:
        return Reading(int(step), {"eval_loss": float(test)})
    values = {"loss": float(loss), "learning_rate": float(rate), "grad_norm": float(norm)}
    return Reading(int(step), values)


DIALECT = Dialect(
    "nanogpt",
    "nanoGPT, helloLondon, litgpt: iter 10: loss 4.1, time 562ms, mfu 30%",
    read,
    ("iter ", "step "),
)
PIPES = Dialect("nanochat", "nanochat: step 4/21400 | loss: 8.9 | dt: 989ms", read_pipes, (" | ",))
LLMC = Dialect("llmc", "llm.c: s:20 trl:9.56 lr:0.000018 norm:2.15", read_llmc, ("s:",))
