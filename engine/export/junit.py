"""A run as a JUnit suite, so that CI shows its end, its gates and its artifacts as tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.sax.saxutils import quoteattr

from engine.cli import words
from engine.curves import Whole
from engine.display import display

Case = tuple[str, str, str | None]
"""Kind, name, and why it failed."""


def to_junit(one: Whole, hide: Callable[[str], str]) -> str:
    """The XML."""
    cases = list(_cases(one))
    failed = sum(why is not None for _, _, why in cases)

    def said(text: str) -> str:
        return quoteattr(display(hide(text), 1000))

    seconds = (
        one.frame.now - (one.view.keeper.accepted.t or one.frame.now)
        if one.view.keeper.accepted
        else 0.0
    )
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(
        f'<testsuite name={said(one.run.id)} tests="{len(cases)}" failures="{failed}" '
        f'errors="0" skipped="0" time="{max(_ended(one, seconds), 0.0):.3f}">'
    )
    for kind, name, why in cases:
        head = f"  <testcase classname={said(f'{one.run.id}.{kind}')} name={said(name)}"
        lines.append(
            f"{head}/>" if why is None else f"{head}><failure message={said(why)}/></testcase>"
        )
    return "\n".join([*lines, "</testsuite>", ""])


def _ended(one: Whole, otherwise: float) -> float:
    last = one.view.last.facts.runner.exit if one.view.last else None
    return last.duration_s if last is not None and last.duration_s is not None else otherwise


def _cases(one: Whole) -> Iterator[Case]:
    status = one.status
    why = None
    if status.exit_status is None:
        why = f"it has not ended: {status.word}"
    elif status.exit_status != 0:
        why = f"{status.word}: {status.reason or status.exit.reason or 'no reason is known'}"
    yield "run", "ended well", why
    for gate in status.success.gates if status.success else ():
        missed = None if gate.met else f"{gate.text}, it is {words.figure(gate.value)}"
        yield "gate", gate.text, missed
    artifacts = one.view.keeper.artifacts
    for name in artifacts.found if artifacts else ():
        yield "artifact", name, None
    for name in artifacts.missing if artifacts else ():
        yield "artifact", name, "it is not there"
