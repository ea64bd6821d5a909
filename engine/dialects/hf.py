"""The dict lines of transformers: `{'loss': 2.31, 'grad_norm': 1.2, 'learning_rate': 5e-05, 'epoch': 0.5}`.

TRL, Axolotl, Unsloth and LLaMA-Factory print the same. Version 5 quotes every value and keeps four digits. The line
carries no step: it comes from the progress bar beside it. The summary at the end holds the mean of all losses under
the name `train_loss`, which is no loss of any step.
"""

from __future__ import annotations

import re

from engine.dialects.reading import NOTHING, Dialect, Reading, canonical, value

_DICT = re.compile(r"\{'[A-Za-z_][^{}\n]{0,4000}\}")
_ITEM = re.compile(r"'([A-Za-z_][^':]{0,127})': ?'?([-+.\w]{1,64})'?(?=[,}])")
_SUMMARY = "train_runtime"


def read(line: str) -> Reading | None:
    """The numbers of the dict on this line, also when it is glued to a progress bar."""
    at = line.find("{'")
    found = _DICT.match(line, at) or _DICT.search(line, at + 1) if at >= 0 else None
    if found is None:
        return None
    values: dict[str, float] = {}
    for key, text in _ITEM.findall(found.group()):
        number = value(text)
        if number is not None:
            values.setdefault(key, number)
    if _SUMMARY in values:
        return _summary(values)
    epoch = values.pop("epoch", None)
    if "loss" not in values and not any(key.startswith("eval_") for key in values):
        return NOTHING if epoch is not None else None
    return Reading(None, {canonical(key): number for key, number in values.items()}, epoch)


def _summary(values: dict[str, float]) -> Reading:
    """Version 4 and 5 end with it; only the mean says something that no row said."""
    mean = values.get("train_loss")
    return NOTHING if mean is None else Reading(None, {"mean_loss": mean})


DIALECT = Dialect(
    "hf",
    "transformers 4 and 5, TRL, Axolotl, Unsloth, LLaMA-Factory: {'loss': 2.31, …}",
    read,
    ("{'",),
    bars=True,
)
