"""Every dialect, in the order in which they are asked: the more particular first."""

from __future__ import annotations

from engine.dialects import bars, hf, jsonlines, keyvalue, lightning, megatron, nanogpt
from engine.dialects.reading import Dialect

DIALECTS: tuple[Dialect, ...] = (
    hf.DIALECT,
    jsonlines.DIALECT,
    nanogpt.PIPES,
    nanogpt.DIALECT,
    lightning.TORCHTUNE,
    lightning.LIGHTNING,
    lightning.KERAS,
    megatron.DIALECT,
    megatron.MMENGINE,
    nanogpt.LLMC,
    keyvalue.DIALECT,
    megatron.DEEPSPEED,
    bars.DIALECT,
)
BY_NAME = {dialect.name: dialect for dialect in DIALECTS}
ABOUT = {dialect.name: dialect.about for dialect in DIALECTS}
ALIASES = {
    "transformers": "hf",
    "trl": "hf",
    "axolotl": "hf",
    "unsloth": "hf",
    "llamafactory": "hf",
    "hellolondon": "nanogpt",
    "litgpt": "nanogpt",
    "megatron-lm": "megatron",
    "json": "jsonlines",
    "jsonl": "jsonlines",
    "key=value": "keyvalue",
    "bars": "tqdm",
}
"""Other names that people ask for."""


def known(name: str) -> bool:
    return name == "auto" or ALIASES.get(name, name) in BY_NAME
