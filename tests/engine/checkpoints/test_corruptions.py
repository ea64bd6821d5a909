"""Any change of a committed checkpoint is found: cut, lengthened, one bit, a file gone, one put in another's place.

`SOAK=1` does the full two hundred of every kind; the suite does a tenth by the same code.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.shelf import look, manifest
from tests.support import foreign

COUNT = 200 if os.getenv("SOAK") else 20
KINDS: dict[str, Callable[[Path], Path]] = {
    "transformers": lambda p: foreign.transformers(p / "checkpoint-40", 40),
    "nanogpt": lambda p: foreign.nanogpt(p / "ckpt-60.pt", 60),
    "peft": lambda p: foreign.peft(p / "adapter-9"),
    "safetensors": lambda p: foreign.safetensors(p / "model-7.safetensors", w=5000),
}


def spoil(file: Path, dice: random.Random) -> str:
    """One fault in one file."""
    whole = bytearray(file.read_bytes())
    kind = dice.choice(("bit", "cut", "longer", "zeros", "gone", "swapped"))
    at = dice.randrange(len(whole))
    if kind == "bit":
        whole[at] ^= 1 << dice.randrange(8)
    elif kind == "cut":
        del whole[at:]
    elif kind == "longer":
        whole += b"\0"
    elif kind == "zeros":
        before = bytes(whole)
        whole[at : at + 64] = bytes(len(whole[at : at + 64]))
        if bytes(whole) == before:
            whole[at] ^= 1
    elif kind == "swapped":
        whole.reverse()
    if kind == "gone":
        file.unlink()
    else:
        times = file.stat()
        file.write_bytes(whole)
        # a fault of the disk leaves the times as they were
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    return f"{kind} at {at} of {file.name}"


@pytest.mark.parametrize("name", KINDS)
def test_every_corruption_is_detected(name: str, tmp_path: Path) -> None:
    dice = random.Random(f"{name} 11")
    path = KINDS[name](tmp_path)
    table = manifest.of(path, look(path))
    kept = {file: file.read_bytes() for file in manifest.files(path)}
    missed = []
    for _ in range(COUNT):
        fault = spoil(dice.choice(sorted(kept)), dice)
        if manifest.flaw(path, table, hashes=True) is None:
            missed.append(fault)
        for file, content in kept.items():
            file.write_bytes(content)
        assert manifest.flaw(path, table, hashes=True) is None
    assert missed == []


def test_control_sizes_alone_do_not_find_a_flipped_bit(tmp_path: Path) -> None:
    path = foreign.nanogpt(tmp_path / "ckpt-60.pt", 60)
    table = manifest.of(path, look(path))
    whole = bytearray(path.read_bytes())
    whole[1000] ^= 1
    path.write_bytes(whole)
    assert manifest.flaw(path, table) is None
    assert "damaged" in (manifest.flaw(path, table, hashes=True) or "")
