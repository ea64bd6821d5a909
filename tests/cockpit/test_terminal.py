"""What a terminal is left with: after a crash, without colours, without anything but ASCII."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.segment import Segment
from textual.color import Color

from cockpit.terminal import Plain
from tests.cockpit.ptys import session
from tests.cockpit.stage import tale

CANARY = "hf_" + "C" * 30
BREAKS = f"""
from cockpit.app import Cockpit
def broken(self):
    token = {CANARY!r}
    raise ValueError("broken", len(token))
Cockpit.action_next_theme = broken
"""
F2 = "\x1b[12~"
OPEN = (("\r", b"machine"),)
LEFT = b"\x1b[?1049l"
COLOUR = re.compile(rb"\x1b\[[0-9;]*[34]8;")


pytestmark = pytest.mark.alone


def test_a_crash_leaves_the_terminal_as_it_was(home: Path) -> None:
    tale(home / "logs", "DONE")
    done = session(home, (*OPEN, (F2, LEFT)), BREAKS)
    assert done.status == 1 and done.cooked
    after = done.sent.partition(LEFT)[2]
    assert b"\x1b[?25h" in done.sent and b"\x1b[?1000l" in done.sent
    assert b"this is a bug: ValueError" in after and b"Your runs go on" in after
    assert CANARY.encode() not in done.sent and b"Traceback" not in done.sent


def test_quitting_leaves_it_so_as_well(home: Path) -> None:
    tale(home / "logs", "DONE")
    done = session(home, OPEN)
    assert done.status == 0 and done.cooked and b"this is a bug" not in done.sent
    assert COLOUR.search(done.sent)


def test_no_color_is_obeyed(home: Path) -> None:
    """Greys are what textual makes of colours then; the state is told by sign and word."""
    tale(home / "logs", "DONE")
    done = session(home, OPEN, environ={"NO_COLOR": "1"})
    for code in re.findall(rb"[34]8;2;(\d+);(\d+);(\d+)", done.sent):
        assert len(set(code)) == 1, code
    assert "✔ DONE".encode() in done.sent


def test_ascii_is_nothing_but_ascii(home: Path) -> None:
    tale(home / "logs", "DONE")
    done = session(home, OPEN, args=["--ascii"])
    assert done.status == 0 and done.sent.isascii() and b"DONE" in done.sent


def test_every_sign_keeps_its_width_in_ascii() -> None:
    ours = "⠉▁█░◆↻┃‼★●◐◌✔✖⟲ │─╭╮┈…±×→宽"
    (one,) = Plain().apply([Segment(ours)], Color(0, 0, 0))
    assert one.text.isascii() and one.cell_length == Segment(ours).cell_length
