"""What the checkpoints' screen says of each resume."""

from __future__ import annotations

from cockpit.inks import Line
from cockpit.proofs import proofs
from engine.events import runner as r
from engine.events import saves
from tests.support import stories as s


def text(lines: list[Line]) -> str:
    return "\n".join("".join(part for part, _ in line) for line in lines)


def test_a_first_attempt_has_none() -> None:
    assert "first attempt" in text(proofs(s.view(s.live())))


def test_a_refuted_resume_says_what_did_not_continue_and_what_was_put_back() -> None:
    judged = r.ResumeJudged(s.T0, "refuted", ("step",), "step 0 instead of 60 to 70", 0, "stop")
    told = s.view(
        s.live(),
        s.rows([1.0] * 60),
        s.exited(1),
        s.opened(2, "resume"),
        s.started(2),
        s.rows([9.0], 2, first=0),
        [("2/runner", judged)],
        [("keeper", saves.Restored(s.T0, "/out/c-60", "it was deleted by attempt 2"))],
        [("keeper", saves.Certified(s.T0, 2, "exact but for", ("threads 1 → 2",)))],
    )
    said = text(proofs(told))
    assert "✖ refuted: came to 60" in said and "began at 0" in said
    assert "step 0 instead of 60 to 70" in said
    assert "exact but for: threads 1 → 2" in said
    assert "/out/c-60: it was deleted by attempt 2" in said


def test_a_proven_one_has_its_tick() -> None:
    judged = r.ResumeJudged(s.T0, "proven", (), "step 61 continues 60", 61)
    told = s.view(s.live(), s.exited(1), s.opened(2, "crash"), [("2/runner", judged)])
    assert "✔ proven" in text(proofs(told))
