"""Texts counted: what is empty, runs in circles, is too long, or says what it must not."""

from __future__ import annotations

import pytest

from engine.evaluate.score import score

GOOD = (
    "In the year 1834, I walked through the streets of London, and the fog lay low upon the river."
)


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (GOOD, ()),
        ("", ("empty",)),
        ("  \n ", ("empty",)),
        ("… — !!", ("no words",)),
        ("the the the the the the", ("repeats itself",)),
        ("He said so and then " * 7, ("repeats itself",)),
        (GOOD + " He wrote an email.", ("says email",)),
        (GOOD * 4, ("repeats itself", "longer than 40 words")),
    ],
)
def test_faults(text: str, faults: tuple[str, ...]) -> None:
    found = score(text, forbidden=("email", "app"), longest=40)
    assert found.faults == faults and found.good is not bool(faults)


def test_a_forbidden_word_is_a_word() -> None:
    assert score("a happy application", forbidden=("app",)).forbidden == ()
    assert score("An APP!", forbidden=("app",)).forbidden == ("app",)


def test_too_few_words_say_nothing_about_repeats() -> None:
    assert score("no no no").repeats is None
