from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cockpit.plot.cells import Cells, Ground, Role, Tone, cut, ink, length, parts
from cockpit.plot.glyphs import ALPHABETS, ASCII, BLOCKS, BRAILLE, suited


@given(st.text(), st.integers(0, 30))
def test_any_text_fits_its_row(text: str, column: int) -> None:
    cells = Cells(1, 24)
    cells.put(0, column, text, 1)
    assert length(cells.text()[0]) == 24
    assert cells.text()[0].isprintable()


@given(st.text(), st.integers(0, 30))
def test_a_cut_text_is_no_wider_than_asked(text: str, width: int) -> None:
    assert length(cut(text, width)) <= width


def test_wide_characters_take_two_cells() -> None:
    cells = Cells(1, 5)
    assert cells.put(0, 0, "損失x", 0) == 5
    assert cells.text()[0] == "損失x"


@given(st.integers(0, 63), st.sampled_from(Tone), st.sampled_from(Ground))
def test_an_ink_tells_what_it_was_made_of(role: int, tone: Tone, ground: Ground) -> None:
    assert parts(ink(role, tone, ground)) == (role, tone, ground)


def test_runs_join_neighbours_of_one_ink() -> None:
    cells = Cells(1, 6)
    cells.put(0, 1, "ab", ink(Role.ALERT))
    assert [(run.text, run.ink) for run in cells.runs(0)] == [
        (" ", 0),
        ("ab", ink(Role.ALERT)),
        ("   ", 0),
    ]


def test_a_change_is_found_to_the_cell() -> None:
    before = Cells(3, 10)
    after = before.copy()
    assert after.changed(before) == []
    after.put(1, 4, "xy", 0)
    after.ground(slice(2, 3), slice(0, 1), Ground.BAND)
    assert after.changed(before) == [(1, 4, 6), (2, 0, 1)]
    assert len(after.changed(None)) == 3


def test_every_pattern_of_dots_has_a_character_of_its_own() -> None:
    for alphabet in ALPHABETS.values():
        table = alphabet.table.tolist()
        assert len(set(table)) == len(table) == 2 ** (alphabet.across * alphabet.down)
        assert alphabet.weights.sum() == len(table) - 1


def test_every_alphabet_has_every_sign() -> None:
    assert set(BRAILLE.signs) == set(BLOCKS.signs) == set(ASCII.signs)
    assert all(
        len(sign) == 1 for alphabet in ALPHABETS.values() for sign in alphabet.signs.values()
    )
    assert all(sign.isascii() and sign != "?" for sign in ASCII.signs.values())


def test_the_output_decides_the_alphabet() -> None:
    assert suited("utf-8", "xterm-256color") is BRAILLE
    assert suited("UTF-8", "linux") is BLOCKS
    assert suited("ANSI_X3.4-1968") is ASCII
