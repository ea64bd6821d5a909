"""safetensors files written with their hash in one pass, and trees of state as flat names.

Nothing is pickled: a checkpoint from anywhere can be read without running it.
"""

from __future__ import annotations

import hashlib
import json
import os
import queue
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

NAMES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
    torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8",
    torch.uint8: "U8", torch.bool: "BOOL",
}  # fmt: skip
PIECE = 1 << 24


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> tuple[int, str]:
    """A safetensors file, durable; returns its size and SHA-256."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name, tensor in tensors.items():
        size = tensor.numel() * tensor.element_size()
        header[name] = {
            "dtype": NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [at, at + size],
        }
        at += size
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    return _write(path, [len(head).to_bytes(8, "little"), head, *map(_bytes_of, tensors.values())])


def write_bytes(path: Path, content: bytes) -> tuple[int, str]:
    return _write(path, [content])


def _bytes_of(tensor: Tensor) -> Any:
    flat = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
    return flat.numpy().data


def _write(path: Path, parts: list[Any]) -> tuple[int, str]:
    """Hashed on a second thread, while the first waits for the disk."""
    size, mark = 0, _Mark()
    try:
        with path.open("wb") as out:
            for part in parts:
                view = memoryview(part)
                for start in range(0, len(view), PIECE):
                    piece = view[start : start + PIECE]
                    mark.add(piece)
                    out.write(piece)
                    size += len(piece)
            out.flush()
            os.fsync(out.fileno())
    finally:
        found = mark.end()
    return size, found


class _Mark:
    """A SHA-256 that is computed aside. A plain thread: a pool takes nothing any more once the interpreter ends, and
    the last save may be under way by then."""

    def __init__(self) -> None:
        self._mark = hashlib.sha256()
        self._pieces: queue.SimpleQueue[memoryview | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def add(self, piece: memoryview) -> None:
        self._pieces.put(piece)

    def end(self) -> str:
        self._pieces.put(None)
        self._thread.join()
        return self._mark.hexdigest()

    def _work(self) -> None:
        while (piece := self._pieces.get()) is not None:
            self._mark.update(piece)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Copies: a loaded tensor maps its file, and whoever truncates that kills the process."""
    return {name: tensor.clone() for name, tensor in load_file(path).items()}


def flatten(tree: Any, path: str = "") -> tuple[dict[str, Tensor], Any]:
    """The tensors of nested dicts and lists by path, and the same tree with their paths in their places."""
    if isinstance(tree, Tensor):
        return {path: tree}, {"$tensor": path}
    if isinstance(tree, (list, tuple)):
        tree = {"$list": {str(i): item for i, item in enumerate(tree)}}
    if not isinstance(tree, dict):
        return {}, tree
    tensors: dict[str, Tensor] = {}
    shape: dict[str, Any] = {}
    for key, item in tree.items():
        name = f"#{key}" if isinstance(key, int) else str(key)
        found, shape[name] = flatten(item, f"{path}/{name}".lstrip("/"))
        tensors.update(found)
    return tensors, shape


def unflatten(shape: Any, tensors: Mapping[str, Tensor]) -> Any:
    """The tree that `flatten` took apart."""
    if not isinstance(shape, dict):
        return shape
    if "$tensor" in shape:
        return tensors[shape["$tensor"]]
    if "$list" in shape:
        return [unflatten(item, tensors) for item in shape["$list"].values()]
    return {
        int(key[1:]) if key.startswith("#") else key: unflatten(item, tensors)
        for key, item in shape.items()
    }
