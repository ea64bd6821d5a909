"""The log that a team kept by hand, made from runs: side by side, every number measured or marked as typed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from engine.events import Row
from engine.events import runner as r
from engine.events import trainer as t
from engine.report.said import MARK
from engine.runs import Run
from tests.support import journals
from tests.support import stories as s
from tests.support.cli import Engine

THEIRS = Path(__file__).with_name("sessions.md")
NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?:e-?\d+)?(?![\w.]*\.(?:json|md))")
ROUGH = {"42": "~42", "25": "~25", "24": "~24", "6": "~6"}
"""Their comparison drops the ~ of their own sessions."""


def sections(text: str) -> dict[str, list[str]]:
    """Lines of tables and lists by heading, without examples in code fences."""
    found: dict[str, list[str]] = {}
    heading = fence = ""
    for line in text.splitlines():
        if line.startswith("```"):
            fence = "" if fence else "fence"
        if fence or line.startswith("<!--"):
            continue
        if line.startswith("#"):
            heading = re.sub(r"[^a-z0-9 ]", "", line.lower().partition("(")[0]).strip()
            heading = heading.replace("gcs ", "")
            found[heading] = [line]
        elif line.startswith(("|", "- ", "**")):
            found.setdefault(heading, []).append(line)
    return found


def numbers(lines: list[str]) -> set[str]:
    return {found.rstrip(",") for line in lines for found in NUMBER.findall(line)}


@pytest.fixture
def theirs() -> str:
    return THEIRS.read_text()


def ours(engine: Engine, tmp_path: Path, *names: str) -> str:
    path = tmp_path / "LOG.md"
    engine("report", "--log", str(path), *names, "--json").valid("report-log")
    return path.read_text()


def test_every_number_of_theirs_stands_in_ours_in_its_place(
    engine: Engine, tmp_path: Path, theirs: str
) -> None:
    assert len(engine("import", str(THEIRS)).out.splitlines()) == 5
    made = sections(ours(engine, tmp_path))
    told = {
        head: numbers(lines) for head, lines in sections(theirs).items() if "|" in "".join(lines)
    }
    assert {
        "session 5 curriculum training v3",
        "session 1 base model merge",
        "model comparison",
    } <= set(told)
    for heading, wanted in told.items():
        have = numbers(made[heading])
        missing = {n for n in wanted - have if ROUGH.get(n, "?").lstrip("~") not in have}
        assert not missing, (heading, missing)


def test_every_number_of_ours_is_marked_as_typed(engine: Engine, tmp_path: Path) -> None:
    engine("import", str(THEIRS))
    text = ours(engine, tmp_path)
    assert unmarked(text) == []
    assert unmarked(text.replace(f"0.7560 {MARK}", "0.7560")) != []  # the check can fail


def unmarked(text: str) -> list[str]:
    """Cells and list items with a number that nobody measured and no mark."""
    ids = re.compile(
        r"`[^`]*`|imported from .*|Session \d+|\(100 Questions\)|SHA-256|not comparable:.*"
    )
    cells = [
        cell
        for line in text.splitlines()
        if line.startswith(("| ", "- ", "**Commit", "**Output"))
        for cell in (line.split("|") if line.startswith("|") else [line])
    ]
    return [
        c
        for c in cells
        if NUMBER.search(ids.sub("", c)) and MARK not in c and "Quality (1-5)" not in c
    ]


def test_losses_of_other_data_are_not_held_against_each_other(
    engine: Engine, tmp_path: Path
) -> None:
    engine("import", str(THEIRS))
    lines = sections(ours(engine, tmp_path))["model comparison"]
    assert [line.rsplit("|", 2)[1].strip().partition(":")[0] for line in lines if "wealth-" in line] == [
        "the newest", "not comparable", "not comparable", "not comparable"]  # fmt: skip


# session 5 as a run that was recorded

LOSSES = {"A": [1.9475, 1.7475], "B": [1.0533] * 14, "C": [0.9, *[0.7354285714] * 7]}
MINUTES = {"A": 3, "B": 25, "C": 14}
PROFILE = {
    "name": "elson-v3",
    "recipe": "finetune",
    "model": {"base": "elson-finance-trading-14b"},
    "adapter": {"kind": "dora", "rank": 128, "alpha": 256},
    "train": {"micro_batch": 4, "grad_accum": 16, "epochs": 2.0, "devices": 1},
    "optim": {"learning_rate": 2e-4},
    "data": {"max_length": 2048},
    "phase": [
        {
            "id": "A",
            "mix": {"easy": 35, "medium": 35, "hard": 25, "extreme": 5},
            "data": ["a.jsonl"],
        },
        {
            "id": "B",
            "mix": {"easy": 20, "medium": 40, "hard": 30, "extreme": 10},
            "data": ["b.jsonl"],
        },
        {
            "id": "C",
            "mix": {"easy": 10, "medium": 25, "hard": 35, "extreme": 30},
            "data": ["c.jsonl"],
        },
    ],
}


def recorded(logs: Path) -> Run:
    """Measured: losses, steps, minutes, GPU, price. Not measured: latencies, marks, what somebody concluded."""
    told, step, at = [], 0, s.T0 + 1
    for phase, losses in LOSSES.items():
        for loss in losses:
            step, at = step + 1, at + 60 * MINUTES[phase] / len(losses)
            told.append(("1/trainer", Row(at, step, {"loss": loss}, phase=phase)))
    gpu = (
        "1/runner",
        r.GpusFound(s.T0 + 1, ({"i": 0, "uuid": "GPU-0", "name": "H100 80GB HBM3", "mem": 81559},)),
    )
    saved = ("1/trainer", t.Saved(at, step, "out/v3-curriculum", 2_070_000_000, "ab" * 32))
    end = ("1/runner", r.Exited(at, 0, None, False, 42 * 60.0, step, ()))
    run = journals.write(
        logs,
        s.live(),
        gpu,
        told,
        saved,
        end,
        s.closed(t=at + 1),
        run_id="elson-v3-20260120-000000-abcd",
    )
    run.profile.write_text(json.dumps(PROFILE))
    journals.job(run, limits={"price_hour": 2.5}, total=24)
    return run


def test_a_recorded_session_is_measured_where_it_can_be_and_typed_where_not(
    engine: Engine, logs: Path, tmp_path: Path
) -> None:
    run = recorded(logs)
    typed = ["test.retirement_planning.latency=91.99s", "test.retirement_planning.mark=4", "commit=79d4103",
             "improvement.1=phase A with its 389 examples is small", "data.A.rows=389", "data.B.rows=4,809",
             "data.C.rows=2,000"]  # fmt: skip
    engine("note", run.id, *(word for pair in typed for word in ("--typed", pair)), "--json").valid(
        "note"
    )
    text = engine("report", run.id).out
    for row in (
        "| A | 1.7475 | 1.8475 | — | 2 | 3m | $0.12 |",
        "| B | 1.0533 | 1.0533 | — | 14 | 25m | $1.04 |",
        "| C | 0.7354 | 0.7560 | — | 8 | 14m | $0.58 |",
        "| **Total** | 0.7354 |",
        f"| A | 389 {MARK} | 35% easy, 35% medium, 25% hard, 5% extreme | — |",
        f"| **Total** | 7,198 {MARK} | | |",
        "| Rank (r) | 128 |",
        "| Effective Batch | 64 |",
        "| **GPU** | H100 80GB HBM3 |",
        "| **Method** | DoRA (3-phase curriculum) |",
        f"| retirement_planning | 91.99s {MARK} | 4 {MARK} | — |",
        f"- phase A with its 389 examples is small {MARK}",
        "**Output Model:** out/v3-curriculum",
        f"**Commit Hash:** 79d4103 {MARK}",
    ):
        assert row in text, (row, text)
    [value] = engine("report", run.id, "--json").valid("report")
    assert value["whole"]["cost"] == {"text": "$1.75", "typed": False, "other": None}
    assert (
        value["output"]["sha256"]["text"] == "ab" * 6
        and value["output"]["size"]["text"] == "2.1 GB"
    )


def test_a_typed_number_never_covers_a_measured_one(engine: Engine, logs: Path) -> None:
    run = recorded(logs)
    engine("note", run.id, "--typed", "phase.A.last=0.01", "--typed", "attribute.GPU=B200")
    text = engine("report", run.id).out
    assert f"| A | 1.7475 (typed: 0.01 {MARK}) |" in text
    assert f"H100 80GB HBM3 (typed: B200 {MARK})" in text


def test_recorded_and_imported_sessions_make_one_log(
    engine: Engine, logs: Path, tmp_path: Path
) -> None:
    recorded(logs)
    engine("import", str(THEIRS))
    made = sections(ours(engine, tmp_path))
    assert sum(head.startswith("session ") for head in made) == 6
    costs = "".join(made["training cost tracking"])
    assert "| $1.75 |" in costs and f"~$4.33 {MARK}" in costs
