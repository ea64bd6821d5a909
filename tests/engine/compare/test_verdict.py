"""A lower number is no better model where it is a number of something else."""

from __future__ import annotations

from typing import Any

import pytest

from engine.compare.verdict import (
    BETTER,
    NOT_COMPARABLE,
    SAME,
    UNKNOWN,
    WORSE,
    Side,
    verdict,
)
from engine.compare.windows import Window
from tests.support.shelf import PROFILE, with_

MANY = with_(PROFILE, data={"train": ["b.jsonl"]})


def end(mean: float, error: float | None = 0.01) -> Window:
    return Window(mean, 0.1, error, 50, 0.0, 1.0)


def side(name: str = "a", profile: Any = PROFILE, **more: Any) -> Side:
    ends = more.pop("ends", {"loss": end(1.0)})
    return Side(name, profile, ends, **more)


BOTH = {"loss": end(1.0), "eval_loss": end(1.5)}


@pytest.mark.parametrize(
    ("one", "because"),
    [
        (side(profile=MANY), "other data: b.jsonl and a.jsonl"),
        (side(marks={"a.jsonl": "1" * 64}), "other data: a.jsonl changed between them"),
        (side(profile=with_(PROFILE, model={"base": "other"})), "another tokenizer: model.base other and None"),
        (side(profile=with_(PROFILE, data={"mask_prompt": False})), "another loss: data.mask_prompt False and None"),
        (side(profile=with_(PROFILE, data={"max_length": 64})), "another length: data.max_length 64 and 128"),
        (side(epochs=3.0), "repeated rows (a 3 times) and no evaluation: a loss on known rows is memory"),
        (side(typed={"data.rows": "408"}), "other data: 408 rows and 7,198 rows (typed)"),
        (side(profile={}), "other data: unknown and a.jsonl"),
    ],
)  # fmt: skip
def test_it_says_why_not(one: Side, because: str) -> None:
    base = side("base", marks={"a.jsonl": "2" * 64}, typed={"data.rows": "7,198"})
    found = verdict(one, base)
    assert (found.word, found.because[-1]) == (NOT_COMPARABLE, because)
    assert found.difference is None
    # the same numbers without that difference are compared
    assert verdict(side(), base).word == SAME


def test_runs_of_which_nobody_knows_the_data_are_not_compared() -> None:
    found = verdict(side(profile={}), side("base", {}))
    assert found.word == NOT_COMPARABLE and found.because == (
        "nobody recorded what they were trained on",
    )


def test_one_evaluation_set_compares_models_of_different_data_and_epochs() -> None:
    found = verdict(
        side(profile=MANY, ends={**BOTH, "eval_loss": end(1.2)}, epochs=3.0),
        side("base", ends=BOTH),
    )
    assert (found.word, found.metric, found.because) == (BETTER, "eval_loss", ())


def test_shares_of_different_data_are_different_evaluations() -> None:
    shares = with_(PROFILE, data={"valid": 0.1})
    other = with_(MANY, data={"valid": 0.1})
    assert (
        verdict(side(profile=other, ends=BOTH), side("base", shares, ends=BOTH)).word
        == NOT_COMPARABLE
    )
    assert verdict(side(profile=shares, ends=BOTH), side("base", shares, ends=BOTH)).word == SAME


def test_the_noise_decides() -> None:
    base = side("base")
    assert verdict(side(ends={"loss": end(1.02)}), base).word == SAME
    assert verdict(side(ends={"loss": end(1.2)}), base).word == WORSE
    assert verdict(side(ends={"loss": end(1.2)}), base).because == (
        "on the training loss alone: nothing was evaluated",
    )
    assert verdict(side(ends={"loss": end(1.2, None)}), base).word == UNKNOWN
    assert verdict(side(ends={}), base).word == UNKNOWN
