"""Law 12 on the screen: hostile text in every string from outside, in every screen, through a real pty."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.segment import Segment
from textual.color import Color

from cockpit.terminal import Harmless
from engine.runs import Run
from tests.cockpit.ptys import session
from tests.laws.test_display import OBEYED, PAYLOADS, hostile
from tests.support import journals

pytestmark = pytest.mark.alone
TOUR = (
    ("\r", b"machine"),
    ("l", b"Logs"),
    ("/", b"Search"),
    ("x\r", b"matches"),
    ("c", b"Checkpoints"),
    ("a", b"Alerts"),
    ("?", b"Keys here"),
    ("\x1b", b"rules of this run"),
    ("I", b"came from"),
    ("p", b"REPEATS"),
    ("d", b"timeline"),
    ("w", b"picks by"),
    ("/", b"Filter metrics"),
    ("zzz\r", b"0 of "),
    ("d", b"timeline"),
    ("r", b"transport"),
    (" ", b"paused"),
    ("5", b""),
    ("\x1b", b"timeline"),
    (":", b"Commands"),
    ("\x1b", b"timeline"),
    ("f", b"newest first"),
    ("n", b"preflight"),
    ("\x1b", b"newest first"),
)
"""Keys that visit every screen, and what each must bring."""
KINDS = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[ -/]*[0-~])"
)
FOREIGN = (b"owned", b"ZXZpbA", b"http://evil")


EACH = (("\r", b"machine"), ("l", b"Logs"), ("\x1b", b"runs"), ("\x1b[B", b""))
"""Keys that look at a run and go to the next."""


def kinds(sent: bytes) -> set[bytes]:
    """Sequences by kind: their first byte and their last, OSC and DCS by their number."""
    found = set()
    for one in KINDS.findall(sent):
        if one.startswith((b"\x1b]", b"\x1bP")):
            found.add(one[:4])
        else:
            found.add(one[:2] + one[-1:])
    return found


def rest(sent: bytes) -> str:
    """What stands between the sequences, as characters."""
    return KINDS.sub(b"", sent).decode("utf-8", "replace")


@pytest.mark.needs("true")
def test_a_terminal_is_sent_nothing_foreign(home: Path, tmp_path: Path) -> None:
    everything = "".join(one for name, one in PAYLOADS.items() if name not in ("surrogate", "null"))
    hostile(home / "logs", everything)
    sent, status = session(home, TOUR).told()
    assert status == 0 and b"this is a bug" not in sent
    for mark in FOREIGN:
        assert all(mark not in one for one in KINDS.findall(sent))
    assert b"\x1b]52" not in sent and b"\x1b]8;" not in sent and b"\x1b]0;" not in sent
    found = OBEYED.search(re.sub(r"[\r\n\x0f\x0e]", "", rest(sent)))
    assert found is None, repr(found)

    (home / "logs" / journals.ID).rename(tmp_path / "hostile")
    hostile(home / "logs", "harmless")
    inert, status = session(home, TOUR).told()
    assert status == 0
    assert kinds(sent) <= kinds(inert) | {b"\x1b[m"}


UNSAFE = """
import engine.display
engine.display.display = lambda text, width=0: str(text)
import cockpit.terminal
cockpit.terminal.Harmless.apply = lambda self, segments, background: segments
"""


def test_without_the_one_function_and_the_filter_it_would_get_through(home: Path) -> None:
    """The negative control: the same look at a build that lets text pass as it is."""
    hostile(home / "logs", PAYLOADS["clipboard"] + PAYLOADS["right to left"])
    sent, _ = session(home, TOUR[:2], UNSAFE).told()
    assert b"\x1b]52" in sent
    assert OBEYED.search(re.sub(r"[\r\n\x0f\x0e]", "", rest(sent)))


@pytest.mark.parametrize("evil", PAYLOADS.values(), ids=PAYLOADS)
def test_the_last_filter_lets_nothing_through(evil: str) -> None:
    """What a forgotten widget would write."""
    (one,) = Harmless().apply([Segment(evil)], Color(0, 0, 0))
    assert OBEYED.search(one.text) is None


def test_our_own_drawing_passes_the_last_filter_unchanged() -> None:
    ours = "⠉⠒▁█░◆↻┃‼★●◐◌✔✖⟲ │─╭╮┈…±×→"
    (one,) = Harmless().apply([Segment(ours)], Color(0, 0, 0))
    assert one.text == ours


def test_hostile_runs_are_opened_one_by_one(home: Path) -> None:
    """Each payload alone, and the log that holds it."""
    for number, evil in enumerate(PAYLOADS.values()):
        hostile(home / "logs", evil)
        run = Run(home / "logs" / journals.ID)
        run.folder.rename(home / "logs" / f"evil-20260921-0000{number:02d}-abcd")
    sent, status = session(
        home, [*EACH * len(PAYLOADS), ("\x1b[H", b""), ("x", b"differences"), ("\x1b", b"runs")]
    ).told()
    assert status == 0 and b"this is a bug" not in sent
    assert OBEYED.search(re.sub(r"[\r\n\x0f\x0e]", "", rest(sent))) is None
