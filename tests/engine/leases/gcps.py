"""A service that stands, and clients that speak with it as a user's would."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.leases.gcp import making, names
from engine.leases.gcp.api import Api
from engine.leases.gcp.instance import Instance
from engine.leases.gcp.token import Tokens
from engine.leases.gcp.vms import Vms
from engine.leases.gcp.wanted import Fuse, Key, Wanted
from tests.support.gcp import TOKEN, Google, serving
from tests.support.gcp_project import Boxes

RUN = "tale-20261121-000000-abcd"
ZONES = ("us-central1-a", "us-central1-b", "us-east4-c")
PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4"
KEY = Key("root", PUBLIC)
WANTED = Wanted(
    run=RUN,
    machine="a3-highgpu-1g",
    zones=ZONES,
    image="projects/deeplearning-platform-release/global/images/family/some",
    key=KEY,
    fuse=Fuse(3600),
)


def gcloud(folder: Path, monkeypatch: pytest.MonkeyPatch, token: str = TOKEN) -> None:
    """The user's own program, signed in."""
    folder.mkdir(exist_ok=True)
    program = folder / "gcloud"
    program.write_text(f"#!/bin/sh\necho {token}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(folder))


def quick(seconds: float) -> None:
    """Waits as a client does, fifty times as fast."""
    time.sleep(min(seconds / 50, 0.1))


def client(patience_s: float = 20.0) -> Vms:
    return Vms(Api("elson-33a95", Tokens(), quick), patience_s)


@contextmanager
def signed_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch, boxes: Boxes | None = None
) -> Iterator[Google]:
    gcloud(folder / "sdk", monkeypatch)
    with serving(boxes) as google:
        monkeypatch.setenv("COCKPIT_GCP_URL", google.url)
        yield google


AMBIGUOUS = ("drop", "drop after", "503", "503 after", "429", "html", "html after", "slow")
"""Answers after which nobody knows, and those that must be waited out."""
A, B, C = ZONES
NAME = names.slug(RUN)


def created(vms: Vms | None = None, intent: str = "i1") -> Instance:
    return making.create(vms or client(), WANTED, intent)


def standing(zone: str) -> Instance:
    """The machine as it is now."""
    found = client().find(zone, NAME)
    assert found is not None
    return found
