"""After a full memory a further attempt takes smaller micro-batches, keeps the batch, and says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.events import keeper as k
from engine.keeper.job import Place, Restart, argv
from engine.keeper.policy import Open, Plan, Refuse, decide
from engine.keeper.shrinking import micro_batch, next_change
from engine.profile import Profile, from_table
from engine.runs import Run
from engine.view import View
from tests.engine.keeper.test_policy import NOW, at, crashed
from tests.support.stories import T0, exited, live, view

TUNE: dict[str, Any] = {
    "name": "t",
    "recipe": "finetune",
    "model": {"base": "b"},
    "data": {"train": ["r"]},
    "train": {"micro_batch": 6, "grad_accum": 2},
    "recover": {"attempts": 5, "on": ["oom", "crash"], "halve_batch": True},
}


def profile(**tables: Any) -> Profile:
    return from_table({**TUNE, **tables})


def changed(seen: View, *changes: str | None) -> View:
    """The same journal with what its attempts changed."""
    attempts = tuple(
        replace(attempt, opening=replace(attempt.opening, change=change))
        for attempt, change in zip(seen.attempts, changes, strict=True)
    )
    return replace(seen, attempts=attempts)


def test_each_change_is_the_next_size_that_keeps_the_batch() -> None:
    said, seen = [], crashed(1, oom=True)
    for _ in range(3):
        change = next_change(profile(), seen)
        said.append(change)
        seen = changed(seen, change)
    assert said == [
        "micro_batch 6 → 3, grad_accum 2 → 4",
        "micro_batch 3 → 1, grad_accum 4 → 12",
        None,
    ]


def test_a_later_attempt_keeps_to_the_newest_change() -> None:
    seen = changed(crashed(3), None, "micro_batch 6 → 3, grad_accum 2 → 4", None)
    assert micro_batch(seen) == 3
    assert micro_batch(seen, "micro_batch 3 → 1, grad_accum 4 → 12") == 1
    assert micro_batch(crashed(2)) is None


@pytest.mark.parametrize(
    "tables",
    [
        {"recover": {"attempts": 5, "on": ["crash"]}},
        {"train": {"micro_batch": 1, "grad_accum": 12}},
    ],
)
def test_nothing_is_changed_that_the_profile_does_not_allow(tables: dict[str, Any]) -> None:
    assert next_change(profile(**tables), crashed(1, oom=True)) is None


def test_the_command_of_the_attempt_takes_the_change() -> None:
    run, restart = Run(Path("/runs/t-20260101-000000-abcd")), Restart("/c/checkpoint-4", 4)
    plain = argv(profile(), run, restart, Place("/p", "python"))
    smaller = argv(profile(), run, restart, Place("/p", "python"), 3)
    assert "--micro-batch" not in plain
    assert smaller[-4:] == ("--micro-batch", "3", "--resume", "/c/checkpoint-4")


def test_a_full_memory_is_answered_with_the_change_and_no_other_end_is() -> None:
    recover, change = profile().recover, "micro_batch 6 → 3, grad_accum 2 → 4"
    twice = crashed(2, oom=True)
    assert isinstance(decide(at(twice), recover), Refuse), "the control: nothing is changed"
    assert decide(at(twice, change=change), recover) == Plan("oom", 20.0)
    for cause, opened in (("oom", Open(2, "oom", change)), ("crash", Open(2, "crash"))):
        died = [*live(), exited(None, signal=9, oom=cause == "oom")]
        story = view(died, ("keeper", k.RecoveryPlanned(T0 + 70, 1, cause, 10.0)))
        assert decide(at(story, change=change, now=NOW + 60), recover) == opened
