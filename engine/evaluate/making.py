"""New folders made of a checkpoint: an adapter merged into its base, a `.pt` as safetensors. Nothing is overwritten.

A `.pt` is read with `weights_only`, in this process, which has nothing to lose.
"""

from __future__ import annotations

import json
import pickle
import shutil
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from engine.errors import Unusable
from engine.evaluate.models import open_model, open_tokenizer

STAYS = ("trainer_state.json", "state.json", "MANIFEST.json")
"""Of the training, not of the model."""
PREFIXES = ("_orig_mod.", "module.")
"""What compiling and data parallelism put before every name."""
WEIGHTS = ("model", "state_dict", "model_state_dict", "module")


def merge(checkpoint: Path, base: str | None, out: Path) -> Path:
    """The adapter's changes inside the base's weights, as a model that needs no adapter."""
    if not (checkpoint / "adapter_config.json").is_file():
        raise Unusable(f"{checkpoint.name} is no adapter", fix="engine checkpoints RUN convert")

    def fill(folder: Path) -> None:
        model, source = open_model(checkpoint, base)
        whole = model.merge_and_unload()
        whole.save_pretrained(folder, safe_serialization=True)
        open_tokenizer(checkpoint, source).save_pretrained(folder)

    return _new(out, fill)


def convert(checkpoint: Path, base: str | None, out: Path) -> Path:
    """Weights as safetensors; what a dict of a script says beside them becomes `facts.json`."""
    if checkpoint.is_dir():
        return _new(out, lambda folder: _copied(checkpoint, folder))

    def fill(folder: Path) -> None:
        found = _load(checkpoint)
        tensors = {_plain(name): _own(t) for name, t in _weights(found).items()}
        if not tensors:
            raise Unusable(f"{checkpoint.name} holds no tensors under {', '.join(WEIGHTS)}")
        save_file(tensors, str(folder / "model.safetensors"), metadata={"format": "pt"})
        facts = {key: value for key, value in found.items() if _told(value)}
        (folder / "facts.json").write_text(json.dumps(facts, indent=1, default=str))

    return _new(out, fill)


def _new(out: Path, fill: Callable[[Path], None]) -> Path:
    """There at once or not at all."""
    if out.exists():
        raise Unusable(f"{out} is there already", fix="--out another folder")
    hidden = out.with_name(f".making-{out.name}-{uuid.uuid4().hex[:8]}")
    hidden.mkdir(parents=True)
    try:
        fill(hidden)
        hidden.rename(out)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
    return out


def _copied(checkpoint: Path, folder: Path) -> None:
    """The parts of a folder that others need: weights, configuration, tokenizer. Pickles become safetensors."""
    weights = sorted(checkpoint.glob("*.safetensors"))
    for path in sorted(checkpoint.iterdir()):
        if path.suffix in (".json", ".txt", ".model", ".jinja") and path.name not in STAYS:
            shutil.copy2(path, folder)
    kept = [p for p in weights if p.name.startswith(("model", "adapter_model", "pytorch_model"))]
    for path in kept:
        shutil.copy2(path, folder)
    for path in () if kept else sorted(checkpoint.glob("pytorch_model*.bin")):
        tensors = {_plain(name): _own(t) for name, t in _load(path).items() if torch.is_tensor(t)}
        save_file(tensors, str(folder / "model.safetensors"), metadata={"format": "pt"})
    if not any(folder.glob("*.safetensors")):
        raise Unusable(f"{checkpoint.name} holds no weights that can be converted")


def _load(path: Path) -> dict[str, Any]:
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError) as error:
        first = (str(error).splitlines() or [""])[0][:200]
        raise Unusable(f"{path.name} cannot be read without running it: {first}") from None
    if not isinstance(found, dict):
        raise Unusable(f"{path.name} holds no dict")
    return found


def _weights(found: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = next((found[key] for key in WEIGHTS if isinstance(found.get(key), dict)), found)
    return {name: value for name, value in inner.items() if torch.is_tensor(value)}


def _plain(name: str) -> str:
    for prefix in PREFIXES:
        name = name.removeprefix(prefix)
    return name


def _own(tensor: torch.Tensor) -> torch.Tensor:
    """Tied weights share memory, which the format does not know."""
    return tensor.detach().clone().contiguous()


def _told(value: object) -> bool:
    return isinstance(value, (str, int, float, bool)) or (
        isinstance(value, dict)
        and all(isinstance(v, (str, int, float, bool)) for v in value.values())
    )
