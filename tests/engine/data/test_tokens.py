"""Tokens on disk: the same as the tokenizer's, made once, never stale, whatever kills or crowds their writer."""

from __future__ import annotations

import json
import multiprocessing
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data import pretokenizing, units
from engine.data.bpe import learn
from engine.data.encoders import Fast, Plain, open_encoder
from engine.data.packing import best_fit, pack
from engine.data.pretokenizing import Way, Writer, describe, ensure
from engine.data.reading import read_rows
from engine.data.rows import Row
from engine.data.store import open_store
from engine.data.template import pick
from engine.data.work import Task
from engine.errors import Problem
from engine.train.corpus import encode
from tests.engine.data import grain
from tests.support.cli import Engine, caller

TEXT = (Path(__file__).parents[3] / "profiles" / "demo.txt").read_text()
END = "<|endoftext|>"


@pytest.fixture(scope="module")
def tokenizer() -> bytes:
    return str(learn([TEXT[:20_000]], 400).to_str()).encode()


@pytest.fixture
def engine(capsys: pytest.CaptureFixture[str]) -> Engine:
    return caller(capsys)


def corpus(path: Path, count: int = 60) -> Path:
    rows = [
        {"instruction": f"Tale {n}?", "output": TEXT[37 * n : 37 * n + 20 + 17 * n % 230]}
        for n in range(count)
    ]
    path.write_text(grain.lines(rows))
    return path


def task(path: Path, tokenizer: bytes, **said: Any) -> Task:
    plain = {"eos": END, "max_length": 48, **said}
    return describe([str(path)], tokenizer, plain, path.parent / "memory", None)


def content(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.suffix == ".bin"}


@pytest.mark.parametrize("too_long", ["truncate", "drop", "split"])
def test_documents_are_those_of_the_trainer(
    too_long: str, tmp_path: Path, tokenizer: bytes
) -> None:
    path = corpus(tmp_path / "r.jsonl")
    asks = task(path, tokenizer, too_long=too_long)
    store = ensure(asks, tmp_path / "out", Way()).store
    plain = Plain(tokenizer)

    def tokenize(texts: list[str]) -> list[list[int]]:
        found = plain.encode(texts)
        cuts = np.cumsum(found.sizes)[:-1]
        return [part.tolist() for part in np.split(found.ids, cuts)]

    found = encode(read_rows([path], "auto"), pick("alpaca", None, END), tokenize, 48, too_long)
    assert [store.document(i).tolist() for i in range(len(store))] == found.ids
    assert store.learned is not None
    for index, learned in enumerate(found.learned):
        at = store.start(index)
        assert store.learned[at : at + len(learned)].tolist() == [False, *learned[1:]]
    assert store.manifest["cut"] == len(found.cut)
    assert store.manifest["useless"] == len(found.faults)


def test_the_fast_encoder_is_taken_where_it_agrees(tokenizer: bytes) -> None:
    assert open_encoder(tokenizer, [TEXT[:5000]]).name == "gigatoken"
    texts = [TEXT[i : i + 300] + END for i in range(0, 6000, 300)]
    ours, theirs = Fast(tokenizer).encode(texts), Plain(tokenizer).encode(texts)
    assert ours.ids.tolist() == theirs.ids.tolist()
    assert ours.sizes.tolist() == theirs.sizes.tolist()


def test_the_plain_encoder_is_taken_where_the_fast_one_differs_or_refuses(
    tokenizer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = Tokenizer(models.WordLevel({"a": 0, "b": 1, "[UNK]": 2}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    assert open_encoder(words.to_str().encode(), ["a b"]).name == "tokenizers"
    honest = Fast.encode

    def once_wrong(self: Fast, texts: list[str]) -> Any:
        found = honest(self, texts)
        found.ids.flags.writeable = True
        found.ids[-1] += 1
        return found

    monkeypatch.setattr(Fast, "encode", once_wrong)
    assert open_encoder(tokenizer, [TEXT[:5000]]).name == "tokenizers"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"max_length": 96}, "max length 48 → 96"),
        ({"template": "chatml"}, "template alpaca → chatml"),
        ({"packing": False}, "packing True → False"),
        ({"too_long": "drop"}, "too long rows truncate → drop"),
    ],
)
def test_a_miss_says_why(
    change: dict[str, Any], words: str, tmp_path: Path, tokenizer: bytes
) -> None:
    path, out = corpus(tmp_path / "r.jsonl", 8), tmp_path / "out"
    assert ensure(task(path, tokenizer), out, Way()).reason == "nothing is there yet"
    again = ensure(task(path, tokenizer), out, Way("require"))
    assert again.reused and again.reason is None
    with pytest.raises(Problem, match=words):
        ensure(task(path, tokenizer, **change), out, Way("require"))
    assert ensure(task(path, tokenizer, **change), out, Way()).reason == words
    assert ensure(task(path, tokenizer), out, Way()).reused, "the older one is still good"
    assert ensure(task(path, tokenizer), out, Way("rebuild")).reason == "asked to rebuild"


def test_an_edit_in_place_is_never_missed(tmp_path: Path, tokenizer: bytes) -> None:
    path, out = corpus(tmp_path / "r.jsonl", 8), tmp_path / "out"
    os.utime(path, ns=(1, 1))
    before = task(path, tokenizer)
    ensure(before, out, Way())
    stat = path.stat()
    path.write_text(path.read_text().replace("Tale", "Tail"))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (stat.st_size, stat.st_mtime_ns)
    after = task(path, tokenizer)
    assert after.origin.digest != before.origin.digest
    assert ensure(after, out, Way()).reason == "r.jsonl changed"
    other = str(learn([TEXT[:9000]], 300).to_str()).encode()
    assert ensure(task(path, other), out, Way()).reason == "tokenizer changed"


def test_a_file_that_was_only_moved_is_the_same(tmp_path: Path, tokenizer: bytes) -> None:
    path = corpus(tmp_path / "r.jsonl", 8)
    made = ensure(task(path, tokenizer), tmp_path / "out", Way())
    moved = path.rename(tmp_path / "other.jsonl")
    again = ensure(task(moved, tokenizer), tmp_path / "out", Way())
    assert again.reused and again.store.folder == made.store.folder


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
        patch.setattr(pretokenizing, "COMMIT_S", 0.0 if at % 4 == 1 else 1e9)
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
    monkeypatch.setattr(pretokenizing, "COMMIT_S", 0.0)
    left = [9]

    def fsync(file: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        with pytest.raises(Problem, match=r"the disk is full after \d of \d+ units") as caught:
            ensure(task(path, tokenizer), tmp_path / "out", Way())
    assert "goes on there" in str(caught.value.fix)
    store = ensure(task(path, tokenizer), tmp_path / "out", Way()).store
    whole = ensure(task(path, tokenizer), tmp_path / "whole", Way()).store
    assert content(store.folder) == content(whole.folder)


@pytest.mark.leaves("the resource tracker of multiprocessing lives as long as this process")
def test_several_processes_write_the_same(
    tmp_path: Path, tokenizer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = corpus(tmp_path / "r.jsonl")
    alone = ensure(task(path, tokenizer), tmp_path / "alone", Way()).store
    monkeypatch.setattr(units.units, "__defaults__", (4000,))
    monkeypatch.setattr(pretokenizing, "SMALL", 0)
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


@given(st.integers(1, 4000), st.booleans())
def test_units_are_the_whole_file(size: int, text: bool) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("r.txt" if text else "r.jsonl")
        if text:
            path.write_text("\n\n\n".join(TEXT[i : i + 90] for i in range(0, 4000, 90)))
        else:
            corpus(path, 20)
        parts = units.units([str(path)], size)
        assert parts[0].start == 0 and parts[-1].end == path.stat().st_size
        found = [row for part in parts for _, row in units.rows(part, "auto")]
        assert [r.turns for r in found if isinstance(r, Row)] == [
            r.turns for r in read_rows([path], "auto") if isinstance(r, Row)
        ]


@given(st.lists(st.integers(1, 20), min_size=1, max_size=80), st.booleans())
def test_every_document_lies_in_one_bin_that_holds_it(sizes: list[int], together: bool) -> None:
    lengths = np.array(sizes, dtype=np.int64)
    bins = pack(lengths, 20, 3, together)
    held = [bins.of(i).tolist() for i in range(len(bins))]
    assert sorted(d for one in held for d in one) == list(range(len(sizes)))
    assert all(sum(sizes[d] for d in one) <= 20 for one in held)
    if not together:
        assert all(len(one) == 1 for one in held)


@given(st.lists(st.integers(1, 12), max_size=60))
def test_a_document_goes_into_the_fullest_bin_that_takes_it(sizes: list[int]) -> None:
    found = best_fit(np.array(sizes, dtype=np.int64), 12).tolist()
    rooms: list[int] = []
    for size, number in zip(sizes, found, strict=True):
        fitting = [room for room in rooms if room >= size]
        if number == len(rooms):
            assert not fitting
            rooms.append(12)
        assert rooms[number] == min(fitting, default=12)
        rooms[number] -= size


def test_running_text_keeps_every_token(tmp_path: Path, tokenizer: bytes) -> None:
    path = tmp_path / "t.txt"
    path.write_text(TEXT[:9000])
    store = ensure(task(path, tokenizer, running=True), tmp_path / "out", Way()).store
    texts = [row.turns[0].text + END for row in read_rows([path], "text") if isinstance(row, Row)]
    assert store.tokens.tolist() == Plain(tokenizer).encode(texts).ids.tolist()
    assert len(store) == len(texts) and store.learned is None and store.bins is None
    assert store.tokens.dtype == np.uint16


def test_a_damaged_store_is_made_again(tmp_path: Path, tokenizer: bytes) -> None:
    path = corpus(tmp_path / "r.jsonl", 8)
    made = ensure(task(path, tokenizer), tmp_path / "out", Way()).store
    (made.folder / "tokens.bin").write_bytes(b"half")
    with pytest.raises(Problem, match="damaged"):
        open_store(made.folder)
    assert not ensure(task(path, tokenizer), tmp_path / "out", Way()).reused
    assert len(open_store(made.folder).tokens) == made.manifest["tokens"]


def test_nothing_to_train_on_is_told(tmp_path: Path, tokenizer: bytes) -> None:
    path = corpus(tmp_path / "r.jsonl", 3)
    with pytest.raises(Problem, match="no row is left") as caught:
        ensure(task(path, tokenizer, max_length=4), tmp_path / "out", Way())
    assert "nothing to learn in its first 4 tokens" in str(caught.value)


def test_the_verb(engine: Engine, tmp_path: Path, tokenizer: bytes) -> None:
    path = corpus(tmp_path / "r.jsonl")
    (tmp_path / "tokenizer.json").write_bytes(tokenizer)
    words = [
        "data", "pretokenize", "--input", str(path), "--tokenizer", str(tmp_path / "tokenizer.json"),
        "--max-length", "64", "--out", str(tmp_path / "out"), "--json",
    ]  # fmt: skip
    first, second = engine(*words), engine(*words)
    (made,), (again,) = first.valid("data-pretokenize"), second.valid("data-pretokenize")
    assert not made["reused"] and again["reused"] and made["path"] == again["path"]
    assert made["tokens"] == len(open_store(Path(made["path"])).tokens)
    manifest = json.loads((Path(made["path"]) / "manifest.json").read_text())
    assert manifest["origin"]["files"][0]["name"] == str(path)
    for wrong, error in (("--tokenizer", "no tokenizer"), ("--input", "no file")):
        bad = [*words]
        bad[bad.index(wrong) + 1] = str(tmp_path / "none")
        answer = engine(*bad)
        assert answer.status == 2 and error in answer.values()[-1]["error"]
    (tmp_path / "tokenizer.json").write_text("{}")
    assert "not a tokenizer" in engine(*words).values()[-1]["error"]
