"""What of a frozen profile the trainer reads. Names and defaults are the profile's own.

Refuses wrong types with the key's full name; keys of other tables are other people's business.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import types
import typing
from dataclasses import dataclass, field
from typing import Any, TypeVar, Union

from engine.train.errors import TrainError, nearest

T = TypeVar("T")


@dataclass(frozen=True)
class Scratch:
    """A GPT-2 from nothing; `tokenizer` is a tokenizer.json, None trains a byte-level BPE on the text."""

    layers: int = 12
    heads: int = 12
    width: int = 768
    vocab: int = 50257
    dropout: float = 0.0
    tokenizer: str | None = None


@dataclass(frozen=True)
class Model:
    base: str | None = None
    dtype: str = "auto"
    bits: int | None = None
    attention: str = "auto"
    from_scratch: Scratch | None = None


@dataclass(frozen=True)
class Adapter:
    kind: str = "full"
    rank: int = 16
    alpha: float = 32.0
    dropout: float = 0.0
    targets: tuple[str, ...] = ("all-linear",)


@dataclass(frozen=True)
class Data:
    train: tuple[str, ...] = ()
    valid: str | float | None = None
    format: str = "auto"
    template: str = "auto"
    max_length: int = 1024
    packing: bool = True
    too_long: str = "truncate"


@dataclass(frozen=True)
class Phase:
    id: str | None = None
    data: tuple[str, ...] = ()
    epochs: float | None = None
    learning_rate: float | None = None
    parent: str | None = None
    optimizer: str = "carry"


@dataclass(frozen=True)
class Optim:
    name: str = "adamw"
    learning_rate: float = 2e-4
    weight_decay: float = 0.01
    max_grad_norm: float | None = 1.0
    betas: tuple[float, ...] = (0.9, 0.999)
    eps: float = 1e-8


@dataclass(frozen=True)
class Schedule:
    kind: str = "cosine"
    warmup_ratio: float = 0.0
    warmup_steps: int | None = None
    floor: float = 0.0


@dataclass(frozen=True)
class Train:
    micro_batch: int = 4
    grad_accum: int = 1
    max_steps: int | None = None
    epochs: float = 1.0
    tokens: int | None = None
    seed: int = 42
    precision: str = "auto"
    gradient_checkpointing: bool = False
    devices: int = 1
    strategy: str = "ddp"
    compile: str | bool = "auto"
    threads: int | None = None
    oom_retry: bool = False
    layer_norms: bool = False


@dataclass(frozen=True)
class Save:
    every_steps: int | None = None
    every_minutes: float | None = None
    keep: int = 3
    background: bool = True


@dataclass(frozen=True)
class Eval:
    every_steps: int | None = None
    prompts: tuple[str, ...] = ()
    sample_tokens: int = 64
    temperature: float = 0.8
    max_rows: int | None = None
    patience: int | None = None


@dataclass(frozen=True)
class Job:
    name: str = "run"
    recipe: str = "finetune"
    model: Model = field(default_factory=Model)
    adapter: Adapter = field(default_factory=Adapter)
    data: Data = field(default_factory=Data)
    phase: tuple[Phase, ...] = ()
    optim: Optim = field(default_factory=Optim)
    schedule: Schedule = field(default_factory=Schedule)
    train: Train = field(default_factory=Train)
    save: Save = field(default_factory=Save)
    eval: Eval = field(default_factory=Eval)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """At least one: a profile without phases is one phase without a name."""
        return self.phase or (Phase(),)

    @property
    def global_batch(self) -> int:
        """Rows per optimizer step over all devices: what must survive a change of machine."""
        return self.train.micro_batch * self.train.grad_accum * self.train.devices


CHOICES: dict[str, tuple[Any, ...]] = {
    "recipe": ("finetune", "pretrain"),
    "model.dtype": ("auto", "fp32", "bf16", "fp16"),
    "model.bits": (None, 4),
    "adapter.kind": ("full", "lora", "dora"),
    "data.format": ("auto", "instruction", "chat", "completion", "text", "tokens"),
    "data.too_long": ("truncate", "drop"),
    "phase.optimizer": ("carry", "restart"),
    "optim.name": ("adamw", "adamw8bit"),
    "schedule.kind": ("cosine", "linear", "constant"),
    "train.precision": ("auto", "fp32", "bf16", "fp16"),
    "train.strategy": ("ddp", "fsdp"),
    "train.compile": ("auto", True, False),
}


def read_job(profile: bytes) -> Job:
    """The job of a profile's canonical JSON."""
    try:
        tables = json.loads(profile)
    except ValueError as error:
        raise TrainError(f"the profile is not JSON: {error}") from None
    return _record(Job, tables, "")


def digest(job: Job) -> str:
    """Two jobs with one digest train the same thing in the same way."""
    text = json.dumps(dataclasses.asdict(job), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _record(cls: type[T], table: Any, where: str) -> T:
    if not isinstance(table, dict):
        raise TrainError(f"[{where}] must be a table, not {type(table).__name__}")
    hints = typing.get_type_hints(cls)
    values = {
        name: _value(hint, table[name], f"{where}.{name}".lstrip("."))
        for name, hint in hints.items()
        if table.get(name) is not None
    }
    return cls(**values)


def _value(hint: Any, value: Any, key: str) -> Any:
    origin = typing.get_origin(hint)
    if origin in (Union, types.UnionType):
        for option in typing.get_args(hint):
            if option is not type(None) and _fits(option, value):
                return _value(option, value, key)
        raise TrainError(f"{key} = {value!r}: expected {_spoken(hint)}")
    if origin is tuple:
        (item, _) = typing.get_args(hint)
        listed = value if isinstance(value, (list, tuple)) else [value]
        return tuple(_value(item, entry, key) for entry in listed)
    if dataclasses.is_dataclass(hint):
        return _record(typing.cast(type[Any], hint), value, key)
    if not _fits(hint, value):
        raise TrainError(f"{key} = {value!r}: expected {_spoken(hint)}")
    return _choice(hint(value), key)


def _choice(value: Any, key: str) -> Any:
    allowed = CHOICES.get(key)
    if allowed is not None and value not in allowed:
        raise TrainError(
            f"{key} = {value!r}: must be one of {', '.join(str(a) for a in allowed)}"
            + nearest(str(value), [str(a) for a in allowed], 1)
        )
    return value


def _fits(hint: Any, value: Any) -> bool:
    if dataclasses.is_dataclass(hint):
        return isinstance(value, dict)
    if isinstance(value, bool) or hint is bool:
        return hint is bool and isinstance(value, bool)
    if hint is float:
        return isinstance(value, (int, float))
    return isinstance(value, hint)


def _spoken(hint: Any) -> str:
    options = typing.get_args(hint) or (hint,)
    return " or ".join(getattr(o, "__name__", str(o)) for o in options if o is not type(None))
