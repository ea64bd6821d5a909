"""What a profile would do is said before anything is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.preflight import Preflight, preflight
from engine.runs import every

HEAD = 'name = "x"\nrecipe = "command"\n[command]\nargv = ["{argv}"]\n'
OWN = """
name = "x"
recipe = "pretrain"
[model.from_scratch]
[data]
train = ["texts/{text}"]
[train]
max_steps = 15
[save]
every_steps = 100
"""


def said(check: Preflight) -> str:
    return "\n".join(f"{f.verdict} {f.what} → {f.fix}" for _, found in check.groups for f in found)


def profile(home: Path, text: str) -> Path:
    path = home / "x.toml"
    path.write_text(text)
    return path


def test_a_command_that_can_start(home: Path) -> None:
    check = preflight(profile(home, HEAD.format(argv="python3")), home)
    assert check.ready and "its program is here" in said(check)
    assert every(home / "logs") == []


def test_a_program_that_is_missing(home: Path) -> None:
    check = preflight(profile(home, HEAD.format(argv="no-such-program")), home)
    assert not check.ready and "no program 'no-such-program'" in said(check)


def test_every_fault_of_a_profile_at_once(home: Path) -> None:
    check = preflight(profile(home, 'recipe = "dance"\nlearnign = 1\n'), home)
    assert check.count("bad") >= 2 and "x.toml:1" in said(check) and not check.ready


def test_a_secret_that_nobody_knows(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = HEAD.format(argv="python3") + '[secrets]\nnames = ["NO_SUCH_TOKEN"]\n'
    path = profile(home, text)
    assert "bad the secret NO_SUCH_TOKEN is not known" in said(preflight(path, home))
    monkeypatch.setenv("NO_SUCH_TOKEN", "canary-value")
    found = said(preflight(path, home))
    assert "good the secret NO_SUCH_TOKEN is known" in found and "canary-value" not in found


def test_too_few_points_and_no_checkpoint_are_told_with_what_helps(home: Path) -> None:
    check = preflight(profile(home, OWN.format(text="none.txt")), home)
    found = said(check)
    assert "warn 15 points of the loss" in found and "warn 0 checkpoints" in found
    assert "texts/none.txt is not in" in found
    (home / "texts").mkdir()
    (home / "texts" / "there.txt").write_text("a tale")
    assert "good texts/there.txt is here" in said(
        preflight(profile(home, OWN.format(text="there.txt")), home)
    )


def test_a_profile_that_is_not_there(home: Path) -> None:
    assert not preflight(home / "none.toml", home).ready
