"""`step 10 loss 2.31`, `step=10, loss=2.31`, `Epoch 3/100: train_loss=-1.2`, `iter 40: loss 3.1, time 12ms`.

A line counts only when it names a metric that is known to be one; `port: 8080` is nothing. Words before a name change
what it means: a `val loss` is an evaluation's, a `final loss` is the mean of a run or its end, and no step's.
"""

from __future__ import annotations

import re

from engine.dialects.reading import (
    BATCHES,
    EPOCHS,
    LINE_CAP,
    METRICS,
    NUMBER,
    STEPS,
    TELLING,
    Dialect,
    Reading,
    value,
)

_PAIR = re.compile(
    r"(?<![\w./-])((?:(?:train|training|val|valid|validation|eval|evaluation|test|final|best|lowest|mean|average|avg|total"
    r"|grad|gradient|learning)[ \t]{1,2}){0,3})"
    r"([A-Za-z_][\w/.-]{0,63}?)[\"']?(?:\s{0,4}[=:]\s{0,4}|[ \t]{1,4})[\"']?"
    rf"({NUMBER})(?![\d:]{{0,12}}:\d)(?:\s{{0,2}}/\s{{0,2}}(\d{{1,15}}))?",
    re.IGNORECASE,
)
_TELLS = re.compile(
    r"(?:loss|lr|rate|norm|acc|accuracy|ppl|perplexity|mfu|bpb|grdn|tok/s|tok/sec|per_second|per_gpu)"
    r"[\"']?[ \t]{0,4}[=:]?[ \t]{0,4}[\"']?[-+.\dni]"
)
"""The least that a metric line has: the end of a metric's name, and something that could be a number."""
_EVALUATION = frozenset(("val", "valid", "validation", "eval", "evaluation", "test"))
_SUMMARY = {"final": "mean", "best": "best", "lowest": "best"}
_WORDS = {"grad norm": "grad_norm", "gradient norm": "grad_norm", "learning rate": "learning_rate"}
_MEAN = "mean_loss"


def read(line: str) -> Reading | None:
    """The metrics a line names, in the order it names them; a name that comes twice keeps its first value."""
    if _TELLS.search(line[:LINE_CAP].lower()) is None:
        return None
    step = total = epochs = None
    batch = None
    epoch: float | None = None
    values: dict[str, float] = {}
    known = False
    for words, name, text, of in _PAIR.findall(line[:LINE_CAP]):
        number = value(text)
        if number is None:
            continue
        key = name.lower().rstrip(".-")
        if key in STEPS and not words:
            if step is None and number == number and abs(number) < 2**53 and number == int(number):
                step, total = int(number), int(of) if of else None
        elif key in BATCHES and of:
            batch = int(number), int(of)
        elif key in EPOCHS:
            if epoch is None:
                epoch, epochs = number, int(of) if of else None
        else:
            key = _named(words.lower().split(), key) if words else key
            known = known or key in TELLING or key == _MEAN
            values.setdefault(METRICS.get(key, key), number)
    if not known:
        return Reading(total=total) if total and step is not None and values else None
    return Reading(step, values, epoch, total, epochs, batch)


def _named(words: list[str], key: str) -> str:
    """A metric's name with the words before it."""
    key = _WORDS.get(f"{words[-1]} {key}", key)
    if not _EVALUATION.isdisjoint(words):
        key = f"eval_{key}"
    summary = next((_SUMMARY[word] for word in words if word in _SUMMARY), None)
    return f"{summary}_{key}" if summary else key


DIALECT = Dialect(
    "keyvalue",
    "any script: step 10 loss 2.31, step=10 loss=2.31, Epoch 3/100: train_loss=1.2",
    read,
    ("loss", "lr", "learning", "norm", "acc", "ppl", "perplexity", "mfu", "bpb", "tok"),
    weight=1,
    bars=True,
)
