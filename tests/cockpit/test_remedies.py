"""What a card's advice is as a command, and how the box under a log draws it."""

from __future__ import annotations

from cockpit.remedies import remedies
from cockpit.watching.console import ConsoleLine
from cockpit.widgets.explaining import Told, explaining, lines_of
from engine.explain import Explained, book, first

RUN = "tale-20260921-000000-abcd"
FULL = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 is full"


def test_what_a_card_would_change_is_a_fork_of_this_run() -> None:
    said = first(FULL, book())
    assert said is not None
    (command,) = remedies(said, RUN)
    assert command.startswith(f"engine fork {RUN} --from latest --set ")


def test_a_command_of_a_card_is_quoted_word_by_word() -> None:
    said = Explained("x", "what", "why", "do", run=("engine", "stop", "RUN", "a b; rm"))
    assert remedies(said, RUN) == (f"engine stop {RUN} 'a b; rm'",)


def test_advice_without_a_command_has_no_digit() -> None:
    assert remedies(Explained("x", "what", "why", "do"), RUN) == ()


def test_a_card_never_gives_way_to_a_long_line() -> None:
    line = ConsoleLine(0, 1, 9, "x", None, 0)
    card = Explained("x", "the disk is full", "why", "make room", run=("engine", "gc"))
    told = Told(line, None, "x" * 5000, card, remedies(card, RUN))
    drawn = ["".join(text for text, _ in row) for row in explaining(told, 60, 8)]
    assert len(drawn) == 8 and any("the disk is full" in row for row in drawn)
    assert any("[1]" in row and "engine gc" in row for row in drawn)
    assert lines_of(told, 60) > 8
