"""A machine that says it will be taken away: what is heard, and who is asked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.runner import notice
from engine.runner.leaving import fits
from engine.runner.notice import Notice, Told, Unheard, ask
from tests.engine.runner.attempts import (
    until,
)
from tests.support.gcp_metadata import Metadata, on_loopback


@pytest.fixture
def metadata() -> Iterator[Metadata]:
    with on_loopback() as made:
        yield made


def test_the_product_name_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GCE_METADATA_HOST", raising=False)
    name = tmp_path / "product_name"
    monkeypatch.setattr(notice, "PRODUCT", str(name))
    assert notice.server() is None
    name.write_text("Standard PC\n")
    assert notice.server() is None
    name.write_text("Google Compute Engine\n")
    assert notice.server() == notice.ADDRESS
    monkeypatch.setenv("GCE_METADATA_HOST", "127.0.0.1:8")
    assert notice.server() == "127.0.0.1:8"


def heard(one: Notice, wanted: Told) -> None:
    found: list[Told] = []
    until(lambda: found.extend(one.news()) or (found and found[-1] == wanted), f"{wanted}", 20)


def test_a_change_between_two_questions_is_not_missed(metadata: Metadata) -> None:
    first = ask(metadata.host, None)
    assert not first.preempted
    metadata.be("TRUE")
    began = time.monotonic()
    assert ask(metadata.host, first.etag).preempted and time.monotonic() - began < 5


@pytest.mark.parametrize("fault", ["503", "html"])
def test_a_server_that_fails_is_said_and_asked_again(metadata: Metadata, fault: str) -> None:
    metadata.be(fault)
    with pytest.raises(Unheard):
        ask(metadata.host, None)
    one = Notice(metadata.host)
    until(lambda: [told for told in one.news() if not told.heard and told.reason], "the failure")
    metadata.be("fine")
    heard(one, Told(True, False))
    metadata.be("TRUE")
    heard(one, Told(True, True))
    one.close()


def test_no_proxy_stands_between_a_machine_and_its_metadata(
    metadata: Metadata, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert not ask(metadata.host, None).preempted


def test_what_fits() -> None:
    assert fits(None, 30.0) is None
    assert fits(30.0, 30.0) is True
    assert fits(30.1, 30.0) is False
