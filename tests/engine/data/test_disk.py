"""A real disk that is full: told with its place, nothing half is left, and what was there before is there."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.data import grain
from tests.support.cli import Engine

pytestmark = pytest.mark.needs("root", "mount")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(place)]
    done = subprocess.run(mounted, capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.decode()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def more(small: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(small)], check=True)


@pytest.mark.parametrize("word", ["merge", "buckets", "curriculum"])
def test_files_of_rows(word: str, small: Path, tmp_path: Path, engine: Engine) -> None:
    tree = grain.tree(tmp_path / "b", grain.even(8, 60))
    files = sorted(map(str, tree.rglob("*.jsonl")))
    out = small / "out"
    if word == "merge":
        out.write_text("before")
    words = {
        "merge": ["merge", *files, "--out", str(out)],
        "buckets": ["buckets", *files, "--out", str(out)],
        "curriculum": ["curriculum", "--buckets", str(tree), "--phase", "B", "--out", str(out)],
    }[word]
    answer = engine("data", *words)
    assert answer.status == 2 and "the disk is full" in answer.err and str(small) in answer.err
    assert "free room" in answer.err and "Traceback" not in answer.err
    left = [path for path in small.rglob("*") if path.is_file()]
    assert left == ([out] if word == "merge" else []) and (not left or out.read_text() == "before")
    more(small, "4m")
    assert engine("data", *words).status == 0


def test_tokens(small: Path, tmp_path: Path, engine: Engine, tokenizer: bytes) -> None:
    path, named = grain.corpus(tmp_path / "r.jsonl", 900), tmp_path / "tokenizer.json"
    named.write_bytes(tokenizer)
    words = ["pretokenize", "--input", str(path), "--tokenizer", str(named), "--max-length", "64"]
    whole = engine("data", *words, "--out", str(tmp_path / "whole"), "--json").valid(
        "data-pretokenize"
    )[0]
    words += ["--out", str(small / "t")]
    answer = engine("data", *words)
    assert answer.status == 2 and "the disk is full" in answer.err
    assert "it goes on there" in answer.err and "Traceback" not in answer.err
    more(small, "4m")
    (made,) = engine("data", *words, "--json").valid("data-pretokenize")
    assert grain.content(Path(made["path"])) == grain.content(Path(whole["path"]))
