"""From a wish to a shell on the machine: a key of this lease alone, and a host key that Google vouches for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from engine.hosts import Host
from engine.leases.gcp import ending, making, names
from engine.leases.gcp.instance import Instance
from engine.leases.gcp.wanted import Key
from engine.machines import ssh
from engine.machines.trust import Impostor
from tests.engine.leases.gcps import RUN, WANTED, ZONES, client, signed_in
from tests.support.gcp import Google
from tests.support.gcp_boxes import SshBoxes
from tests.support.sshd import keygen

pytestmark = pytest.mark.needs("root", "sshd", "ssh-keygen")
NAME = names.slug(RUN)


@pytest.fixture
def boxes(tmp_path: Path) -> Iterator[SshBoxes]:
    made = SshBoxes(tmp_path / "boxes")
    with closing(made):
        yield made


@pytest.fixture
def google(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, boxes: SshBoxes) -> Iterator[Google]:
    with signed_in(tmp_path, monkeypatch, boxes) as found:
        yield found


def leased(folder: Path, number: int = 1) -> tuple[Instance, Path]:
    """A machine, and the private key of its lease."""
    private = folder / f"key{number}"
    keygen(private)
    public = " ".join(private.with_suffix(".pub").read_text().split()[:2])
    wanted = replace(WANTED, key=Key("root", public, 4e9))
    return making.create(client(), wanted, f"i{number}"), private


def host(one: Instance, private: Path, pin: str | None) -> Host:
    return Host(one.name, "ssh", f"root@{one.address}:22", str(private), pin)


def said(one: Host, command: str) -> bytes:
    stream, found = ssh.run(one, command), b""
    try:
        while piece := stream.read(4096, 20):
            found += piece
        return found
    finally:
        stream.close()


def test_the_shell_of_a_machine_that_was_just_made(tmp_path: Path, google: Google) -> None:
    one, private = leased(tmp_path)
    pin = client().host_key(one)
    assert pin is not None
    assert said(host(one, private, pin), "echo here > disk; cat disk") == b"here\n"
    # Preempted and started again: the same disk, the same key of the host, found by asking anew.
    google.project.preempt(one.zone, NAME)
    with pytest.raises(ssh.Unreachable):
        said(host(one, private, pin), "true")
    again = making.running(client(), one, "again")
    assert said(host(again, private, client().host_key(again)), "cat disk") == b"here\n"
    ending.delete(client(), again)


def test_a_machine_that_shows_another_key_is_not_talked_to(tmp_path: Path, google: Google) -> None:
    """Who stands in between at its address has not the key that Google told."""
    one, private = leased(tmp_path)
    keygen(tmp_path / "other")
    google.project._keys[NAME] = (tmp_path / "other.pub").read_text().split()[1]
    with pytest.raises(Impostor):
        said(host(one, private, client().host_key(one)), "true")


def test_the_key_of_another_lease_opens_nothing(tmp_path: Path, google: Google) -> None:
    one, _ = leased(tmp_path)
    keygen(tmp_path / "stranger")
    with pytest.raises(Exception, match=r"(?i)auth|key"):
        said(host(one, tmp_path / "stranger", client().host_key(one)), "true")
    assert one.zone == ZONES[0]
