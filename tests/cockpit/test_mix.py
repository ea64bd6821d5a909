"""The Mix screen: what is asked, what is there, and what changes when a weight does."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import cast

import pytest

from cockpit.app import Cockpit, Opening
from cockpit.cli import _mix
from cockpit.screens.mix import Mix
from cockpit.widgets.mixture import tier_line
from engine.errors import Problem
from engine.runs import every
from tests.cockpit.stage import play, text, until
from tests.engine.data import grain


def opening(path: Path, logs: Path) -> Cockpit:
    return Cockpit(Opening(partial(every, logs), mix=path))


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 60)])
def test_a_tree_is_shown_at_every_size(size: tuple[int, int], tmp_path: Path, logs: Path) -> None:
    buckets = grain.tree(tmp_path / "b", {**grain.even(8), "gap": {"easy": 0}})

    async def scene() -> None:
        app = opening(buckets, logs)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: isinstance(app.screen, Mix) and app.screen.board is not None)
            await pilot.pause()
            shown = text(pilot)
            assert "domain_00" in shown and "ask 35%" in shown
            if size[1] >= 24:
                assert "loss points" in shown and "1 of 33 bucket files are EMPTY" in shown

    play(scene)


def test_a_weight_changes_what_is_got_and_manifests_are_written_when_asked_for(
    tmp_path: Path, logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    buckets = grain.tree(tmp_path / "b", grain.even(8))

    async def scene() -> None:
        app = opening(buckets, logs)
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await until(pilot, lambda: isinstance(app.screen, Mix) and app.screen.board is not None)
            screen = cast(Mix, app.screen)
            assert screen.board is not None
            before = screen.board.columns[1].table["tiers"][0]
            await pilot.press("tab", "plus")
            await until(
                pilot,
                lambda: screen.board.columns[1].table["tiers"][0] != before,  # type: ignore[union-attr]
            )
            assert screen.board.columns[1].table["tiers"][0]["asked_share"] > before["asked_share"]
            where = text(pilot)
            await pilot.press("n")
            assert text(pilot) != where
            await pilot.press("s")
            await until(pilot, lambda: screen.board.asking.seed == 43)  # type: ignore[union-attr]
            assert not (tmp_path / "curriculum").exists()
            await pilot.press("3")
            await until(pilot, lambda: screen.board.asking.accept is not None)  # type: ignore[union-attr]
            await pilot.press("w")
            await until(pilot, lambda: (tmp_path / "curriculum" / "curriculum.json").exists())

    play(scene)


def test_one_domain_is_told_and_not_written(
    tmp_path: Path, logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    buckets = grain.tree(tmp_path / "b", grain.SESSION_5)

    async def scene() -> None:
        app = opening(buckets, logs)
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await until(pilot, lambda: isinstance(app.screen, Mix) and app.screen.board is not None)
            assert "✖" in text(pilot) and "0/310/75/4" in text(pilot)
            await pilot.press("w")
            await until(pilot, lambda: "not written" in text(pilot))
            assert not (tmp_path / "curriculum").exists()

    play(scene)


def test_what_cannot_be_read_is_told(tmp_path: Path, logs: Path) -> None:
    async def scene() -> None:
        app = opening(tmp_path, logs)
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await until(pilot, lambda: "no buckets" in text(pilot))
            await pilot.press("escape")
            assert not isinstance(app.screen, Mix)

    play(scene)


def test_the_words_of_the_command_line(tmp_path: Path) -> None:
    assert _mix([str(tmp_path)], "cockpit").mix == tmp_path
    with pytest.raises(Problem, match="mix of what"):
        _mix([], "cockpit")


@pytest.mark.parametrize(
    ("asked", "got", "sign"), [(0.35, 0.36, "✔"), (0.3, 0.25, "⚠"), (0.35, 0.0, "✖")]
)
def test_a_share_is_judged_by_its_distance(asked: float, got: float, sign: str) -> None:
    line = tier_line({"tier": "extremely_complex", "asked_share": asked, "share": got}, 40)
    assert line[-1][0].strip() == sign and line[0][0] == "extreme "
