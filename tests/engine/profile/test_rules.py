"""What two keys say together: what is refused, what is only warned of, and what is fine."""

from __future__ import annotations

from typing import Any

import pytest

from engine.profile import Profile, ProfileError, from_table, warnings

COMMAND: dict[str, Any] = {"name": "p", "recipe": "command", "command": {"argv": ["true"]}}
TUNE: dict[str, Any] = {
    "name": "p",
    "recipe": "finetune",
    "model": {"base": "m"},
    "data": {"train": "d"},
}
SIZES = {"layers": 2, "heads": 2, "width": 8}


def told(table: dict[str, Any]) -> list[str]:
    with pytest.raises(ProfileError) as caught:
        from_table(table)
    return [line.removeprefix("profile: ") for line in str(caught.value).splitlines()]


@pytest.mark.parametrize(
    ("table", "wanted"),
    [
        (
            {"name": "p", "recipe": "command"},
            'command.argv: is needed by the recipe command; for example argv = ["python3", "train.py"]',
        ),
        (
            {**COMMAND, "command": {"argv": [""]}},
            'command.argv: is needed by the recipe command; for example argv = ["python3", "train.py"]',
        ),
        (
            {**TUNE, "command": {"argv": ["true"]}},
            'command.argv: is not run by the recipe finetune; recipe = "command"',
        ),
        (
            {**TUNE, "data": {}},
            "data.train: is needed by the recipe finetune; name files with rows",
        ),
        (
            {**TUNE, "model": {}},
            "model.base: is needed by the recipe finetune; name weights, or write [model.from_scratch]",
        ),
        (
            {**TUNE, "recipe": "evaluate"},
            "eval.questions: is needed by the recipe evaluate; name a file",
        ),
        (
            {**TUNE, "model": {"base": "m", "bits": 4}},
            'model.bits: quantised weights cannot be trained themselves; adapter.kind = "lora" or "dora"',
        ),
        (
            {**TUNE, "model": {"from_scratch": SIZES}, "adapter": {"kind": "dora"}},
            'adapter.kind: an adapter on random weights learns nothing; adapter.kind = "full"',
        ),
        (
            {**TUNE, "model": {"from_scratch": {"heads": 5, "width": 8}}},
            "model.from_scratch.heads: must divide the width 8",
        ),
        (
            {**TUNE, "schedule": {"warmup_ratio": 0.1, "warmup_steps": 5}},
            "schedule.warmup_steps: stands beside warmup_ratio; keep one",
        ),
        (
            {**TUNE, "phase": [{"id": "A", "parent": "Z"}]},
            "phase.A.parent: is no phase; name an earlier phase",
        ),
        (
            {**TUNE, "phase": [{"id": "A", "parent": "A"}]},
            "phase.A.parent: comes later; name an earlier phase",
        ),
        (
            {**TUNE, "phase": [{"id": "A", "parent": "B"}, {"id": "B"}]},
            "phase.A.parent: comes later; name an earlier phase",
        ),
        (
            {**TUNE, "phase": [{"id": "A", "quota": 5}]},
            "phase.A.quota: draws from buckets, and there are none; set data.buckets",
        ),
        (
            {**TUNE, "recover": {"on": ["oom"]}},
            "recover.on: the same step would run out of memory again; "
            "set recover.halve_batch = true, or leave out oom",
        ),
        (
            {**COMMAND, "recover": {"halve_batch": True}},
            "recover.halve_batch: the recipe command has no micro_batch to halve; "
            "change the command's own arguments",
        ),
        (
            {**COMMAND, "command": {"argv": ["a"], "env": {"COCKPIT_RUN": "x"}}},
            "command.env.COCKPIT_RUN: names that begin with COCKPIT_ are set by the engine; remove it",
        ),
        (
            {**COMMAND, "secrets": {"names": "A"}, "command": {"argv": ["a"], "env": {"A": "x"}}},
            "command.env.A: is also in [secrets] names; keep it there",
        ),
    ],
)
def test_a_contradiction_is_refused(table: dict[str, Any], wanted: str) -> None:
    assert told(table) == [wanted]


@pytest.mark.parametrize(
    "table",
    [
        COMMAND,
        TUNE,
        {**TUNE, "recipe": "pretrain", "model": {"from_scratch": {}}},
        {**TUNE, "data": {"buckets": "b"}, "phase": [{"id": "A", "mix": {"easy": 1}}]},
        {
            **TUNE,
            "data": {},
            "phase": [{"id": "A", "data": "a"}, {"id": "B", "data": "b", "parent": "A"}],
        },
        {**TUNE, "model": {"base": "m", "bits": 4}, "adapter": {"kind": "lora"}},
        {**TUNE, "recover": {"on": ["oom"], "halve_batch": True}},
        {**TUNE, "recover": {"on": ["oom"]}, "train": {"oom_retry": True}},
        {**TUNE, "recipe": "evaluate", "eval": {"questions": "q.jsonl"}},
        {**TUNE, "recipe": "pretokenize", "model": {}},
        {**TUNE, "recipe": "serve", "data": {}},
    ],
)
def test_what_fits_together_is_accepted(table: dict[str, Any]) -> None:
    assert from_table(table).name == "p"


def test_a_key_that_is_wrong_already_is_not_contradicted_as_well() -> None:
    assert told({**COMMAND, "command": {"argv": "true"}}) == [
        'command.argv: must be a list of text, not "true"'
    ]
    assert told({"name": "p", "recipe": "command", "comand": {"argv": ["a"]}}) == [
        "comand: unknown key; did you mean command?"
    ]


def warned(table: dict[str, Any], price: float | None = None) -> list[str]:
    made: Profile = from_table(table)
    return [".".join(map(str, fault.key)) for fault in warnings(made, price)]


def test_a_dollar_limit_without_a_price_is_warned_of() -> None:
    table = {**TUNE, "save": {"every_steps": 1}, "limits": {"dollars": 5}}
    assert warned(table) == ["limits.dollars"]
    assert warned(table, price=2.5) == []


def test_a_command_that_cannot_resume_is_warned_of() -> None:
    resume = {**COMMAND, "command": {"argv": ["a"], "resume": ["--resume", "{path}"]}}
    assert warned(COMMAND) == ["command.resume"]
    assert warned(resume) == ["checkpoints.glob"]
    assert warned({**resume, "checkpoints": {"glob": "out/*"}}) == []


def test_a_training_without_checkpoints_or_rows_to_evaluate_is_warned_of() -> None:
    assert warned(TUNE) == ["save"]
    table = {**TUNE, "save": {"every_minutes": 5}, "eval": {"every_steps": 10}}
    assert warned(table) == ["data.valid"]
    assert warned({**table, "data": {"train": "d", "valid": 0.1}}) == []
