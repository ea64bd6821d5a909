"""What is known of each resume of a run, as lines: the runner's judgement, the certificate, what was put back."""

from __future__ import annotations

from itertools import pairwise

from cockpit.inks import Line
from engine.cli import words
from engine.display import display
from engine.events.runner import ResumeJudged
from engine.view import AttemptView, View

SIGNS = {"proven": ("✔ ", "good bold"), "weak": ("… ", "warn"), "refuted": ("✖ ", "bad bold")}


def proofs(view: View) -> list[Line]:
    """Of each further attempt: where the one before had come to, where it began, and whether that was proven."""
    lines: list[Line] = []
    for before, after in pairwise(view.attempts):
        judged = after.facts.runner.resume
        lines.append(_began(before, after, judged))
        if judged is not None:
            lines.append([("  ", "text"), (display(judged.detail, 200), "muted")])
        lines += _certified(view, after.number)
    for told in view.keeper.saves.restored[-3:]:
        lines.append([("↺ ", "warn"), (display(f"{told.path}: {told.reason}", 200), "muted")])
    return lines or [[("none: this is its first attempt", "muted")]]


def _began(before: AttemptView, after: AttemptView, judged: ResumeJudged | None) -> Line:
    first, last = after.facts.tally.first_step, before.facts.tally.step
    asked = after.opening.resume_step
    sign = ("… ", "muted") if judged is None else SIGNS.get(judged.verdict, ("… ", "muted"))
    verdict = "not judged yet" if judged is None else judged.verdict
    return [
        (f"attempt {after.number} ", "text bold"),
        (f"{display(after.opening.reason, 24)}  ", "muted"),
        sign,
        (f"{verdict}: came to {words.count(last)}, asked for {words.count(asked)}, ", "text"),
        (f"began at {words.count(first)}", "text"),
    ]


def _certified(view: View, number: int) -> list[Line]:
    found = [one for one in view.keeper.saves.certified if one.attempt == number]
    if not found:
        return []
    clauses = "; ".join(found[-1].changed)
    text = f"{found[-1].verdict}{': ' + clauses if clauses else ''}"
    return [[("  certificate  ", "faint"), (display(text, 300), "muted")]]
