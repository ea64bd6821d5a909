"""A line of a console as it is read: colours that are safe, bars folded, glued lines apart, secrets whole."""

from __future__ import annotations

import re

import pytest

from cockpit.watching.console import ConsoleLine
from cockpit.widgets.loglines import drawn, plain, unglued
from engine.redact import redact
from tests.laws.test_display import OBEYED, PAYLOADS

SECRET = "hf_" + "a1B2" * 8
BAR = "  5%|▌         | 10/200 [00:01<00:19,  9.98it/s]"


def line(text: str, folded: int = 0) -> ConsoleLine:
    return ConsoleLine(0, 1, len(text), text, None, folded)


def hide(text: str) -> str:
    return redact(text, [SECRET])


def inks(text: str, found: str = "") -> dict[str, str]:
    pattern = re.compile(found) if found else None
    return {piece.strip(): ink for piece, ink in drawn(line(text), hide, 200, pattern)}


def said(text: str, width: int = 200) -> str:
    return "".join(piece for piece, _ in drawn(line(text), hide, width))


def test_a_trainers_colours_are_inks_of_the_theme() -> None:
    found = inks("\x1b[32mgood\x1b[0m plain \x1b[1;31mworse\x1b[m")
    assert found["good"] == "good" and found["plain"] == "text" and found["worse"] == "bad"
    assert "\x1b" not in said("\x1b[32mgood\x1b[0m")


def test_numbers_of_other_palettes_are_no_colours() -> None:
    assert inks("\x1b[38;5;31mwords\x1b[0m end")["words"] == "text"


def test_a_secret_that_colours_cut_is_hidden_whole() -> None:
    cut = SECRET[:9] + "\x1b[31m" + SECRET[9:]
    shown = said(f"\x1b[32mtoken\x1b[0m {cut}")
    assert SECRET[9:] not in shown and SECRET[:9] not in shown


def test_what_is_searched_for_is_brought_out_over_colours() -> None:
    assert inks("\x1b[32mgood loss\x1b[0m", "loss")["loss"] == "found"


@pytest.mark.parametrize("rest", ["{'loss': 1.2}", "Saving model", "[rank0] done"])
def test_a_line_glued_to_a_bar_is_read_alone(rest: str) -> None:
    assert unglued(BAR + rest) == (rest, True)
    assert "a bar before it" in said(BAR + rest) and "it/s" not in said(BAR + rest)


@pytest.mark.parametrize("text", [BAR, "loss 5% of | x | [y] done", "{'loss': 1}", "[1] 5%|"])
def test_a_bar_alone_and_other_lines_stay_as_they_are(text: str) -> None:
    assert unglued(text) == (text, False)


def test_folded_redraws_are_counted() -> None:
    assert "(212 redraws folded)" in "".join(t for t, _ in drawn(line(BAR, 212), hide, 200))


@pytest.mark.parametrize("evil", PAYLOADS.values(), ids=PAYLOADS)
def test_nothing_of_a_payload_is_left(evil: str) -> None:
    for text in (evil, f"\x1b[31m{evil}\x1b[0m", BAR + evil):
        assert OBEYED.search(said(text)) is None
        assert OBEYED.search(plain(text, hide)) is None


def test_a_line_takes_no_more_room_than_it_has() -> None:
    for text in ("x" * 500, "\x1b[31m" + "宽" * 300 + "\x1b[0m tail"):
        assert len(said(text, 60)) <= 60
