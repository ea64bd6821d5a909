"""The documentation of the journal is the journal's own."""

from __future__ import annotations

from engine.events import keeper, runner, trainer
from tests.house.journal_format import README, format_of, written


def test_the_readme_shows_every_event_as_it_is() -> None:
    text = README.read_text("utf-8")
    assert written(text) == text, "run: python -m tests.house.journal_format"


def test_every_event_and_field_is_in_it() -> None:
    text = format_of()
    for kind in (*keeper.KINDS, *runner.KINDS, *trainer.KINDS):
        assert f"| `{kind.name}` |" in text and (kind.__doc__ or "").split()[0] in text


def test_an_older_text_is_noticed() -> None:
    text = README.read_text("utf-8").replace("`saved`", "`stored`")
    assert written(text) != text
