"""What is seen of a project: lists that may be incomplete, advice that may be missing, keys that come later."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.leases.gcp import making, weather
from tests.engine.leases.gcps import (
    NAME,
    RUN,
    WANTED,
    ZONES,
    A,
    B,
    C,
    client,
    created,
)
from tests.support.gcp import Fault, Google


def test_all_of_ours_are_listed_over_all_pages(google: Google) -> None:
    created()
    other = replace(WANTED, run=RUN.replace("abcd", "ffff"), zones=(C,))
    making.create(client(), other, "i2")
    google.project.machines[B, "not-ours"] = {**google.project.machines[A, NAME], "labels": {}}
    found = client().listed()
    assert found.complete and {one.run for one in found.machines} == {RUN, other.run}


def test_a_zone_that_does_not_answer_makes_a_list_incomplete(
    google: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    created()
    whole = google._listed
    warning = {"code": "UNREACHABLE", "message": "not now", "data": []}

    def lame(query: dict[str, str]) -> dict[str, object]:
        found = whole(query)
        found["items"][f"zones/{C}"] = (
            {"warning": warning} if f"zones/{C}" in found["items"] else {}
        )
        return found

    monkeypatch.setattr(google, "_listed", lame)
    assert not client().listed().complete


def test_zones_are_tried_by_what_is_to_be_had_and_its_price(google: Google) -> None:
    google.project.weather = {A: (0.2, 2.5), B: (0.9, 3.25), C: (0.91, 2.75)}
    found = weather.ranked(weather.look(client().api, ZONES, "a3-highgpu-1g"))
    assert [one.zone for one in found] == [C, B, A]
    assert (found[0].price_hour, found[0].uptime_s, found[0].preempted) == (2.75, 7200.0, 0.25)


def test_without_advice_the_users_order_stands(google: Google) -> None:
    google.faults.append(Fault("advice.capacityHistory", "html", 99))
    found = weather.ranked(weather.look(client().api, ZONES, "a3-highgpu-1g"))
    assert [one.zone for one in found] == list(ZONES) and found[0].price_hour is None


def test_a_host_key_is_told_by_the_machine_over_googles_network(google: Google) -> None:
    vms = client()
    google.project.silent_keys = True
    one = created(vms)
    assert vms.host_key(one) is None
    google.project.silent_keys = False
    assert (vms.host_key(one) or "").startswith("SHA256:")
