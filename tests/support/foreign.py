"""Checkpoints as other people's trainers write them, made without torch: the same files and formats, small."""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any


def safetensors(path: Path, **sizes: int) -> Path:
    """Tensors of bytes by name."""
    header, at = {}, 0
    for name, size in sizes.items():
        header[name] = {"dtype": "U8", "shape": [size], "data_offsets": [at, at + size]}
        at += size
    head = json.dumps(header).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(head).to_bytes(8, "little") + head + os.urandom(at))
    return path


def torch_file(path: Path, size: int = 4096, **items: Any) -> Path:
    """A zip as `torch.save` makes one: an index that is a pickle, and a part for each storage."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{path.stem}/data.pkl", pickle.dumps(items, protocol=2))
        archive.writestr(f"{path.stem}/data/0", os.urandom(size))
        archive.writestr(f"{path.stem}/version", "3\n")
    return path


STATE = OrderedDict(weight=[1, 2], bias=[3])


def transformers(path: Path, step: int, total: int = 100, **leave_out: bool) -> Path:
    """A Trainer's folder. `leave_out` names parts that are not there."""
    safetensors(path / "model.safetensors", w=2048)
    for name in ("optimizer.pt", "scheduler.pt", "rng_state.pth"):
        if not leave_out.get(name.split(".")[0]):
            torch_file(path / name, state={0: 1})
    state = {"global_step": step, "max_steps": total, "log_history": [{"step": step, "loss": 2.5}]}
    if not leave_out.get("trainer_state"):
        (path / "trainer_state.json").write_text(json.dumps(state))
    return path


def peft(path: Path) -> Path:
    safetensors(path / "adapter_model.safetensors", a=512, b=512)
    (path / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 8}')
    return path


def axolotl(path: Path, step: int) -> Path:
    """An output folder with its configuration, and a Trainer's folder inside."""
    peft(path)
    (path / "axolotl_config.yaml").write_text("base_model: some/model\nadapter: qlora\n")
    return transformers(path / f"checkpoint-{step}", step)


def nanogpt(path: Path, step: int) -> Path:
    return torch_file(path, model=STATE, optimizer={"state": {0: 1}}, iter_num=step)


def lightning(path: Path, step: int) -> Path:
    more = {"optimizer_states": [{}, 1], "lr_schedulers": [{"last_epoch": 1}], "loops": {"fit": 1}}
    return torch_file(path, state_dict=STATE, global_step=step, epoch=1, **more)
