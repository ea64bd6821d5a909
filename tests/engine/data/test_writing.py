"""A store of tokens is the same whatever kills, crowds or starves its writer."""

from __future__ import annotations

import multiprocessing
import os
import re
from pathlib import Path
from typing import Any

import pytest

from engine.data import crew, units, writing
from engine.data.pretokenizing import Way, ensure
from engine.data.work import Task
from engine.data.writing import Writer
from engine.errors import Problem
from tests.engine.data.grain import content, corpus, task


class Killed(BaseException):
    pass


@pytest.mark.parametrize("at", range(1, 8, 2))
def test_a_killed_writer_is_gone_on_with(
    at: int, tmp_path: Path, tokenizer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = corpus(tmp_path / "r.jsonl")
    monkeypatch.setattr(units.units, "__defaults__", (1500,))
    whole = ensure(task(path, tokenizer), tmp_path / "whole", Way()).store
    honest, seen = Writer._append, []

    def dying(self: Writer, done: Any) -> None:
        honest(self, done)
        seen.append(done)
        if len(seen) == at:
            # what was written since the last commit is on the disk and not counted
            for file in self._files.values():
                file.flush()
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Writer, "_append", dying)
        patch.setattr(writing, "COMMIT_S", 0.0 if at % 4 == 1 else 1e9)
        with pytest.raises(Killed):
            ensure(task(path, tokenizer), tmp_path / "out", Way())
    (part,) = (tmp_path / "out").glob("*.part")
    with (part / "progress.jsonl").open("a") as file:
        file.write('{"units": 3, "tok')
    store = ensure(task(path, tokenizer), tmp_path / "out", Way()).store
    assert content(store.folder) == content(whole.folder)
    assert store.manifest["outputs"] == whole.manifest["outputs"]


def test_without_cutting_off_what_is_not_counted_tokens_would_be_there_twice(
    tmp_path: Path, tokenizer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above: a writer that appends to whatever is there."""
    path = corpus(tmp_path / "r.jsonl", 8)
    asks = task(path, tokenizer)
    whole = ensure(asks, tmp_path / "whole", Way()).store
    part = tmp_path / "out" / f"{whole.folder.name}.part"
    part.mkdir(parents=True)
    (part / "tokens.bin").write_bytes(b"\1\0" * 50)

    def careless(self: Writer, name: str) -> Any:
        return (self.folder / name).open("ab")

    monkeypatch.setattr(Writer, "_open", careless)
    store = ensure(asks, tmp_path / "out", Way()).store
    assert len(store.tokens) == len(whole.tokens) + 50


def run_ensure(asks: Task, out: Path, answers: Any) -> None:
    answers.put(ensure(asks, out, Way()).reused)


def test_two_at_once_make_it_once(tmp_path: Path, tokenizer: bytes) -> None:
    path = corpus(tmp_path / "r.jsonl")
    asks, context = task(path, tokenizer), multiprocessing.get_context("fork")
    answers: Any = context.Queue()
    both = [
        context.Process(target=run_ensure, args=(asks, tmp_path / "out", answers)) for _ in "ab"
    ]
    for one in both:
        one.start()
    said = sorted(answers.get(timeout=60) for _ in both)
    for one in both:
        one.join()
    assert said == [False, True]
    assert ensure(asks, tmp_path / "out", Way("require")).reused


def test_a_full_disk_is_told_and_gone_on_from(
    tmp_path: Path, tokenizer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = corpus(tmp_path / "r.jsonl")
    monkeypatch.setattr(units.units, "__defaults__", (1500,))
    monkeypatch.setattr(writing, "COMMIT_S", 0.0)
    left = [9]

    def fsync(file: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        with pytest.raises(Problem, match=r"\.part: the disk is full") as caught:
            ensure(task(path, tokenizer), tmp_path / "out", Way())
    assert "goes on there" in str(caught.value.fix)
    made = ensure(task(path, tokenizer), tmp_path / "out", Way())
    assert re.fullmatch(r"nothing is there yet; gone on with at \d+ %", made.reason or "")
    store = made.store
    whole = ensure(task(path, tokenizer), tmp_path / "whole", Way()).store
    assert content(store.folder) == content(whole.folder)


@pytest.mark.leaves("the resource tracker of multiprocessing lives as long as this process")
def test_several_processes_write_the_same(
    tmp_path: Path, tokenizer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = corpus(tmp_path / "r.jsonl")
    alone = ensure(task(path, tokenizer), tmp_path / "alone", Way()).store
    monkeypatch.setattr(units.units, "__defaults__", (4000,))
    monkeypatch.setattr(crew, "SMALL", 0)
    together = ensure(task(path, tokenizer), tmp_path / "out", Way(workers=2)).store
    assert content(together.folder) == content(alone.folder)


def test_a_fault_has_its_line_wherever_the_file_is_cut(
    tmp_path: Path, tokenizer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = corpus(tmp_path / "r.jsonl")
    lines = path.read_text().splitlines()
    lines[41] = "{broken"
    lines[50] = '{"instruction": "Q", "output": ""}'
    path.write_text("\n".join(lines) + "\n")
    monkeypatch.setattr(units.units, "__defaults__", (1500,))
    with pytest.raises(Problem, match=r"r\.jsonl:42: not JSON"):
        ensure(task(path, tokenizer), tmp_path / "out", Way())
    store = ensure(task(path, tokenizer), tmp_path / "out", Way(broken="skip")).store
    wheres = [one["where"] for one in store.manifest["faults"]]
    assert wheres == [f"{path}:42", f"{path}:51"]
    assert (store.manifest["broken"], store.manifest["useless"]) == (1, 1)
