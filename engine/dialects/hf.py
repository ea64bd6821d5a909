"""The dict lines of transformers: `{'loss': 2.31, 'grad_norm': 1.2, 'learning_rate': 5e-05, 'epoch': 0.5}`.

Version 5 quotes every value. The line carries no step; a row without one continues the last. The summary at the end
(`train_runtime`, with a mean called `train_loss`) is not a step and is left out.
"""

from __future__ import annotations

import re

from engine.dialects.reading import Reading
from engine.events.base import Row, number

_DICT = re.compile(r"\{'[A-Za-z_][^{}]{0,4000}\}")
_ITEM = re.compile(r"'([A-Za-z_][\w/.-]{0,127})':\s*'?([^,'{}]{1,64})'?")
_SUMMARY = "train_runtime"


def read(line: str) -> Reading | None:
    """The numbers of the dict on this line, also when it is glued to a progress bar."""
    found = _DICT.search(line)
    if found is None:
        return None
    values: dict[str, float] = {}
    for key, text in _ITEM.findall(found.group()):
        value = _value(text.strip())
        if value is not None:
            values.setdefault(key, value)
    if _SUMMARY in values:
        return Reading(None)
    epoch = values.pop("epoch", None)
    if not any(key == "loss" or key.startswith("eval_") for key in values):
        return None
    return Reading(Row(None, None, values, epoch))


def _value(text: str) -> float | None:
    found = number(text)
    if found is not None:
        return found
    try:
        return float(text)
    except ValueError:
        return None
