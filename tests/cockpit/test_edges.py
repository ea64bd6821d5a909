"""A bug, a disk that refuses, a terminal without colours: what is left on the screen."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest
from rich.style import Style

from cockpit.app import Cockpit, Opening
from cockpit.cli import main
from cockpit.inks import table
from cockpit.screens.dashboard import Dashboard
from cockpit.themes import THEMES, after
from engine.runs import every
from tests.cockpit.stage import opened, play, tale, text, until

CANARY = "hf_" + "C" * 30


def test_a_bug_ends_the_screen_in_words(
    logs: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The app's own way out, with a canary in a local variable of the frame that fails."""

    class Breaking(Cockpit):
        def action_next_theme(self) -> None:
            token = CANARY
            raise ValueError("broken", len(token))

    app = Breaking(Opening(partial(every, logs)))

    async def scene() -> None:
        async with app.run_test() as pilot:
            await pilot.press("f2")

    with pytest.raises(ValueError):
        play(scene)
    said = capsys.readouterr().err
    assert "this is a bug: ValueError" in said and CANARY not in said
    (kept,) = (home / "crashes").iterdir()
    assert CANARY not in kept.read_text() and str(kept) in said


def test_a_run_that_cannot_be_read_is_told_and_found_again(logs: Path) -> None:
    run = tale(logs, "DONE")
    if os.geteuid() == 0:
        hidden = run.folder / "attempts" / "1" / "trainer.jsonl"
        kept = hidden.read_bytes()
        hidden.unlink()
        hidden.mkdir()
    else:
        pytest.skip("needs root: another user is refused at the door")

    async def scene() -> None:
        async with opened(logs) as pilot:
            pilot.app.open(run)  # type: ignore[attr-defined]
            await until(pilot, lambda: "cannot be read" in text(pilot))
            hidden.rmdir()
            hidden.write_bytes(kept)
            await until(
                pilot, lambda: isinstance(pilot.app.screen, Dashboard) and "DONE" in text(pilot)
            )

    play(scene)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_every_theme_tells_its_inks_apart_from_its_ground(theme: object, logs: Path) -> None:
    async def scene() -> None:
        async with opened(logs) as pilot:
            pilot.app.theme = theme.name  # type: ignore[attr-defined]
            await pilot.pause()
            styles = table(pilot.app.theme_variables, Style.null())
            ground = theme.background  # type: ignore[attr-defined]
            for ink in ("text", "muted", "good", "warn", "bad", "accent"):
                colour = styles[ink].color
                assert colour is not None and contrast(colour.get_truecolor(), ground) >= 4.5, ink

    play(scene)


def contrast(colour: tuple[int, int, int], ground: str) -> float:
    """As WCAG counts it."""
    back = tuple(int(ground[at : at + 2], 16) for at in (1, 3, 5))
    light, dark = sorted((_light(tuple(colour)), _light(back)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _light(colour: tuple[int, ...]) -> float:
    parts = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def test_the_themes_follow_one_another() -> None:
    name = THEMES[0].name
    for _ in THEMES:
        name = after(name)
    assert name == THEMES[0].name


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["nosuch"], 4),
        (["replay"], 2),
        (["replay", "nosuch"], 4),
        (["replay", "--samples"], 2),
        (["--theme", "pink"], 2),
        (["--speed", "0", "replay", "@"], 2),
        (["a", "b"], 2),
        ([], 2),
    ],
)
def test_what_cannot_be_opened_is_said_in_words(
    words: list[str], status: int, home: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(home)
    assert main(words) == status
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith("cockpit: ") and "Traceback" not in said.err
