"""What lies at a path: which kind of checkpoint, of which step, with what inside, and whether it is whole.

Each kind is one function. A checkpoint that is torn has a `flaw`, in words; it is never offered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.shelf import formats
from engine.shelf.formats import Flawed
from engine.shelf.pickles import Thing, Unreadable, outline

MANIFEST = "MANIFEST.json"
HELD = ("weights", "adapter", "optimizer", "scheduler", "rng", "data", "scaler")
"""What a checkpoint can hold, in the order it is shown."""
_STEP = re.compile(r"(\d+)(?!.*\d)")
_TRAINERS = re.compile(r"checkpoint-\d+")


@dataclass(frozen=True)
class Contents:
    """`rows` are the losses it knows of itself: `(step, name, value)`. `flaw` is why it must not be used."""

    kind: str
    step: int | None = None
    holds: tuple[str, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    total: int | None = None
    flaw: str | None = None


def look(path: Path, kind: str = "auto", every_byte: bool = False) -> Contents:
    """What lies there. `kind` is the profile's word; `auto` looks."""
    found = recognise(path) if kind == "auto" else kind
    try:
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                if file.is_file():
                    formats.whole(file, every_byte)
        elif path.is_file():
            if not path.stat().st_size:
                raise Flawed("it is empty")
            formats.whole(path, every_byte)
        else:
            raise Flawed("it is gone")
        return _READERS[found](path)
    except Flawed as error:
        return Contents(found, step_in(path), flaw=str(error))
    except OSError as error:
        return Contents(found, step_in(path), flaw=f"cannot be read: {error.strerror}")


def recognise(path: Path) -> str:
    """The kind, by the files that are there."""
    if not path.is_dir():
        return _of_file(path)
    if (path / MANIFEST).is_file():
        return "own"
    if (path / ".metadata").is_file() or any(path.glob("*.distcp")):
        return "dcp"
    if any((folder / "axolotl_config.yaml").is_file() for folder in (path, path.parent)):
        return "axolotl"
    if _of_trainer(path) or any(path.glob("rng_state*.pth")):
        return "transformers"
    if (path / "adapter_config.json").is_file():
        return "peft"
    if any(path.glob("model*.safetensors")) or any(path.glob("pytorch_model*.bin")):
        return "transformers"
    return "transformers" if (path / "config.json").is_file() else "file"


def _of_trainer(path: Path) -> bool:
    """The Trainer's own, by its name as well: of one that was cut short there may be no more than the name."""
    return (path / "trainer_state.json").is_file() or _TRAINERS.fullmatch(path.name) is not None


def _of_file(path: Path) -> str:
    if path.suffix == ".ckpt":
        return "lightning"
    return "nanogpt" if path.suffix in (".pt", ".pth") else "file"


def step_in(path: Path) -> int | None:
    """The last number in a checkpoint's name."""
    found = _STEP.search(path.stem if path.is_file() else path.name)
    return int(found.group(1)) if found and len(found.group(1)) < 19 else None


def _own(path: Path) -> Contents:
    facts = formats.table(path / MANIFEST)
    holds = facts.get("holds")
    return Contents(
        "own",
        _whole(facts.get("step")),
        tuple(str(word) for word in holds) if isinstance(holds, list) else (),
        _metrics(facts),
        _whole(facts.get("total")),
    )


def _transformers(path: Path) -> Contents:
    """The Trainer writes `trainer_state.json` last; without it the save was cut short."""
    if not (path / "trainer_state.json").is_file():
        raise Flawed("trainer_state.json is missing: the save was cut short, or weights alone")
    state = formats.table(path / "trainer_state.json")
    weights = _weights(path)
    if not weights:
        raise Flawed("no weights are in it")
    holds = set(weights)
    for word, pattern in _PARTS:
        if any(path.glob(pattern)):
            holds.add(word)
    if not {"optimizer", "rng"} - holds:
        holds.add("data")
    step = _whole(state.get("global_step"))
    return Contents("transformers", step, _ordered(holds), _logged(state), _max_steps(state))


_PARTS = (
    ("optimizer", "optimizer.*"),
    ("optimizer", "optimizer_*"),
    ("optimizer", "global_step*"),
    ("scheduler", "scheduler.pt"),
    ("rng", "rng_state*.pth"),
    ("scaler", "scaler.pt"),
)


def _weights(path: Path) -> list[str]:
    """Full weights or an adapter; every shard that an index names must be there."""
    for index in (*path.glob("*.safetensors.index.json"), *path.glob("*.bin.index.json")):
        shards = formats.table(index).get("weight_map")
        names = set(shards.values()) if isinstance(shards, dict) else set()
        missing = sorted(str(n) for n in names if not (path / Path(str(n)).name).is_file())
        if missing:
            raise Flawed(f"{missing[0]} is missing, which {index.name} names")
    found = []
    if any(path.glob("adapter_model.*")):
        found.append("adapter")
    if any(path.glob("model*.safetensors")) or any(path.glob("pytorch_model*.bin")):
        found.append("weights")
    return found


def _max_steps(state: Mapping[str, Any]) -> int | None:
    found = _whole(state.get("max_steps"))
    return found if found and found > 0 else None


def _logged(state: Mapping[str, Any]) -> dict[str, float]:
    """The last value of each metric in the Trainer's own history."""
    history = state.get("log_history")
    found: dict[str, float] = {}
    for row in history if isinstance(history, list) else []:
        if isinstance(row, dict):
            found.update(_metrics(row))
    return found


def _axolotl(path: Path) -> Contents:
    if _of_trainer(path):
        inner = _transformers(path)
        return Contents("axolotl", inner.step, inner.holds, inner.metrics, inner.total)
    if not (found := _weights(path)):
        raise Flawed("no weights are in it")
    return Contents("axolotl", step_in(path), _ordered(found))


def _peft(path: Path) -> Contents:
    formats.table(path / "adapter_config.json")
    if not any(path.glob("adapter_model.*")):
        raise Flawed("adapter_model is missing")
    return Contents("peft", step_in(path), ("adapter",))


def _torch(path: Path) -> Contents:
    """A dict that a script saved: nanoGPT's keys and their many relatives."""
    return _dict("nanogpt", path, _items(formats.torch_file(path)))


def _lightning(path: Path) -> Contents:
    if path.is_dir():
        return _dcp(path)
    return _dict("lightning", path, _items(formats.torch_file(path)))


def _dict(kind: str, path: Path, items: Mapping[Any, Any]) -> Contents:
    holds = {word for word, keys in _KEYS.items() if any(items.get(key) for key in keys)}
    steps = [_whole(items.get(key)) for key in _STEPS]
    step = next((found for found in steps if found is not None), step_in(path))
    if not items:
        return Contents("file", step)
    if not holds and all(isinstance(value, Thing) for value in items.values()):
        holds = {"weights"}
    return Contents(kind, step, _ordered(holds), _metrics(items))


_KEYS = {
    "weights": ("model", "model_state_dict", "state_dict", "module", "net"),
    "optimizer": ("optimizer", "optimizer_state_dict", "optimizer_states", "optim"),
    "scheduler": ("scheduler", "scheduler_state_dict", "lr_schedulers", "lr_scheduler"),
    "rng": ("rng", "rng_state", "random_state", "torch_rng_state"),
    "data": ("loops", "data_state", "sampler", "dataloader", "cursor"),
    "scaler": ("scaler", "scaler_state_dict", "grad_scaler"),
}
_STEPS = ("iter_num", "global_step", "step", "iteration", "iter", "steps", "epoch")


def _items(found: Any) -> Mapping[Any, Any]:
    if isinstance(found, Thing):
        return found.items or (found.state if isinstance(found.state, dict) else {})
    return found if isinstance(found, dict) else {}


def _dcp(path: Path) -> Contents:
    """`.metadata` is written last and says where each piece lies."""
    if not (path / ".metadata").is_file():
        raise Flawed(".metadata is missing: the save was cut short")
    try:
        found = outline((path / ".metadata").read_bytes())
    except Unreadable as error:
        raise Flawed(f".metadata is cut off or damaged: {error}") from None
    state = found.state if isinstance(found, Thing) and isinstance(found.state, dict) else {}
    for name, end in _ends(state.get("storage_data")).items():
        file = path / Path(name).name
        if not file.is_file():
            raise Flawed(f"{name} is missing")
        if file.stat().st_size < end:
            raise Flawed(f"{name} is cut off: {file.stat().st_size} of {end} bytes")
    names = [str(name).lower() for name in (state.get("state_dict_metadata") or {})]
    holds = {"optimizer"} if any("optim" in name for name in names) else set()
    if any("optim" not in name for name in names):
        holds.add("weights")
    return Contents("dcp", step_in(path), _ordered(holds))


def _ends(storage: Any) -> dict[str, int]:
    """Where the last piece of each file ends."""
    ends: dict[str, int] = {}
    for info in storage.values() if isinstance(storage, dict) else ():
        state = info.state if isinstance(info, Thing) else None
        if isinstance(state, dict):
            name, offset, length = (state.get(k) for k in ("relative_path", "offset", "length"))
            if isinstance(name, str) and isinstance(offset, int) and isinstance(length, int):
                ends[name] = max(ends.get(name, 0), offset + length)
    return ends


def _any(path: Path) -> Contents:
    if path.is_file() and path.suffix == ".safetensors":
        return Contents("file", step_in(path), ("weights",))
    return Contents("file", step_in(path))


_READERS: dict[str, Callable[[Path], Contents]] = {
    "own": _own,
    "transformers": _transformers,
    "axolotl": _axolotl,
    "peft": _peft,
    "nanogpt": _torch,
    "lightning": _lightning,
    "dcp": _dcp,
    "file": _any,
}
KINDS = tuple(_READERS)


def _ordered(holds: Any) -> tuple[str, ...]:
    return tuple(word for word in HELD if word in holds)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _metrics(facts: Mapping[Any, Any]) -> dict[str, float]:
    """The numbers by which a checkpoint is judged."""
    wanted = {
        "loss": "loss",
        "eval_loss": "eval_loss",
        "val_loss": "eval_loss",
        "best_val_loss": "best_eval_loss",
        "learning_rate": "learning_rate",
    }
    return {
        name: float(facts[key])
        for key, name in wanted.items()
        if isinstance(facts.get(key), (int, float)) and not isinstance(facts.get(key), bool)
    }
