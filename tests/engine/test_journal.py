"""Segments: one writer, durable, torn tails ended; followers notice what happens to the file under them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine import journal
from engine.events import Lines, Segment, decode
from engine.events.trainer import Finished


def facts(path: Path) -> list[object]:
    return [decode(line, Segment.TRAINER) for line, _ in Lines().feed(path.read_bytes())]


def test_a_second_writer_is_refused_until_the_first_is_done(tmp_path: Path) -> None:
    first = journal.Writer(tmp_path / "s.jsonl")
    with pytest.raises(journal.Held):
        journal.Writer(tmp_path / "s.jsonl")
    first.close()
    first.close()
    journal.Writer(tmp_path / "s.jsonl").close()


def test_a_writer_killed_by_the_kernel_leaves_the_segment_free(tmp_path: Path) -> None:
    script = (
        "import os,sys,time\nfrom engine import journal\n"
        "w=journal.Writer(sys.argv[1])\nprint('held',flush=True)\ntime.sleep(60)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "s.jsonl")],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(journal.__file__).parent.parent)},
    )
    assert child.stdout is not None and child.stdout.readline() == b"held\n"
    with pytest.raises(journal.Held):
        journal.Writer(tmp_path / "s.jsonl")
    child.kill()
    child.wait()
    child.stdout.close()
    journal.Writer(tmp_path / "s.jsonl").close()


def test_a_successor_ends_a_torn_tail(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(b'{"e":"finished","t":1,"step":1}\n{"e":"finis')
    writer = journal.Writer(path)
    writer.append(Finished(2.0, 2), durable=True)
    writer.append(Finished(3.0, 3))
    writer.close()
    assert facts(path) == [Finished(1.0, 1), None, Finished(2.0, 2), Finished(3.0, 3)]


def test_without_the_ended_tail_a_fact_is_lost(tmp_path: Path) -> None:
    """The control: a writer that does not care for a torn tail."""
    path = tmp_path / "s.jsonl"
    path.write_bytes(b'{"e":"finis')
    writer = journal.Writer(path)
    writer._torn = False
    writer.append(Finished(2.0, 2))
    writer.close()
    assert facts(path) == [None]


def test_files_are_private(tmp_path: Path) -> None:
    journal.Writer(tmp_path / "s.jsonl").close()
    journal.replace(tmp_path / "r.json", b"{}")
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("*.json*")} == {0o600}


def test_a_full_disk_is_an_error_and_the_next_line_stands_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    writer = journal.Writer(path)
    real = os.write

    def half(fd: int, data: bytes) -> int:
        return real(fd, data[: len(data) // 2])

    writer.append(Finished(1.0, 1))
    with pytest.MonkeyPatch.context() as patch, pytest.raises(OSError, match="half a line"):
        patch.setattr(os, "write", half)
        writer.append(Finished(2.0, 2))
    writer.append(Finished(3.0, 3))
    writer.close()
    assert facts(path) == [Finished(1.0, 1), None, Finished(3.0, 3)]


def test_a_refused_sync_is_never_believed_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = journal.Writer(tmp_path / "s.jsonl")

    def refuse(fd: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(journal.Suspect):
        writer.append(Finished(1.0, 1), durable=True)
    writer.close()


def test_a_follower_hands_out_every_byte_once(tmp_path: Path) -> None:
    path = tmp_path / "log"
    follower = journal.Follower(path)
    assert follower.read().data == b""
    path.write_bytes(b"one\ntw")
    assert follower.read(most=3).data == b"one"
    assert follower.read().data == b"\ntw"
    with path.open("ab") as file:
        file.write(b"o\n")
    piece = follower.read()
    assert (piece.data, piece.offset, piece.end, piece.reset) == (b"o\n", 6, 8, None)


def test_a_truncated_file_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"a long first life\n")
    follower = journal.Follower(path)
    follower.read()
    path.write_bytes(b"short\n")
    piece = follower.read()
    assert (piece.data, piece.reset) == (b"short\n", "truncated")


def test_a_replaced_file_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"first\n")
    follower = journal.Follower(path)
    follower.read()
    (tmp_path / "new").write_bytes(b"second and longer\n")
    os.replace(tmp_path / "new", path)
    assert follower.read().reset == "replaced"


def test_a_file_rewritten_in_place_is_noticed_though_it_grew(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"first\n")
    follower = journal.Follower(path)
    follower.read()
    path.write_bytes(b"other content\n")
    piece = follower.read()
    assert (piece.data, piece.reset) == (b"other content\n", "rewritten")


def test_a_follower_by_size_alone_misses_the_rewrite(tmp_path: Path) -> None:
    """The control: without the head's bytes the second half would be taken for news."""
    path = tmp_path / "log"
    path.write_bytes(b"first\n")
    follower = journal.Follower(path)
    follower.read()
    follower._head = b""
    path.write_bytes(b"other content\n")
    assert follower.read().reset is None


def test_a_replaced_small_file_is_old_or_new_also_when_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "job.json"
    journal.replace(path, b"old")

    def refuse(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="No space"):
        journal.replace(path, b"new")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]
