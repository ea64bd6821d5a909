"""Tokens are made once for the same content, anew for any other, and never read half."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data.rows import Fault
from engine.profile.tables.data import Data
from engine.train.cache import Tokens, cached, fingerprint, folder
from engine.train.corpus import Encoded, encoded, stored
from engine.train.errors import TrainError
from engine.train.sources import _encode, _stream
from engine.train.tokenizer import ByteBPE, train_bpe
from engine.train.voice import Voice
from tests.engine.train import miniature


class Counting(ByteBPE):
    """A tokenizer that counts how often it is asked."""

    asked = 0

    def encode_many(self, texts: list[str]) -> list[list[int]]:
        self.asked += 1
        return super().encode_many(texts)


@pytest.fixture
def codec() -> Counting:
    return Counting(train_bpe(["Tell a tale"], 270).core)


def rows(path: Path, codec: Counting, **settings: Any) -> Encoded:
    return _encode((str(path),), Data(template="alpaca", **settings), codec)


def test_rows_are_tokenized_once_for_each_content(tmp_path: Path, codec: Counting) -> None:
    path = miniature.instructions(tmp_path / "rows.jsonl", 9)
    path.write_text(path.read_text() + '{"instruction": "Q"}\n{"half": \n')
    first = rows(path, codec)
    again = rows(path, codec)
    assert codec.asked == 1 and again == first and first.ids
    assert [fault.broken for fault in (*again.broken, *again.faults)] == [True, False]
    for changed in ({"max_length": 9}, {"mask_prompt": False}, {"too_long": "drop"}):
        before = codec.asked
        rows(path, codec, **changed)
        assert codec.asked == before + 1, changed
    path.write_text(path.read_text().replace("tale number 3", "tale number 4"))
    assert rows(path, codec) != first, "the same name, size and settings: the content decides"


def test_running_text_is_mapped_and_of_its_tokenizer(tmp_path: Path, codec: Counting) -> None:
    path = tmp_path / "text.txt"
    path.write_text("Tell a tale\n\n\nand another")
    first = np.array(_stream((str(path),), Data(), codec, Voice(False)))
    again = _stream((str(path),), Data(), codec, Voice(False))
    assert isinstance(again, np.memmap) and np.array_equal(first, again) and codec.asked == 1
    other = Counting(train_bpe(["entirely different words"], 290).core)
    assert not np.array_equal(_stream((str(path),), Data(), other, Voice(False)), first)


def test_the_profile_decides_about_the_cache() -> None:
    made: list[int] = []

    def make() -> Tokens:
        made.append(1)
        return Tokens({"tokens": np.arange(3)}, {})

    with pytest.raises(TrainError, match=r"data.cache = 'require'.*is not there"):
        cached("require", "k", make)
    for mode, count in (("auto", 1), ("auto", 1), ("require", 1), ("rebuild", 2)):
        assert cached(mode, "k", make).arrays["tokens"].tolist() == [0, 1, 2]
        assert len(made) == count, mode


def test_nothing_half_is_read_and_no_room_is_no_reason_to_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    half = folder() / "half"
    half.mkdir(parents=True)
    np.save(half / "tokens.npy", np.arange(9))
    whole = Tokens({"tokens": np.arange(3)}, {})
    assert cached("auto", "half", lambda: whole).arrays["tokens"].tolist() == [0, 1, 2]
    monkeypatch.setenv("COCKPIT_HOME", "/proc/nowhere")
    assert cached("auto", "k", lambda: whole) is whole


def test_documents_come_back_from_their_flat_form() -> None:
    for found in (
        Encoded([[1, 2, 3], [4]], [[False, True, True], [True]], [Fault("f:1", "no")], [], ["f:2"]),
        Encoded(),
    ):
        assert encoded(stored(found)) == found


def test_the_order_of_files_and_any_setting_is_part_of_the_name(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("1")
    two.write_text("2")
    names = {
        fingerprint(paths, setting)
        for paths in ((str(one), str(two)), (str(two), str(one)), (str(one),))
        for setting in ("a", "b")
    }
    assert len(names) == 6
