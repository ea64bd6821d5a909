"""What went wrong in a run, from its journal, its numbers and the cards that explain its console's last lines."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine import vault
from engine.cli import words
from engine.curves import Whole
from engine.errors import Unusable
from engine.explain import book
from engine.explain.search import search
from engine.runs import Attempt
from engine.view import AttemptView

HEAD, TAIL = 256 << 10, 1 << 20
"""Bytes of a console that are looked through: where scripts warn, and where they die."""
MOST = 40


def troubles(one: Whole) -> list[str]:
    """In the order of attempts; the same words once."""
    found: dict[str, None] = {}
    for seen in one.view.attempts:
        found.update(dict.fromkeys(_attempt(seen)))
    found.update(dict.fromkeys(_keeper(one)))
    found.update(dict.fromkeys(_numbers(one)))
    for attempt in one.run.attempts():
        found.update(dict.fromkeys(_explained(attempt)))
    if one.view.unreadable:
        found[f"{words.many(one.view.unreadable, 'line')} of the journal could not be read"] = None
    return list(found)[:MOST]


def _attempt(one: AttemptView) -> Iterator[str]:
    head, runner, opening = f"attempt {one.number}", one.facts.runner, one.opening
    if opening.reason not in ("launch", "watch", "adopt", "import", "resume"):
        yield f"{head} was opened after: {opening.reason}"
    if opening.change:
        yield f"{head} changed {opening.change}"
    if opening.lost:
        yield f"{head} was lost: {opening.lost}"
    for rule in runner.rules:
        yield f"{rule.alarm} at step {words.count(rule.step)}: {rule.detail}, then {rule.action}"
    if runner.limit is not None:
        yield f"{head} reached its limit of {runner.limit.limit}, {runner.limit.cap:g}"
    if runner.resume is not None and runner.resume.verdict == "refuted":
        yield f"{head} did not go on where it should: {runner.resume.detail}"
    if runner.exit is not None and runner.exit.oom:
        yield f"{head} was ended by the kernel for memory"
    if runner.disk_filled is not None:
        yield f"the disk under {runner.disk_filled.path} was full"
    if runner.sync_refused is not None:
        yield f"the disk refused to keep what was written: {runner.sync_refused.error}"
    if runner.skipped_bytes:
        yield f"{words.size(runner.skipped_bytes)} of {head}'s output went by unread"
    for notice in {n.alarm: n for n in runner.notices}.values():
        yield f"{notice.alarm} was told to {notice.to}"


def _keeper(one: Whole) -> Iterator[str]:
    facts = one.view.keeper
    if facts.unprepared is not None:
        yield f"{facts.unprepared.machine} could not be made ready: {facts.unprepared.reason}"
    if facts.refused is not None:
        yield f"no further attempt: {facts.refused.reason}"
    for aside in facts.saves.aside:
        yield f"checkpoint {aside.path} was set aside: {aside.reason}"
    for missing in facts.artifacts.missing if facts.artifacts else ():
        yield f"{missing} is missing at the end"
    if one.status.exit_status not in (None, 0):
        why = f": {one.status.reason}" if one.status.reason else ""
        yield f"it ended as {one.status.word}{why}"


def _numbers(one: Whole) -> Iterator[str]:
    """Rows whose loss was no number, however many there are."""
    for part in one.curves.parts:
        series = part.table.metrics.get("loss")
        if series is None:
            continue
        bad = ~np.isfinite(series.values)
        if bad.any():
            first = int(series.of(part.table.step)[np.argmax(bad)])
            count = words.many(int(bad.sum()), "row")
            yield f"the loss was no number in {count}, first at step {first:,}"


def _explained(attempt: Attempt) -> Iterator[str]:
    """A card's words on what the console says at its beginning and at its end."""
    try:
        cards = book()
    except Unusable:
        return  # a broken file of cards is the matter of `engine explain`, which names it
    for text in _ends(attempt):
        for found in search(text, cards):
            yield f"{found.explained.what}: {found.explained.do}"


def _ends(attempt: Attempt) -> Iterator[str]:
    size = vault.size(attempt.console) or 0
    if not size:
        return
    with vault.opened(attempt.console) as file:
        yield file.read(HEAD).decode("utf-8", "replace")
        if size > HEAD:
            file.seek(max(size - TAIL, HEAD))
            yield file.read(TAIL).decode("utf-8", "replace")
