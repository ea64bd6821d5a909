"""Every card: a real line fires it and no other, its near miss does not, and what it says can be used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.explain import Card, book, first, search
from engine.explain.book import OURS, read
from engine.profile import from_table

CARDS = {card.id: card for card in read(OURS)}


def test_there_are_enough_of_them() -> None:
    assert len(CARDS) >= 60 and len(read(OURS)) == len(CARDS)


def test_each_line_is_explained_by_its_card_alone() -> None:
    for name, card in CARDS.items():
        said = first(card.line, CARDS.values())
        assert said is not None and said.card == name, name
        assert not re.search(r"\{\w+\}", said.what + said.why), f"{name}: a group has no words"
        [found] = search(f"before\n{card.line}\nafter", list(CARDS.values()))
        assert (found.explained, found.number, found.count) == (said, 2, 1), name


def test_no_near_miss_is() -> None:
    assert [n for n, card in CARDS.items() if not card.miss or card.says(card.miss)] == []


def test_each_says_everything_and_where_it_is_from() -> None:
    for name, card in CARDS.items():
        assert card.what and card.why and card.do and card.source, name
        assert card.has and card.has in card.line, name


def test_each_key_is_a_key_of_a_profile() -> None:
    bare = {"name": "p", "recipe": "command", "command": {"argv": ["a"]}}
    for name, card in CARDS.items():
        made = from_table(bare, card.set)
        assert (made.digest == from_table(bare).digest) is not bool(card.set), name


def test_no_pattern_is_quadratic() -> None:
    """One that is takes longer on these than a test may."""
    for card in CARDS.values():
        for filler in (card.has * 400, (card.has + " ") * 300, card.has + "a" * 4000, "(" * 4000):
            assert card.says(filler + card.has) is None or card.fits.search(filler + card.has)


def test_a_card_of_the_users_comes_first_and_replaces_ours(home: Path, tmp_path: Path) -> None:
    (home / "cards.toml").write_text(
        '[[card]]\nid = "mine"\npattern = "flux (?P<what>\\\\w+)"\nwhat = "{what}!"\nwhy = "w"\ndo = "d"\n'
        '[[card]]\nid = "disk-full"\npattern = "No space"\nwhat = "ours is gone"\nwhy = "w"\ndo = "d"\n'
    )
    (tmp_path / "profiles").mkdir()
    cards = book(tmp_path)
    said = first("flux capacitor", cards)
    assert said is not None and (said.card, said.what) == ("mine", "capacitor!")
    said = first(CARDS["disk-full"].line, cards)
    assert said is not None and said.what == "ours is gone"
    (tmp_path / "profiles" / "cards.toml").write_text(
        '[[card]]\nid = "mine"\npattern = "flux"\nwhat = "the project\'s"\nwhy = "w"\ndo = "d"\n'
    )
    said = first("flux capacitor", book(tmp_path))
    assert said is not None and said.what == "the project's"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[[card]\n", "line 1"),
        ("x = 1\n", "only [[card]]"),
        ("card = 5\n", "only [[card]]"),
        ('[[card]]\nid = "a"\n', "card 1 (a): pattern is missing"),
        ("[[card]]\nid = 5\n", "id is no key of a card, or of the wrong kind"),
        ('[[card]]\nid = "a"\nwhatt = "x"\n', "whatt is no key"),
        (
            '[[card]]\nid = "a"\npattern = "("\nwhat = "w"\nwhy = "y"\ndo = "d"\n',
            "no regular expression",
        ),
    ],
)
def test_a_wrong_file_is_named_with_card_and_key(home: Path, text: str, why: str) -> None:
    from engine.errors import Unusable

    (home / "cards.toml").write_text(text)
    with pytest.raises(Unusable) as wrong:
        book()
    assert str(home / "cards.toml") in str(wrong.value) and why in str(wrong.value)
    assert wrong.value.fix


def test_groups_are_words_and_never_patterns() -> None:
    card = Card("a", r"lost (?P<name>\S+)", "{name} and {other}", "w", "d", run=("rm", "{name}"))
    said = card.says("lost {name}{0}\x1b[31m")
    assert said is not None and said.what == "{name}{0}\x1b[31m and {other}"
    assert said.run == ("rm", "{name}{0}\x1b[31m")


def test_of_many_lines_the_first_is_shown_and_all_are_counted() -> None:
    text = "\n".join(
        ["x", CARDS["disk-full"].line, "y", CARDS["hang-up"].line, CARDS["disk-full"].line]
    )
    hang, disk = search(text, list(CARDS.values()))
    assert hang.explained.card == "hang-up"
    assert (disk.explained.card, disk.number, disk.count, disk.last) == ("disk-full", 2, 2, 5)
