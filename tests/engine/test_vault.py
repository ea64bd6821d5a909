"""Files inside a file: readers find them by the paths they would have, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import vault
from engine.journal import Follower

ROOT = Path("/nowhere/run.cockpit")


@pytest.fixture
def held() -> Iterator[None]:
    fds = {}
    for name, data in {"a/keeper.jsonl": b"one\ntwo\n", "a/attempts/12/console.log": b"x"}.items():
        with vault.nameless() as file:
            file.write(data)
            file.flush()
            fds[name] = os.dup(file.fileno())
    vault.hold(ROOT, fds)
    yield
    vault.forget(ROOT)


def test_parts_are_read_like_files(held: None) -> None:
    assert vault.small(ROOT / "a/keeper.jsonl", 100) == b"one\ntwo\n"
    assert vault.size(ROOT / "a/keeper.jsonl") == 8 and vault.size(ROOT / "a/none") is None
    assert vault.names(ROOT / "a/attempts") == ["12"] and vault.names(ROOT / "a") == [
        "attempts",
        "keeper.jsonl",
    ]
    follower = Follower(ROOT / "a/keeper.jsonl")
    assert (follower.read(4).data, follower.read().data, follower.read().data) == (
        b"one\n",
        b"two\n",
        b"",
    )
    with pytest.raises(FileNotFoundError):
        vault.descriptor(ROOT / "a/none")
    with pytest.raises(ValueError, match="no small file"):
        vault.small(ROOT / "a/keeper.jsonl", 3)


def test_two_readers_stand_at_places_of_their_own(held: None) -> None:
    one, other = (vault.opened(ROOT / "a/keeper.jsonl") for _ in range(2))
    with one, other:
        assert one.read(4) == other.read(4) == b"one\n"


def test_what_lies_beside_is_a_file_of_the_disk(held: None, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("disk")
    assert vault.small(tmp_path / "f", 10) == b"disk"
    assert (
        not vault.inside(Path(f"{ROOT}.notes.jsonl"))
        and vault.inside(ROOT / "a")
        and vault.inside(ROOT)
    )


def test_what_was_forgotten_is_gone(held: None) -> None:
    vault.forget(ROOT)
    assert vault.size(ROOT / "a/keeper.jsonl") is None and not vault.inside(ROOT)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_of_that_name_holds_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p")
    with pytest.raises(ValueError, match="no small file"):
        vault.small(tmp_path / "p", 10)
