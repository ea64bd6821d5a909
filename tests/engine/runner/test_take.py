"""What arrives is unpacked below its folder, as files and nothing else, whole or not at all."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from engine.runner.bundle import bundle

ROOT = Path(__file__).parents[3]


def tar(*entries: tuple[str, bytes, bytes]) -> bytes:
    """Name, kind and content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, kind, content in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.size, entry.mode = kind, len(content), 0o4755
            entry.linkname = "/etc/passwd"
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def taken(data: bytes, folder: Path) -> bytes:
    words = [sys.executable, "-B", str(bundle()), "--take", str(folder)]
    done = subprocess.run(words, input=data, capture_output=True, check=True, timeout=60)
    return done.stdout.partition(b"far-1\n")[2]


def test_files_and_nothing_else(tmp_path: Path) -> None:
    data = tar(
        ("a/run.sh", tarfile.REGTYPE, b"#!"),
        ("link", tarfile.SYMTYPE, b""),
        ("hard", tarfile.LNKTYPE, b""),
        ("device", tarfile.CHRTYPE, b""),
        ("pipe", tarfile.FIFOTYPE, b""),
    )
    assert taken(data, tmp_path / "release") == b"done 1\n"
    assert [p.name for p in (tmp_path / "release").rglob("*") if not p.is_dir()] == ["run.sh"]
    assert stat.S_IMODE((tmp_path / "release/a/run.sh").stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["../out", "a/../../out", "/etc/out", "a//b"])
def test_no_name_leads_out(name: str, tmp_path: Path) -> None:
    data = tar(("good", tarfile.REGTYPE, b"x"), (name, tarfile.REGTYPE, b"bad"))
    assert taken(data, tmp_path / "below" / "release").startswith(b"no ")
    assert not (tmp_path / "below" / "release").exists()
    assert not [path for path in tmp_path.rglob("*") if path.name in ("out", "b", "good")]


def test_what_was_cut_leaves_nothing(tmp_path: Path) -> None:
    data = tar(("big", tarfile.REGTYPE, os.urandom(200_000)))
    assert taken(data[: len(data) // 2], tmp_path / "release").startswith(b"no ")
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
