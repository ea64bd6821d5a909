"""Lines that real trainers printed, and the card each gets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cockpit.explain import OURS, cards, explained
from cockpit.watching.console import ConsoleLine
from cockpit.widgets.explaining import Told, explaining, lines_of
from engine.profile.toml import parse

RUN = "tale-20260921-000000-abcd"
LINES = {
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.": "GPU's memory",
    "RuntimeError: CUDA error: device-side assert triggered": "outside its table",
    "{'loss': 0.0, 'grad_norm': nan, 'learning_rate': 1e-4}": "no number",
    "OSError: [Errno 28] No space left on device": "disk is full",
    "RuntimeError: No CUDA GPUs are available": "no GPU",
    "train.py: error: unrecognized arguments: --resume_from_checkpoint": "does not know",
    "TypeError: SFTTrainer.__init__() got an unexpected keyword argument 'max_length'": "do not fit",
    "Signals.SIGHUP: 1": "terminal",
    "torch.distributed.elastic.multiprocessing.errors.ChildFailedError:": "torchrun",
    "Can't find a valid checkpoint at ./out": "not where",
    "huggingface_hub.errors.GatedRepoError: 401 Client Error": "hub does not let",
    "Traceback (most recent call last):": "program failed",
}


@pytest.fixture(autouse=True)
def fresh(home: Path) -> None:
    cards.cache_clear()


@pytest.mark.parametrize("line", LINES)
def test_a_known_line_is_explained(line: str) -> None:
    card = explained(line)
    assert card is not None and LINES[line] in card.what


@pytest.mark.parametrize("line", ["step 3 loss 1.2", "saving", "information: 3 infos", ""])
def test_an_ordinary_line_is_not(line: str) -> None:
    assert explained(line) is None


def test_every_card_of_ours_is_whole() -> None:
    table, _ = parse(OURS.read_bytes(), "cards")
    assert len(cards()) == len(table["card"])
    assert all(card.what and card.why and len(card.do) <= 9 for card in cards())


def test_a_digit_is_a_command_about_this_run_or_none() -> None:
    card = explained("CUDA out of memory")
    assert card is not None
    assert card.command(1, RUN) is None and card.command(9, RUN) is None
    assert card.command(2, RUN) == (
        f"engine fork {RUN} --from latest --set train.gradient_checkpointing=true"
    )


def test_the_users_own_cards_come_first_and_broken_ones_harm_nothing(home: Path) -> None:
    text = "[[card]]\npattern = 'out of memory'\nwhat = 'ours'\n[[card]]\npattern = '('\n"
    (home / "cards.toml").write_text(text)
    card = explained("CUDA out of memory")
    assert card is not None and card.what == "ours"
    (home / "cards.toml").write_text("[[")
    cards.cache_clear()
    assert explained("CUDA out of memory") is not None


def test_no_pattern_is_slow_on_a_hostile_line() -> None:
    """Patterns that try every way through a line would never come back from these."""
    for line in ("a" * 4000, "(" * 4000, " 0%|" * 1000, "error " * 700):
        for card in cards():
            card.pattern.search(line)


def test_the_words_of_a_card_never_give_way_to_a_long_line() -> None:
    card = explained("CUDA out of memory")
    line = ConsoleLine(0, 1, 9, "", None, 0)
    told = Told(line, 3, "CUDA out of memory " * 50, card)
    shown = ["".join(text for text, _ in one) for one in explaining(told, 60, 12)]
    assert len(shown) <= lines_of(told, 60)
    assert any(re.match(r"what +the GPU", one) for one in shown)
    assert any(one.startswith("[2]") for one in shown)
