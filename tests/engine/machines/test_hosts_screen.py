"""The Hosts screen over a real sshd: a visit, a machine that is away, and another one by its ssh line and its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.visits import parsed, suggested
from engine.hosts import find
from engine.runs import logs_folder
from tests.cockpit.stage import opened, play, text, until
from tests.support.sshd import Sshd


@pytest.mark.needs("sshd", "ssh")
def test_machines_are_visited_and_a_new_one_is_believed_by_its_key(sshd: Sshd, home: Path) -> None:
    gone = sshd.entry("gone", address="root@127.0.0.1:1")
    (home / "hosts.toml").write_text(f"{sshd.entry()}\n{gone}")

    async def scene() -> None:
        async with opened(logs_folder()) as pilot:
            await pilot.press("h")
            await until(pilot, lambda: "this machine" in text(pilot))
            assert "far" in text(pilot) and "gone" in text(pilot)
            await pilot.press("down", "enter")
            await until(pilot, lambda: "there and back" in text(pilot))
            assert "no GPU is seen" in text(pilot) and "⚠" in text(pilot)
            await pilot.press("down", "enter")
            await until(pilot, lambda: "✖ gone" in text(pilot))
            assert "away" in text(pilot) and "refused" in text(pilot)
            await pilot.press("enter", "escape", "h")  # what is left meanwhile is told to nobody
            await until(pilot, lambda: "○ gone" in text(pilot))
            await pilot.press("n")
            await pilot.press(*f"ssh root@127.0.0.1 -p {sshd.port} -i {sshd.key}", "enter")
            await until(pilot, lambda: "What it is called here" in text(pilot))
            await pilot.press(*["backspace"] * 20, *"new-box", "enter")
            await until(pilot, lambda: "Is this its key?" in text(pilot))
            assert sshd.fingerprint in text(pilot)
            await pilot.press(*"yes", "enter")
            await until(pilot, lambda: "○ new-box" in text(pilot))
            await pilot.press("escape", "dollar_sign")
            await until(pilot, lambda: "nothing burns" in text(pilot))
            await pilot.press("escape")
            await until(pilot, lambda: "No run yet" in text(pilot))

    play(scene)
    assert find("new-box").fingerprint == sshd.fingerprint


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("ssh root@213.173.98.6 -p 14385 -i ~/.ssh/id_ed25519",
         {"ssh": "root@213.173.98.6:14385", "key": "~/.ssh/id_ed25519"}),
        ("ssh -p22 -l me box.example", {"ssh": "me@box.example:22"}),
        ("my-alias", {"ssh": "my-alias"}),
        ("ssh://me@box:2222", {"ssh": "me@box:2222"}),
        ("ssh box rm -rf /", None),
        ("ssh -D 80 box", None),
        ("ssh 'unclosed", None),
        ("", None),
    ],
)  # fmt: skip
def test_an_ssh_line_is_read_as_it_is_pasted(told: str, found: dict[str, str] | None) -> None:
    assert parsed(told) == found


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("root@213.173.98.6:14385", "213.173.98.6"),
        ("me@A30x2.lab.example", "a30x2"),
        ("my_alias", "my-alias"),
    ],
)
def test_a_name_is_offered_that_can_be_one(address: str, name: str) -> None:
    assert suggested(address) == name
