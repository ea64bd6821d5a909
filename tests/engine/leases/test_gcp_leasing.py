"""A lease: which machine, whose it was, what it costs, what proves its end and its key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.errors import NotFound
from engine.leases.gcp import ending, leasing
from engine.leases.gcp.errors import NoRoom
from engine.leases.gcp.leasing import Held, Wish
from engine.leases.gcp.settings import Settings
from engine.leases.gcp.wanted import Fuse
from tests.engine.leases.gcps import (
    KEY,
    NAME,
    RUN,
    WANTED,
    A,
    B,
    C,
    client,
    created,
    standing,
)
from tests.support.gcp import Fault, Google

MADE = Settings(
    "elson-33a95", A, (B, C), machine=WANTED.machine, image=WANTED.image, price_hour=9.0
)
OWN = Settings("elson-33a95", B, (A,), instance=NAME, price_hour=9.0)


def acquired(settings: Settings, intent: str = "i1", **more: object) -> Held:
    wish = replace(Wish(RUN, intent, KEY, Fuse(3600)), **more)  # type: ignore[arg-type]
    return leasing.acquire(client(1.0), settings, wish)


def test_one_is_made_where_it_is_to_be_had_at_the_best_price(google: Google) -> None:
    google.project.weather = {A: (0.1, 2.0), B: (0.9, 3.0), C: (0.9, 2.5)}
    tried: list[str] = []
    held = acquired(MADE, tried=tried.append)
    assert (held.instance.zone, tried) == (C, [C])
    assert (held.price_hour, held.before, held.fuse.reason) == (2.5, False, None)
    assert held.host_key is not None and held.host_key.startswith("SHA256:")


def test_the_same_wish_is_the_same_machine_whatever_the_weather_is_now(google: Google) -> None:
    google.project.weather = {A: (0.1, 2.0), B: (0.9, 3.0), C: (0.5, 2.5)}
    first = acquired(MADE)
    google.project.weather = {A: (0.9, 2.0), B: (0.1, 3.0), C: (0.5, 2.5)}
    second = acquired(MADE, "i2")
    assert first.instance.id == second.instance.id and google.project.made == [NAME]
    assert [m for m, _ in google.asked].count(
        "advice.capacity"
    ) == 3 + 2  # the order once, prices later


def test_a_zone_that_is_out_of_room_leaves_the_next_best(google: Google) -> None:
    google.project.weather = {A: (0.5, 2.0), B: (0.9, 3.0), C: (0.7, 2.5)}
    google.project.empty.add(B)
    assert acquired(MADE).instance.zone == C


def test_a_price_that_nobody_tells_is_the_users_or_unknown(google: Google) -> None:
    assert acquired(MADE).price_hour == 9.0
    assert acquired(replace(MADE, price_hour=None)).price_hour is None


def test_a_machine_of_the_users_is_started_with_our_fuse_and_key(google: Google) -> None:
    one = created()
    ending.stop(client(), one)
    google.project.machines[A, NAME]["metadata"] = {"items": [], "fingerprint": "x"}
    held = acquired(OWN, fuse=Fuse(7200))
    assert (held.instance.id, held.before) == (one.id, False)
    assert held.fuse.reason is None and held.fuse.ends_t is not None
    assert held.instance.metadata["ssh-keys"].startswith("root:")
    assert held.host_key is not None


def test_a_machine_that_ran_before_we_came_is_said_to_have(google: Google) -> None:
    """Nobody may stop it as if it were ours, and nobody may say that Google will."""
    created()
    google.project.machines[A, NAME]["scheduling"].pop("maxRunDuration")
    google.project.machines[A, NAME]["resourceStatus"] = {}
    held = acquired(OWN)
    assert (
        held.before
        and held.fuse.ends_t is None
        and "only while a machine is off" in (held.fuse.reason or "")
    )
    assert not [m for m, _ in google.asked if m in ("start", "stop", "setScheduling")]


def test_a_host_key_that_never_comes_is_unknown(google: Google) -> None:
    google.project.silent_keys = True
    assert acquired(MADE).host_key is None


def test_a_start_without_room_leaves_the_users_machine_as_it_was(google: Google) -> None:
    ending.stop(client(), created())
    google.project.empty.add(A)
    with pytest.raises(NoRoom):
        acquired(OWN)
    assert standing(A).off


def test_a_machine_that_is_not_there_is_named(google: Google) -> None:
    with pytest.raises(NotFound, match="no machine"):
        acquired(OWN)


@pytest.mark.parametrize("method", ["insert", "get", "operations.get", "getGuestAttributes", "*"])
@pytest.mark.parametrize("kind", ["drop after", "503 after", "html after"])
def test_each_step_may_fail_and_the_next_process_has_one_machine(
    google: Google, method: str, kind: str
) -> None:
    """This one gives up at that step; the machine it may have made is found by the next, and released."""
    google.faults.append(Fault(method, kind, 99))
    try:
        acquired(MADE)
    except Exception as error:
        assert "Traceback" not in str(error)
    google.faults.clear()
    held = acquired(MADE, "i2")
    assert google.project.made == [NAME] and google.project.billed() == [NAME]
    ending.delete(client(), held.instance)
    assert google.project.machines == {}
