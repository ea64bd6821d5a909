"""The promises of the GPU bench are worked out right, whatever a GPU then says."""

from __future__ import annotations

from tests.bench.gpu_cases import CASES, PAIRS, SCALARS, promised

ONE = {"device": "a card", "torch": "2", "micro": 4, "length": 2048}


def test_every_promise_is_of_a_case_that_is_measured() -> None:
    names = {case.name for case in CASES}
    assert {name for name, *_ in SCALARS} | {name for pair in PAIRS for name in pair} <= names


def test_a_promise_is_a_figure_or_the_reason_why_not() -> None:
    found = {
        "qwen-14b lora": {**ONE, "tokens_s": 6600.0},
        "qwen-14b dora": {**ONE, "tokens_s": 6000.0},
        "gpt2-124m scratch": {**ONE, "tokens_s": 5e5, "mfu": None},
        "qwen-7b dora": {"error": "over 240 s"},
    }
    told = {figure.name + figure.unit: figure for figure in promised(found)}
    assert told["qwen-14b dora, time of qwen-14b lorax"].value == 1.1
    assert told["qwen-14b doratok/s"].value == 6000
    assert "random" in told["qwen-14b doratok/s"].note
    assert told["gpt2-124m scratch% MFU"].value is None
    lost = told["qwen-7b dora, time of qwen-7b lorax"]
    assert lost.value is None and lost.note == "over 240 s"
    assert told["qwen-7b qlora% of peak, 6N"].note == "not run"
