"""A twentieth of the soak of kills in mid-save, and two broken builds that it catches."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.checkpoints import choosing, committing
from engine.shelf import Contents
from tests.soak import torn

KILLS = 300 if os.getenv("SOAK") else 16


@pytest.mark.timeout(1800 if os.getenv("SOAK") else 120)
def test_what_is_offered_after_a_kill_is_whole_and_never_older(tmp_path: Path) -> None:
    outcome = torn.run(KILLS, 20261125, tmp_path)
    print(outcome.line())
    assert outcome.violations == []
    assert outcome.totals["kills"] == KILLS and outcome.totals["torn and passed over"] > 0


def test_control_who_does_not_look_inside_offers_what_is_torn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blind = lambda path, *_, **__: Contents("nanogpt", torn_step(path), ("weights",))  # noqa: E731
    for module in (committing, choosing):
        monkeypatch.setattr(module, "look", blind)
    outcome = torn.run(KILLS, 20261125, tmp_path)
    assert any("cannot be read" in violation for violation in outcome.violations)


def torn_step(path: Path) -> int | None:
    from engine.checkpoints import step_in

    return step_in(path)


def test_control_without_copies_a_file_written_over_goes_backwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committing.Committing, "_rewritten", lambda *_: False)
    # A kill has to find a save under way, which some rounds never see.
    rounds = (torn.run(KILLS, seed, tmp_path / str(seed)) for seed in range(10))
    assert any("offered after" in fault for outcome in rounds for fault in outcome.violations)
