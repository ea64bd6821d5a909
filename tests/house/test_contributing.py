"""CONTRIBUTING.md's worked examples, taken from the page and used as it says."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

import pytest

from cockpit.screens.base import Place
from engine.alarms import Thresholds, judge
from engine.alarms import rules as alarm_rules
from engine.dialects import Lens, Reader, reader
from engine.explain import first
from engine.explain.book import read
from tests.cockpit.stage import opened, play, text, until
from tests.engine.alarms.cases import facts, told
from tests.house.source import ROOT
from tests.support.stories import T0

PAGE = (ROOT / "CONTRIBUTING.md").read_text()


def example(section: str, language: str) -> str:
    """The one block of this language below this heading."""
    part = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    [found] = re.findall(rf"^```{language}\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)
    assert isinstance(found, str)
    return found


def module(section: str) -> Any:
    made = ModuleType("example")
    code = "from __future__ import annotations\n" + example(section, "python")
    exec(compile(code, f"CONTRIBUTING.md, {section}", "exec"), made.__dict__)
    return made


def test_the_dialect_reads_its_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = b"tick 40 | loss 2.31\ntock\ntick 41 | loss nan\n"
    before = Reader(Lens("auto"))
    assert [row.step for row, _ in before.feed(lines)] != [40, 41]
    made = module("A dialect").DIALECT
    monkeypatch.setattr(reader, "DIALECTS", (made, *reader.DIALECTS))
    monkeypatch.setattr(reader, "BY_NAME", {made.name: made, **reader.BY_NAME})
    hints = tuple((hint, made) for hint in made.hints)
    monkeypatch.setattr(reader, "_HINTS", (*hints, *reader._HINTS))
    after = Reader(Lens("auto"))
    rows = [row for row, _ in after.feed(lines) + after.pending()]
    assert [row.step for row in rows] == [40, 41] and rows[0].values == {"loss": 2.31}
    assert after.name == "ticks"


def test_the_rule_fires_and_its_near_miss_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = module("A rule").leak
    monkeypatch.setattr(alarm_rules, "RULES", {**alarm_rules.RULES, "leak": rule})

    def names(*losses: float) -> list[str]:
        rows = told(*({"loss": value} for value in losses))
        return [alarm.name for alarm in judge(facts(rows), Thresholds(), T0 + 9)]

    assert "leak" in names(0.5, 0.009, 0.008, 0.007)
    assert "leak" not in names(0.009, 0.008, 0.5, 0.007)


def test_the_card_explains_its_line_alone(tmp_path: Any) -> None:
    file = tmp_path / "cards.toml"
    file.write_text(example("A card", "toml"))
    [card] = read(file)
    said = first(card.line, [card])
    assert said is not None and said.what == "The loader found no shard data-00017.tar."
    assert card.miss and card.says(card.miss) is None


def test_the_screen_is_drawn_between_header_and_keys(tmp_path: Any) -> None:
    screen = module("A screen").Greeting()
    assert isinstance(screen, Place)

    async def scene() -> None:
        async with opened(tmp_path / "none") as pilot:
            pilot.app.push_screen(screen)
            await until(pilot, lambda: "good morning" in text(pilot))
            assert "Greeting" in text(pilot) and "Esc" in text(pilot)
            await pilot.press("escape")
            assert pilot.app.screen is not screen

    play(scene)
