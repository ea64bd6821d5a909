"""Importing eight million values from TensorBoard's and W&B's files, against their own readers."""

from __future__ import annotations

import json
import struct
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench import peers
from tests.bench.figures import Figure, is_full
from tests.bench.measure import Cost, Failed, apart
from tests.bench.readers import METRICS, rows_of

# mypy: disable-error-code="import-not-found, import-untyped, unused-ignore"

ROWS = 1_000_000
PEER_ROWS = 20_000


def run() -> list[Figure]:
    found: list[Figure] = []
    for kind, peer, target in (
        ("tfevents", "TensorBoard", "<= 12 s"),
        ("wandb", "wandb-core", "<= 25 s, <= 250 MB"),
    ):
        with tempfile.TemporaryDirectory() as folder:
            path = (
                f"{folder}/{'events.out.tfevents.1.bench' if kind == 'tfevents' else 'run-x.wandb'}"
            )
            size = apart(f"tests.bench.imports:write_{kind}", path, ROWS).result
            ours = apart("tests.bench.imports:read", path, folder)
            rows = ROWS if is_full() else PEER_ROWS
            theirs, why = _peer(kind, f"{folder}/peer", rows)
        note = f"{size / 1e6:.0f} MB, {ours.result:,} rows; {why or f'peer read {rows:,}, scaled'}"
        name = f"import {kind}, 1M x 8"
        cpu = theirs.cpu_s * ROWS / rows if theirs else None
        found.append(
            Figure(
                f"{name}, CPU", ours.cpu_s, "s", peer if theirs else None, cpu, None, target, note
            )
        )
        held = theirs.rss_mb if theirs else None
        found.append(
            Figure(
                f"{name}, peak memory",
                ours.rss_mb,
                "MB",
                peer if theirs else None,
                held,
                None,
                target,
            )
        )
    return found


def _peer(kind: str, folder: str, rows: int) -> tuple[Cost | None, str]:
    tool = "tensorboard" if kind == "tfevents" else "wandb"
    try:
        python = peers.python()
        apart(f"tests.bench.readers:write_{tool}", folder, rows, python=python)
        return apart(f"tests.bench.readers:read_{tool}", folder, python=python), ""
    except (peers.Absent, Failed) as why:
        return None, str(why)


def read(path: str, folder: str) -> int:
    from engine.imports import plan, record

    [one] = plan(Path(path))
    return record(one, Path(folder) / "logs")[1].rows


def write_tfevents(path: str, count: int) -> int:
    """As TensorBoard's writers do, but for the checksums of the content, which nobody here reads."""
    from engine.imports.crc import masked

    def record(body: bytes) -> bytes:
        head = struct.pack("<Q", len(body))
        return head + struct.pack("<I", masked(head)) + body + b"\0\0\0\0"

    with open(path, "wb") as file:
        file.write(record(b"\x09" + struct.pack("<d", 1.0) + b"\x1a\x0dbrain.Event:2"))
        for row in _rows(count):
            head = b"\x09" + struct.pack("<d", row["t"])
            head += b"\x10" + _varint(row["step"]) if row["step"] else b""
            for name in METRICS:
                value = (
                    b"\x0a"
                    + bytes((len(name),))
                    + name.encode()
                    + b"\x15"
                    + struct.pack("<f", row[name])
                )
                summary = b"\x0a" + bytes((len(value),)) + value
                file.write(record(head + b"\x2a" + bytes((len(summary),)) + summary))
        return file.tell()


def write_wandb(path: str, count: int) -> int:
    """As W&B does: a record for each row, its values as JSON, in blocks of 32 KiB."""
    from engine.imports.leveldb import BLOCK
    from engine.imports.wandb import HEADER

    with open(path, "wb") as file:
        file.write(HEADER)
        for row in _rows(count):
            values = {name: row[name] for name in METRICS}
            values.update(
                {"_step": row["step"], "_timestamp": row["t"], "_runtime": row["step"] * 0.3}
            )
            items = b"".join(
                _item(name.encode(), json.dumps(value).encode()) for name, value in values.items()
            )
            step = (
                b"\x12" + bytes((len(_varint(row["step"])) + 1,)) + b"\x08" + _varint(row["step"])
            )
            history = items + step
            body = b"\x08" + _varint(row["step"]) + b"\x12" + _varint(len(history)) + history
            _log(file, body, BLOCK)
        return file.tell()


def _rows(count: int) -> Iterator[dict[str, Any]]:
    """A thousand rows again and again, each with its own step and time: what is written must not cost minutes."""
    pattern = list(rows_of(1000))
    for step in range(count):
        yield {**pattern[step % 1000], "step": step, "t": 1.7e9 + step * 0.3}


def _item(key: bytes, value: bytes) -> bytes:
    body = b"\x12" + bytes((len(key),)) + key + b"\x82\x01" + bytes((len(value),)) + value
    return b"\x0a" + bytes((len(body),)) + body


def _log(file: object, body: bytes, block: int) -> None:
    """One record, cut where a block ends."""
    first = True
    while body or first:
        left = block - file.tell() % block  # type: ignore[attr-defined]
        if left < 7:
            file.write(b"\0" * left)  # type: ignore[attr-defined]
            continue
        part, body = body[: left - 7], body[left - 7 :]
        kind = (1 if first else 4) if not body else (2 if first else 3)
        crc = zlib.crc32(bytes((kind,)) + part)
        file.write(struct.pack("<IHB", crc, len(part), kind) + part)  # type: ignore[attr-defined]
        first = False


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))
