"""Tokens on disk: the same as the tokenizer's, made once, never stale."""

from __future__ import annotations

import itertools
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.data import units
from engine.data.bpe import END, learn
from engine.data.encoders import Fast, Plain, open_encoder
from engine.data.packing import best_fit, pack
from engine.data.pretokenizing import Way, ensure
from engine.data.reading import read_rows
from engine.data.rows import Row
from engine.data.store import open_store
from engine.data.template import pick
from engine.data.units import Unit
from engine.errors import Problem
from tests.engine.data.grain import TEXT, corpus, task
from tests.support.cli import Engine


@pytest.mark.parametrize("too_long", ["truncate", "drop", "split"])
def test_documents_are_those_of_one_row_after_the_other(
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

    rows = [row for row in read_rows([path], "auto") if isinstance(row, Row)]
    expected = by_row(rows, tokenize, 48, too_long)
    assert [store.document(i).tolist() for i in range(len(store))] == [ids for ids, _ in expected]
    assert store.learned is not None
    for index, (_, learned) in enumerate(expected):
        at = store.start(index)
        assert store.learned[at : at + len(learned)].tolist() == [False, *learned[1:]]
    assert len(expected) == store.manifest["documents"] > 0
    assert store.manifest["cut"] > 0 or too_long == "drop"


def by_row(
    rows: list[Row], tokenize: Callable[[list[str]], list[list[int]]], limit: int, too_long: str
) -> list[tuple[list[int], list[bool]]]:
    """The same in the plainest way."""
    render, found = pick("alpaca", None, END), []
    for row in rows:
        pieces = render(row)
        ids: list[int] = []
        learned: list[bool] = []
        for piece, part in zip(pieces, tokenize([one.text for one in pieces]), strict=True):
            ids += part
            learned += [piece.trained] * len(part)
        if len(ids) > limit and too_long == "drop":
            continue
        end = len(ids) if too_long == "split" else min(len(ids), limit)
        spans = [slice(at, at + limit) for at in range(0, end, limit)]
        found += [(ids[s], learned[s]) for s in spans if any(learned[s][1:])]
    return found


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


@given(st.integers(1, 4000))
def test_units_are_the_whole_file(size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = corpus(Path(folder) / "r.jsonl", 20)
        found = [row for part in whole(path, size) for _, row in units.rows(part, "auto")]
        assert [r.turns for r in found if isinstance(r, Row)] == [
            r.turns for r in read_rows([path], "auto") if isinstance(r, Row)
        ]


def whole(path: Path, size: int) -> list[Unit]:
    parts = units.units([str(path)], size)
    assert parts[0].start == 0 and parts[-1].end == path.stat().st_size
    assert all(a.end == b.start < b.end for a, b in itertools.pairwise(parts))
    return parts


bits = st.sampled_from(["a tale", "\n", "\n\n", "\n\n\n", "é", "日本", " ", "x" * 40, "\n\n\n\n\n"])


@given(st.lists(bits, max_size=40).map("".join), st.integers(4, 200))
@example("x" * 100 + "\n\n\ny", 50)
@example("日本" * 30, 7)
def test_a_text_is_the_same_wherever_it_is_cut(text: str, size: int) -> None:
    """Documents longer than a unit come in parts, of which only the last has an end."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.txt"
        path.write_text(text)
        parts = whole(path, size) if text else []
        assert all(part.bytes <= 2 * size + 3 for part in parts)
        said, open_text = [], ""
        for _, row in (found for part in parts for found in units.rows(part, "text")):
            assert isinstance(row, Row)
            ((role, words),) = row.turns
            open_text += words
            if role == "text":
                said.append(open_text.strip("\n"))
                open_text = ""
        expected = [r.turns[0].text for r in read_rows([path], "text") if isinstance(r, Row)]
        said = [one for one in said if one.strip()]
        assert said == [one.strip("\n") for one in expected] and not open_text.strip()


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
