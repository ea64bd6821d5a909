"""What some runs differ in, differences before what is equal."""

from __future__ import annotations

from pathlib import Path

from engine.compare.differences import differences, flat
from tests.cockpit.seeing import seen
from tests.support.tales import LEARNED


def test_tables_are_flattened_and_made_harmless() -> None:
    table = {"a": {"b": 1.0, "c": [1, "x"]}, "d": True, "evil\x1b[31m": "\x1b]52;c;x\x07"}
    found = dict(flat(table))
    assert found["a.b"] == "1" and found["a.c"] == "1, x" and found["d"] == "true"
    assert not any("\x1b" in key + value or "\x07" in value for key, value in found.items())


def test_differences_come_first_and_absence_is_a_dash() -> None:
    rows = differences([{"same": 1, "rank": 8}, {"same": 1, "rank": 16, "more": 2}], [None, None])
    asked = [row for row in rows if not row.fact]
    assert [row.name for row in asked] == ["rank", "more", "same"]
    assert asked[1].values == ("—", "2") and asked[2].same


def test_how_they_stand_is_told_of_each(logs: Path) -> None:
    moment = seen(logs, *LEARNED)
    facts = {
        row.name: row.values for row in differences([{}, {}], [moment.status, None]) if row.fact
    }
    assert facts["step"] == ("50/100", "…") and facts["loss"][0] == "3.02"
