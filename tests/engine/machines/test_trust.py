"""Which key is the right one: pins, known_hosts in all their shapes, and never a way around a changed key."""

from __future__ import annotations

import base64
import hmac
from pathlib import Path

import pytest

from engine.machines.trust import Entry, Impostor, Stranger, entries, fingerprint, fits, judge

GOOD, OTHER = b"\0\0\0\x0bssh-ed25519" + b"a" * 32, b"\0\0\0\x0bssh-ed25519" + b"b" * 32


def line(names: str, blob: bytes, marker: str = "") -> str:
    return f"{marker}{names} ssh-ed25519 {base64.b64encode(blob).decode()} somebody\n"


def hashed(name: str) -> str:
    salt = b"0123456789abcdefghij"
    mac = hmac.new(salt, name.encode(), "sha1").digest()
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(mac).decode()}"


@pytest.mark.parametrize(
    ("patterns", "name", "fitting"),
    [
        ("box", "box", True),
        ("box,other", "other", True),
        ("*.example,!bad.example", "good.example", True),
        ("*.example,!bad.example", "bad.example", False),
        ("[box]:2222", "[box]:2222", True),
        ("box", "[box]:2222", False),
        ("[b?x]:2222", "[box]:2222", True),
        (hashed("box"), "box", True),
        (hashed("box"), "fox", False),
        ("|1|garbage", "box", False),
        ("BOX", "box", True),
    ],
)
def test_a_name_fits_a_line(patterns: str, name: str, fitting: bool) -> None:
    assert fits(patterns, name) is fitting


def test_a_line_that_makes_no_sense_hides_no_other(tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    bad = b"\xff\xfe nonsense\nbox ssh-ed25519\nbox ssh-ed25519 !!!\n@cert-authority box ssh-ed25519 AAAA\n"
    file.write_bytes(bad + line("box  ", GOOD).encode() + line("box", OTHER).encode())
    assert [entry.blob for entry in entries([str(file), "/absent"], "box")] == [GOOD, OTHER]


def test_a_known_key_and_a_pinned_key_pass() -> None:
    judge(
        "box", GOOD, None, [Entry("ssh-ed25519", OTHER, False), Entry("ssh-ed25519", GOOD, False)]
    )
    judge("box", GOOD, fingerprint(GOOD), [])


def test_an_unknown_key_is_a_question() -> None:
    with pytest.raises(Stranger) as asked:
        judge("box", GOOD, None, [])
    assert asked.value.fingerprint == fingerprint(GOOD)


@pytest.mark.parametrize(
    ("pin", "known"),
    [
        (fingerprint(OTHER), []),
        (fingerprint(OTHER), [Entry("ssh-ed25519", GOOD, False)]),
        (None, [Entry("ssh-ed25519", OTHER, False)]),
        (fingerprint(GOOD), [Entry("ssh-ed25519", GOOD, True)]),
        (None, [Entry("ssh-ed25519", GOOD, True), Entry("ssh-ed25519", GOOD, False)]),
    ],
    ids=["another pin", "a pin above known_hosts", "changed", "revoked and pinned", "revoked"],
)
def test_another_key_than_the_right_one_is_a_hard_stop(pin: str | None, known: list[Entry]) -> None:
    with pytest.raises(Impostor):
        judge("box", GOOD, pin, known)
