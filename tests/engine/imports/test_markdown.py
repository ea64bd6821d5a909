"""A log that was kept by hand becomes runs of typed words, whatever stands in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.imports import plan, record
from engine.imports.markdown import is_log, sessions
from engine.reader import RunReader

LOG = """# Log
```markdown
### Session X: [Model] (2026-01-01)
### Session 9: in a fence (2026-01-01)
```
### Session 2: Second (2026-01-20) ✅ COMPLETE
| Attribute | Value |
|---|---|
| **Date** | 2026-01-20 |
| **GPU** | H100 \\| 80GB |
**Notes:**
- one
- two
**Output Model:** `out/second-v2`
### Session 1: First
**Results:**
| Metric | Value |
|---|---|
| Final Loss | 0.14 |
## Costs
| Session | GPU | Duration | Cost |
|---|---|---|---|
| Session 2 (Second) | H100 | 6 min | $0.25 |
| Session 7 | - | - | - |
"""

PIECES = (
    *LOG.splitlines(), "|", "||||", "|---|", "| **Total** |", "**", "```", "- ", "| Phase | Examples |",
    "|---|---|", "| Phase | Final Loss | Steps |", "### Session 3: x (9999-99-99)",
)  # fmt: skip


def test_what_each_session_says(tmp_path: Path) -> None:
    path = tmp_path / "LOG.md"
    path.write_text(LOG)
    one, two = sessions(path)
    assert (one.number, one.title, one.date, one.typed["result.Final Loss"]) == (
        1,
        "First",
        None,
        "0.14",
    )
    assert two.typed["attribute.GPU"] == "H100 | 80GB" and two.typed["status"] == "COMPLETE"
    assert (two.typed["note.1"], two.typed["note.2"], two.name) == ("one", "two", "second-v2")
    assert (two.typed["cost.dollars"], two.typed["cost.duration"]) == ("$0.25", "6 min")


def test_runs_are_named_dated_and_hold_nothing_measured(tmp_path: Path) -> None:
    path = tmp_path / "LOG.md"
    path.write_text(LOG)
    runs = [record(one, tmp_path / "logs")[0] for one in plan(path)]
    assert runs[1].id.startswith("second-v2-20260120-000000-")
    view = RunReader(runs[1]).poll()
    assert view.step is None and view.keeper.words["title"] == "Second" and not view.unreadable
    assert all(one.by == "imported" for one in view.keeper.typed)


def test_other_markdown_is_a_console(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text("# Readme\nSession 5: no heading\nstep 1 loss 2.0\n")
    assert not is_log(path.read_text()) and plan(path)[0].console == path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_order_of_lines_is_read(tmp_path: Path, lines: list[str]) -> None:
    path = tmp_path / "LOG.md"
    path.write_text("\n".join(lines))
    for one in sessions(path):
        assert all(isinstance(value, str) and value for value in one.typed.values())


@pytest.mark.parametrize("date", ["9999-99-99", "2026-02-30"])
def test_a_date_that_is_none_is_left_typed(tmp_path: Path, date: str) -> None:
    path = tmp_path / "LOG.md"
    path.write_text(f"### Session 3: x ({date})\n")
    run, found = record(plan(path)[0], tmp_path / "logs")
    assert RunReader(run).poll().keeper.words["date"] == date and found.started is None
