"""Speak to the cockpit from inside a training script: `emit(step=3, loss=2.1)`.

One file that anyone can copy into their own project: it needs nothing but the standard library and takes msgspec
when it is there. Each call is one `write` of one line to the file named by `COCKPIT_EVENTS`, so a row survives
`kill -9` the moment `emit` returns; nothing is buffered, no thread is started. Without `COCKPIT_EVENTS`, or when the
disk is full, a call does nothing: a logger must never end a training.
"""

from __future__ import annotations

import json
import math
import os
import threading
import time
from typing import Any, Callable

try:
    import msgspec as _msgspec
except ImportError:
    _msgspec = None  # type: ignore[assignment]

_now = time.time
_write = os.write
_target: int | None = None
_closed = False


def _plain(value: Any) -> Any:
    """What JSON cannot hold: non-finite floats become words, tensors and numpy scalars their number."""
    if isinstance(value, float):
        return value if math.isfinite(value) else repr(float(value))
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        return _plain(value.item())
    return value


def _slow(row: dict[str, Any]) -> bytes:
    return json.dumps(_plain(row), separators=(",", ":"), default=str).encode()


def _standard() -> Callable[[dict[str, Any]], bytes]:
    strict = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
    return lambda row: strict(row).encode()


def _fast() -> Callable[[dict[str, Any]], bytearray]:
    """One buffer used again and again costs half of a fresh one; `_lock` keeps threads from sharing it."""
    into = _msgspec.json.Encoder(enc_hook=_plain).encode_into
    buffer = bytearray(1024)

    def encode(row: dict[str, Any]) -> bytearray:
        into(row, buffer)
        return buffer

    return encode


_encode: Callable[[dict[str, Any]], bytes | bytearray] = (
    _standard() if _msgspec is None else _fast()
)
_lock = threading.Lock()


def _open() -> int | None:
    global _target, _closed
    path = os.environ.get("COCKPIT_EVENTS")
    _closed = True
    if path:
        try:
            _target = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            _closed = False
        except OSError:
            _target = None
    return _target


def _forget() -> None:
    """After a fork the child opens the file for itself, so that a closed descriptor of the parent cannot hurt it."""
    global _target, _closed, _lock
    _target, _closed, _lock = None, False, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def emit(**metrics: Any) -> None:
    """Append one row: `step` and any numbers by name. The time is added."""
    target = _target
    if target is None:
        if _closed or (target := _open()) is None:
            return
    metrics["t"] = _now()
    with _lock:
        try:
            line = _encode(metrics)
            # msgspec writes null for a non-finite float, which would read as "absent".
            if b"null" in line:
                line = _slow(metrics)
        except (TypeError, ValueError, OverflowError):
            line = _slow(metrics)
        try:
            _write(target, line + b"\n")
        except OSError:
            return


def event(name: str, **fields: Any) -> None:
    """Append one event of the trainer's vocabulary, for example `event("saved", step=100, path="…")`."""
    emit(e=name, **fields)
