"""Speak to the cockpit from inside a training script: `emit(step=3, loss=2.1)`.

One file that anyone can copy into their own project: it needs nothing but the standard library and takes msgspec
when it is there. Each call is one `write` of one line to the file named by `COCKPIT_EVENTS`, so a row survives
`kill -9` the moment `emit` returns. Nothing is buffered, no thread is started and no lock is held: threads, forks and
signal handlers may all speak. Without `COCKPIT_EVENTS`, when the disk is full, or with a value that nothing can be made
of, a call does nothing: a logger must never end a training.
"""

from __future__ import annotations

import json
import math
import os
import time
from typing import Any, Callable

try:
    import msgspec as _msgspec
except ImportError:
    _msgspec = None  # type: ignore[assignment]

_UNFIT = (TypeError, ValueError, ArithmeticError, RuntimeError)
"""What a value raises that JSON has no place for, or that is no number after all."""

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
        try:
            return _plain(value.item())
        except _UNFIT:  # more than one number
            return str(value)
    return value


def _slow(row: dict[str, Any]) -> bytes:
    try:
        text = json.dumps(_plain(row), separators=(",", ":"), default=str)
    except _UNFIT:  # it holds itself
        return b""
    return text.encode() + b"\n"


def _standard() -> Callable[[dict[str, Any]], bytes]:
    """`JSONEncoder.encode` makes its C encoder anew for each row, a quarter of the whole cost; here it is made once."""
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        strict = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
        pieces: Any = strict.iterencode
    else:
        quoted = json.encoder.encode_basestring_ascii
        pieces = make(None, _unknown, quoted, None, ":", ",", False, False, False)
    join = "".join

    def encode(row: dict[str, Any]) -> bytes:
        try:
            return (join(pieces(row, 0)) + "\n").encode()
        except _UNFIT:
            return _slow(row)

    return encode


def _unknown(value: Any) -> Any:
    raise TypeError(type(value))


def _fast() -> Callable[[dict[str, Any]], bytes]:
    """msgspec writes null for a non-finite float, which would read as "absent". Their sum tells, and is the cheapest
    way to know; only where it cannot, the line is searched."""
    json_of = _msgspec.json.Encoder(enc_hook=_plain).encode

    def encode(row: dict[str, Any]) -> bytes:
        try:
            line: bytes = json_of(row) + b"\n"
        except _UNFIT:
            return _slow(row)
        try:
            total = sum(row.values())
            if type(total) is float and total - total == 0.0:
                return line
        except _UNFIT:  # there are words among them
            pass
        return _slow(row) if b"null" in line else line

    return encode


_encode = _fast() if _msgspec is not None else _standard()


def _open() -> int | None:
    global _target, _closed
    path = os.environ.get("COCKPIT_EVENTS")
    try:
        if path:
            # nothing is said before it is open: another thread may be speaking meanwhile, and opens it for itself
            _target = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            return _target
    except OSError:
        pass
    _closed = True
    return None


def _forget() -> None:
    """After a fork the child opens the file for itself, so that a closed descriptor of the parent cannot hurt it."""
    global _target, _closed
    _target, _closed = None, False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def emit(**metrics: Any) -> None:
    """Append one row: `step` and any numbers by name. The time is added."""
    target = _target
    if target is None:
        if _closed or (target := _open()) is None:
            return
    metrics["t"] = _now()
    try:
        _write(target, _encode(metrics))
    except OSError:
        return


def event(name: str, **fields: Any) -> None:
    """Append one event of the trainer's vocabulary, for example `event("saved", step=100, path="…")`."""
    emit(e=name, **fields)
