"""From rows to bins to batches: nothing is lost, nothing crosses, only answers are learned."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.data.order import shuffled
from engine.data.reading import read_rows
from engine.data.rows import Fault, Row, parse_row
from engine.data.store import Store
from engine.data.template import pick
from engine.errors import Problem
from engine.train.corpus import Packed, blocks, chosen
from engine.train.feed import Feed, Plan, collate
from tests.support.corpora import laid

sizes = st.lists(st.integers(2, 20), min_size=1, max_size=60)


def packed(lengths: list[int], length: int = 20, packing: bool = True) -> Packed:
    ids = [[number * 100 + i for i in range(size)] for number, size in enumerate(lengths)]
    return laid(ids, length, packing)


@given(sizes, st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))
def test_an_epoch_learns_every_token_once(
    lengths: list[int], micro: int, accum: int, world: int
) -> None:
    corpus = packed(lengths)
    seen: list[int] = []
    told = 0
    for rank in range(world):
        plan = Plan(corpus, 5, 0, 1.0, micro * accum * world, micro, world, rank)
        for index in range(plan.steps):
            step = plan.step(index)
            told += step.learned if rank == 0 else 0
            for batch in step.micro:
                seen += batch.targets.tolist()
                assert batch.ids.flatten()[batch.learned].tolist() == [t - 1 for t in batch.targets]
    expected = [n * 100 + i for n, size in enumerate(lengths) for i in range(1, size)]
    assert sorted(seen) == expected
    assert told == len(expected)


@given(sizes)
def test_half_the_micro_batch_learns_the_same(lengths: list[int]) -> None:
    plan = Plan(packed(lengths), 5, 0, 1.0, 4, 4)
    for index in range(plan.steps):
        whole, halves = plan.step(index), plan.smaller().step(index)
        assert whole.learned == halves.learned
        assert sorted(t for b in whole.micro for t in b.targets.tolist()) == sorted(
            t for b in halves.micro for t in b.targets.tolist()
        )


def test_a_feed_begins_anywhere() -> None:
    plan = Plan(packed([5, 9, 13, 4, 18, 7, 6]), 5, 0, 3.0, 2, 1)
    with Feed(plan, 0, plan.steps, pin=False) as steps:
        whole = [step.micro[0].ids for step in steps]
    with Feed(plan, 4, plan.steps, pin=False) as steps:
        rest = [step.micro[0].ids for step in steps]
    assert all(torch.equal(a, b) for a, b in zip(whole[4:], rest, strict=True))


def test_epochs_differ_in_order_and_seeds_repeat() -> None:
    corpus = packed([5] * 30, packing=False)
    plan = Plan(corpus, 5, 0, 2.0, 30, 30)
    assert list(plan.bins(0)) != list(plan.bins(1))
    assert list(plan.bins(0)) == list(Plan(corpus, 5, 0, 2.0, 30, 1).bins(0))
    assert shuffled(6, 42, 1, 1).tolist() == [3, 1, 0, 5, 2, 4], "the same on every machine"


def test_blocks_overlap_by_one_target() -> None:
    corpus = blocks(np.arange(21), 5)
    batch = collate([corpus.bin(0), corpus.bin(1)])
    assert batch.ids.tolist() == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]
    assert batch.targets.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]


CHAT = {"messages": [
    {"role": "user", "content": "Q"}, {"role": "assistant", "content": "A1"},
    {"role": "user", "content": "R"}, {"role": "assistant", "content": "A2"},
]}  # fmt: skip


@pytest.mark.parametrize(
    ("record", "template", "learned"),
    [
        ({"instruction": "Q", "input": "I", "output": "A"}, "alpaca", "A<e>"),
        ({"instruction": "Q", "output": "A"}, "chatml", "A<|im_end|>"),
        ({"prompt": "Q", "completion": "A"}, "alpaca", "A<e>"),
        ({"text": "all of it"}, "alpaca", "all of it<e>"),
        (CHAT, "chatml", "A1<|im_end|>A2<|im_end|>"),
        (CHAT, "plain", "A1<e>A2<e>"),
        ({"conversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}]},
         "alpaca", "A<e>"),
    ],
)  # fmt: skip
def test_only_answers_are_learned(record: dict[str, object], template: str, learned: str) -> None:
    row = parse_row(record, "f:1", "auto")
    assert isinstance(row, Row)
    pieces = pick(template, None, "<e>")(row)
    assert "".join(p.text for p in pieces if p.trained) == learned


def test_a_models_own_template_is_cut_at_its_answers() -> None:
    row = parse_row(CHAT, "f:1", "auto")
    assert isinstance(row, Row)

    def chat(turns, ask):  # type: ignore[no-untyped-def]
        return "".join(f"[{t.role}]{t.text};" for t in turns) + ("[assistant]" if ask else "")

    pieces = pick("model", chat, "<e>")(row)
    assert "".join(p.text for p in pieces) == chat(row.turns, False)
    assert [p.text for p in pieces if p.trained] == ["A1;", "A2;"]


def test_a_template_that_rewrites_its_past_is_refused() -> None:
    row = parse_row(CHAT, "f:1", "auto")
    assert isinstance(row, Row)
    with pytest.raises(Problem, match="rewrites earlier turns"):
        pick("model", lambda turns, ask: f"{len(turns)} turns {ask}", "<e>")(row)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"instruction": "Q", "output": ""}', "no answer"),
        ('{"instruction": "Q"', "not JSON"),
        ("[1]", "not an object"),
        ('{"messages": [{"role": "user", "content": "Q"}]}', "no answer of an assistant"),
        ('{"text": "  "}', "no text"),
        ('{"output": "A"}', "no text"),
    ],
)
def test_a_row_that_teaches_nothing_is_named(line: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"instruction": "Q", "output": "A"}\n\n' + line + "\n")
    good, bad = read_rows((str(path),), "auto")
    assert isinstance(good, Row) and isinstance(bad, Fault)
    assert bad.where == f"{path}:3" and reason in bad.reason


@given(sizes, st.sets(st.integers(0, 59), min_size=1))
def test_some_documents_of_a_store_lie_in_bins_of_their_own(
    lengths: list[int], wanted: set[int]
) -> None:
    whole = packed(lengths)
    picked = np.array(sorted({number % len(lengths) for number in wanted}))
    origin = {"max_length": 20, "seed": 3, "packing": True}
    manifest = {"digest": "d", "origin": origin}
    store = Store(Path(), manifest, whole.tokens, whole.ends, whole.learned, whole.bins)
    some = chosen(store, picked)
    held = [d.ids[0] // 100 for index in range(len(some)) for d in some.bin(index)]
    assert sorted(held) == picked.tolist()
    assert all(some.size(index) <= 20 for index in range(len(some)))
    assert (some.digest == chosen(store, picked[:-1]).digest) is False if len(picked) > 1 else True


def test_json_lists_are_read_as_rows(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([{"prompt": "Q", "completion": "A"}] * 3))
    assert [row.where for row in read_rows((str(path),), "auto")] == [
        f"{path}[{i}]" for i in (1, 2, 3)
    ]
