"""From a tree of buckets to what a trainer trains on: exactly the rows that were drawn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data.phases import drawn, sentences
from engine.data.pretokenizing import Way, ensure
from engine.errors import Problem
from engine.profile import Profile, from_table
from engine.train.sources import open_corpora
from engine.train.tokenizer import ByteBPE
from engine.train.voice import Voice
from tests.engine.data import grain

PHASES = [
    {"id": "A", "quota": 8, "mix": {"easy": 1, "hard": 1}},
    {"id": "B", "rows": 20, "cap": 0.5},
]


def job(buckets: Path, phases: list[dict[str, Any]], **data: Any) -> Profile:
    table = {"buckets": str(buckets), "max_length": 64, "template": "alpaca", **data}
    model = {"from_scratch": {"vocab": 400}}
    return from_table(
        {"name": "x", "recipe": "finetune", "model": model, "data": table, "phase": phases,
         "adapter": {"kind": "full"}}
    )  # fmt: skip


@pytest.fixture
def codec(tokenizer: bytes) -> ByteBPE:
    from tokenizers import Tokenizer

    return ByteBPE(Tokenizer.from_str(tokenizer.decode()))


def test_a_run_trains_on_exactly_the_rows_that_were_drawn(tmp_path: Path, codec: ByteBPE) -> None:
    buckets = grain.tree(tmp_path / "b", grain.even(4, 12))
    ready, made = drawn(job(buckets, PHASES, max_length=128), tmp_path / "data")
    index = json.loads((tmp_path / "data" / "curriculum.json").read_text())
    for phase in ready.phase:
        (path,) = phase.data
        assert Path(path).name == index["phases"][phase.id]["files"]["merged"]["name"]
    corpora, _ = open_corpora(ready, codec, Voice(False))
    again, _ = drawn(job(buckets, PHASES, max_length=128), tmp_path / "again")
    assert [c.digest for c in corpora] == [
        c.digest for c in open_corpora(again, codec, Voice(False))[0]
    ]
    texts = codec.decode(
        [int(t) for i in range(len(corpora[0])) for d in corpora[0].bin(i) for t in d.ids]
    )
    for line in Path(ready.phase[0].data[0]).read_text().splitlines():
        assert json.loads(line)["output"] in texts
    assert [s.split(":")[0] for s in sentences(made)] == ["phase A", "phase B"]
    (buckets / "domain_00" / "easy.jsonl").write_text(grain.lines([grain.row("x", "easy", 1)] * 12))
    other, _ = drawn(job(buckets, PHASES, max_length=128), tmp_path / "data")
    assert open_corpora(other, codec, Voice(False))[0][0].digest != corpora[0].digest


def test_the_store_of_a_phase_is_what_the_trainer_would_make(
    tmp_path: Path, codec: ByteBPE, tokenizer: bytes
) -> None:
    buckets = grain.tree(tmp_path / "b", grain.even(4, 12))
    ready, _ = drawn(job(buckets, PHASES), tmp_path / "data")
    path = Path(ready.phase[1].data[0])
    store = ensure(grain.task(path, tokenizer, max_length=64), tmp_path / "out", Way()).store
    tokens = from_table(
        {"name": "x", "recipe": "finetune", "model": {"from_scratch": {"vocab": 400}},
         "adapter": {"kind": "full"},
         "data": {"train": [str(store.folder)], "format": "tokens", "max_length": 64}}
    )  # fmt: skip
    (mapped,), _ = open_corpora(tokens, codec, Voice(False))
    _, plain = open_corpora(ready, codec, Voice(False))[0]

    def documents(corpus: Any) -> list[tuple[bytes, bytes]]:
        return sorted(
            (np.asarray(d.ids, np.int64).tobytes(), np.asarray(d.trained).tobytes())
            for i in range(len(corpus))
            for d in corpus.bin(i)
        )

    assert mapped.digest == store.manifest["digest"]
    assert documents(mapped) == documents(plain)
    for index in range(len(mapped)):
        assert mapped.trained(index) == sum(int(d.trained.sum()) for d in mapped.bin(index))
        assert mapped.size(index) == sum(len(d.ids) for d in mapped.bin(index)) <= 64


def test_what_cannot_be_had_ends_before_training(tmp_path: Path) -> None:
    buckets = grain.tree(tmp_path / "b", grain.SESSION_5)
    phases = [{"id": "A", "quota": 1000, "mix": {"easy": 35, "medium": 35, "hard": 25}}]
    with pytest.raises(Problem, match="easy: 369 asked of each domain"):
        drawn(job(buckets, phases), tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_phases_with_files_of_their_own_are_left_alone(tmp_path: Path) -> None:
    buckets = grain.tree(tmp_path / "b", grain.even(4, 12))
    mixed = [{"id": "own", "data": ["mine.jsonl"]}, {"id": "B", "rows": 10}]
    ready, made = drawn(job(buckets, mixed), tmp_path / "data")
    assert ready.phase[0].data == ("mine.jsonl",) and len(made) == 1
    plain = job(buckets, [mixed[0]])
    assert drawn(plain, tmp_path / "none") == (plain, [])
    whole, _ = drawn(job(buckets, []), tmp_path / "data")
    assert len(Path(whole.data.train[0]).read_text().splitlines()) == 192
