"""What is kept beside a run saves time and never changes what is read."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.columns import Columns, Source, cache
from engine.dialects import Lens
from tests.engine.columns.same import plain

LINE = b'{"step":%d,"loss":2.5,"t":1.5}\n'
WORDS = b'{"e":"said","text":"\xc3\xa4"}\n'


def written(path: Path, first: int, last: int) -> None:
    with path.open("ab") as file:
        file.writelines(LINE % step for step in range(first, last))
        file.write(WORDS)


def fresh(path: Path) -> str:
    made = Columns()
    made.feed(path.read_bytes())
    return plain(made.table()) + repr(made.events())


def seen(source: Source) -> str:
    return plain(source.poll()) + repr(source.columns.events())


def kept(path: Path, file: Path) -> Source:
    """A source that was read to its end and kept."""
    source = Source(path, file)
    source.poll()
    source.save()
    assert file.exists()
    return source


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "trainer.jsonl"
    written(path, 0, 1000)
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".cache" / "1-trainer.columns"


def offset(source: Source) -> int:
    """Where a source that was just opened goes on."""
    return source.columns.saved().offset


def test_reopening_reads_nothing_anew(path: Path, file: Path) -> None:
    kept(path, file)
    again = Source(path, file)
    assert offset(again) == path.stat().st_size
    assert seen(again) == fresh(path)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_a_grown_file_is_read_from_where_the_reading_stood(path: Path, file: Path) -> None:
    path.write_bytes(path.read_bytes() + (LINE % 7)[:9])
    kept(path, file)
    size = path.stat().st_size
    with path.open("ab") as end:
        end.write((LINE % 7)[9:])
    written(path, 5, 1500)
    again = Source(path, file)
    assert offset(again) == size - 9
    assert seen(again) == fresh(path)


@pytest.mark.parametrize("length", [70_000, 200_000])
def test_a_line_that_was_given_up_is_counted_once(path: Path, file: Path, length: int) -> None:
    path.write_bytes(path.read_bytes() + b"x" * length)
    assert seen(kept(path, file)) == fresh(path)
    assert seen(Source(path, file)) == fresh(path)
    path.write_bytes(path.read_bytes() + b"\n" + LINE % 4)
    assert seen(Source(path, file)) == fresh(path)


def _truncated(path: Path) -> None:
    os.truncate(path, 300)


def _replaced(path: Path) -> None:
    other = path.with_suffix(".new")
    other.write_bytes(path.read_bytes())
    os.replace(other, path)


def _rewritten(path: Path) -> None:
    with path.open("r+b") as begin:
        begin.write(LINE % 9)


@pytest.mark.parametrize("change", [_truncated, _replaced, _rewritten])
def test_another_file_is_read_from_its_beginning(path: Path, file: Path, change: object) -> None:
    assert callable(change)
    kept(path, file)
    change(path)
    again = Source(path, file)
    assert offset(again) == 0
    assert seen(again) == fresh(path)


def test_a_file_that_is_replaced_while_it_is_followed_is_read_anew(path: Path, file: Path) -> None:
    source = kept(path, file)
    path.write_bytes(b"")
    assert seen(source) == fresh(path)
    path.write_bytes(LINE % 3)
    assert seen(source) == fresh(path)
    source.save()
    assert offset(Source(path, file)) == len(LINE % 3)
    assert seen(Source(path, file)) == fresh(path)


def test_no_damage_to_what_was_kept_is_ever_believed(path: Path, file: Path) -> None:
    kept(path, file)
    whole, draw = file.read_bytes(), random.Random(1)
    for _ in range(300):
        damaged = bytearray(whole)
        if draw.random() < 0.3:
            del damaged[draw.randrange(len(whole)) :]
        else:
            damaged[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
        file.write_bytes(damaged)
        assert offset(Source(path, file)) == 0
    assert seen(Source(path, file)) == fresh(path)


def test_damage_is_believed_when_nothing_is_summed(
    path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "_sum", lambda column: 0)
    kept(path, file)
    damaged = bytearray(file.read_bytes())
    damaged[-100] ^= 4
    file.write_bytes(damaged)
    assert seen(Source(path, file)) != fresh(path)


def test_another_dialect_or_version_reads_for_itself(
    path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(path, file)
    assert offset(Source(path, file, Lens())) == 0
    monkeypatch.setattr(cache, "__version__", "later")
    assert offset(Source(path, file)) == 0


def test_a_console_goes_on_with_its_dialect_and_total(tmp_path: Path, file: Path) -> None:
    path = tmp_path / "console.log"
    path.write_bytes(b"step 1/9 loss 2\n" * 50)
    source = Source(path, file, Lens())
    source.poll()
    assert source.save()
    with path.open("ab") as end:
        end.write(b"nothing\nstep 2 loss 2\n")
    again = Source(path, file, Lens())
    assert offset(again) == 800
    assert (again.columns.dialect, again.columns.total) == ("keyvalue", 9)
    assert plain(again.poll()) == plain(source.poll())


def test_a_folder_that_nobody_may_write_to_has_no_cache(path: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    source = Source(path, tmp_path / "file" / "1-trainer.columns")
    assert seen(source) == fresh(path)
    assert not source.save()


def test_a_segment_that_does_not_exist_yet_is_empty(tmp_path: Path, file: Path) -> None:
    source = Source(tmp_path / "later.jsonl", file)
    assert len(source.poll()) == 0
    written(tmp_path / "later.jsonl", 0, 5)
    assert seen(source) == fresh(tmp_path / "later.jsonl")


def test_a_long_file_can_be_read_in_turns(path: Path) -> None:
    written(path, 0, 60_000)
    source, lengths = Source(path), []
    while source.behind:
        lengths.append(len(source.poll(1 << 20)))
    assert len(lengths) > 1 and lengths == sorted(lengths)
    assert seen(source) == fresh(path)


def _keep_forever(path: Path, file: Path) -> None:
    columns = Columns()
    columns.feed(path.read_bytes())
    with path.open("rb") as source:
        while True:
            assert cache.save(file, source.fileno(), None, columns.saved())


@pytest.fixture
def writers(path: Path, file: Path) -> Iterator[list[multiprocessing.Process]]:
    context = multiprocessing.get_context("fork")
    found = [context.Process(target=_keep_forever, args=(path, file)) for _ in range(2)]
    for writer in found:
        writer.start()
    yield found  # type: ignore[misc]
    for writer in found:
        writer.kill()
        writer.join()


def test_writers_at_once_and_killed_ones_are_harmless(
    path: Path, file: Path, writers: list[multiprocessing.Process]
) -> None:
    told, hits = fresh(path), 0
    for _ in range(200):
        source = Source(path, file)
        hits += offset(source) > 0
        assert seen(source) == told
    for writer in writers:
        assert writer.pid is not None
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
    assert seen(Source(path, file)) == told
    assert hits > 0
    left = file.with_name(f"{file.name}.1.1.tmp")
    left.write_bytes(b"half")
    os.utime(left, (0, time.time() - 2 * cache.STALE_S))
    written(path, 0, 9)
    kept(path, file)
    assert not left.exists()
