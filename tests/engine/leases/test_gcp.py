"""Machines of Google: one for each wish, whatever is answered, and never said to be off while it is billed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import Unknown
from engine.leases.gcp import ending, making, names, weather
from engine.leases.gcp.errors import NoRoom, Quota, Rejected, Taken, Unclear
from engine.leases.gcp.instance import Instance
from engine.leases.gcp.vms import Vms
from engine.leases.gcp.wanted import Fuse
from tests.engine.leases.gcps import KEY, RUN, WANTED, ZONES, client, signed_in
from tests.support.gcp import Fault, Google

A, B, C = ZONES
NAME = names.slug(RUN)
AMBIGUOUS = ["drop", "drop after", "503", "503 after", "429", "html", "html after", "slow"]


@pytest.fixture
def google(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Google]:
    with signed_in(tmp_path, monkeypatch) as found:
        yield found


def created(vms: Vms | None = None, intent: str = "i1") -> Instance:
    return making.create(vms or client(), WANTED, intent)


def test_a_machine_is_made_as_it_was_asked_for(google: Google) -> None:
    began = time.time()
    one = created()
    assert (one.status, one.zone, one.machine, one.run, one.spot) == (
        "RUNNING",
        A,
        "a3-highgpu-1g",
        RUN,
        True,
    )
    assert making.armed(one, WANTED.fuse).reason is None
    assert one.ends_t is not None and one.ends_t >= began + 3600 - 1
    told = google.project.machines[A, NAME]
    assert told["scheduling"]["instanceTerminationAction"] == "STOP"
    assert "serviceAccounts" not in told and one.metadata["block-project-ssh-keys"] == "TRUE"
    assert one.metadata["ssh-keys"].startswith("root:ssh-ed25519 ")


@pytest.mark.parametrize("kind", AMBIGUOUS)
def test_creating_is_creating_once_whatever_is_answered(google: Google, kind: str) -> None:
    google.faults.append(Fault("insert", kind))
    created()
    assert google.project.made == [NAME] and google.project.most == 1


@pytest.mark.parametrize("kind", ["drop after", "503 after", "html after"])
def test_what_was_made_unseen_is_adopted_by_the_next(google: Google, kind: str) -> None:
    """No answer ever comes to this process; another one finds what it made."""
    google.faults.append(Fault("*", kind, 99))
    with pytest.raises(Unclear):
        made = client()
        making._insert(made, WANTED, A, "i1")
    google.faults.clear()
    google.stale_s = 30.0  # a list would not show it
    for intent in ("i1", "i2"):
        created(client(), intent)
    assert google.project.made == [NAME]


def test_an_answer_that_never_comes_moves_to_no_other_zone(google: Google) -> None:
    """What happened in the first zone is not known, so nothing may be made in a second."""
    google.faults.append(Fault("insert", "drop", 99))
    tried: list[str] = []
    with pytest.raises(Unclear):
        making.create(client(), WANTED, "i1", tried.append)
    assert tried == [A] and google.project.made == []


def test_without_the_request_id_there_would_be_a_second_try(google: Google) -> None:
    """The negative control: each try with an id of its own is a change of its own."""
    vms = client()
    one = created(vms)
    path = f"zones/{A}/instances/{NAME}/stop"
    for number in range(2):
        vms.api.change("POST", path, names.request("same"))
        vms.api.change("POST", path, names.request("other", number))
    assert (
        len({o["name"] for o in google.project.operations.values() if o["operationType"] == "stop"})
        == 3
    )
    assert one.name == NAME


def test_a_zone_without_room_is_left_for_the_next(google: Google) -> None:
    google.project.empty |= {A, B}
    tried: list[str] = []
    one = making.create(client(), WANTED, "i1", tried.append)
    assert (one.zone, tried) == (C, [A, B, C])


def test_no_room_anywhere_is_said_with_every_zone(google: Google) -> None:
    google.project.empty |= set(ZONES)
    with pytest.raises(NoRoom) as said:
        created()
    assert all(zone in str(said.value) for zone in ZONES) and google.project.billed() == []


def test_a_quota_is_named_and_counts_for_its_region(google: Google) -> None:
    google.project.poor |= {A, B}
    tried: list[str] = []
    assert making.create(client(), WANTED, "i1", tried.append).zone == C
    assert tried == [A, C]  # the other zone of that region has the same quota
    google.project.poor.add(C)
    ending.delete(client(), google_machine(C))
    with pytest.raises(Quota) as said:
        created(intent="i2")
    assert "PREEMPTIBLE-NVIDIA-H100-GPUS is 0.0" in str(said.value)


def google_machine(zone: str) -> Instance:
    found = client().find(zone, NAME)
    assert found is not None
    return found


def test_a_wish_that_found_no_room_can_be_made_again_by_another(google: Google) -> None:
    """The same request id would be answered with the old failure."""
    google.project.empty |= set(ZONES)
    with pytest.raises(NoRoom):
        created(intent="i1")
    google.project.empty.clear()
    with pytest.raises(NoRoom):
        created(intent="i1")
    assert created(intent="i2").zone == A


def test_somebody_elses_machine_of_that_name_is_left_alone(google: Google) -> None:
    created()
    google.project.machines[A, NAME]["labels"] = {}
    with pytest.raises(Taken):
        created(intent="i2")
    assert google.project.billed() == [NAME]


def test_a_bad_wish_is_refused_in_words(google: Google) -> None:
    with pytest.raises(Rejected) as said:
        making.create(client(), replace(WANTED, zones=("mars-north1-a",)), "i1")
    assert "mars-north1-a" in str(said.value)


@pytest.mark.parametrize("kind", AMBIGUOUS)
@pytest.mark.parametrize("method", ["stop", "operations.get", "get"])
def test_a_stop_stands_whatever_is_answered(google: Google, method: str, kind: str) -> None:
    one = created()
    google.faults.append(Fault(method, kind, 2 if kind != "slow" else 1))
    off = ending.stop(client(), one)
    assert off is not None and off.off and google.project.billed() == []


def test_a_stop_that_is_said_and_not_done_is_asked_for_again(google: Google) -> None:
    one = created()
    google.project.deaf = 2
    off = ending.stop(client(), one)
    assert off is not None and off.status == "TERMINATED"
    requests = {words["requestId"] for method, words in google.asked if method == "stop"}
    assert len(requests) == 3


def test_a_stop_that_never_comes_is_never_called_one(google: Google) -> None:
    one = created()
    google.project.deaf = 10_000
    with pytest.raises(Unknown) as said:
        ending.stop(client(1.0), one)
    assert "billed" in str(said.value) and google.project.billed() == [NAME]


def test_releasing_what_is_gone_is_success(google: Google) -> None:
    one = created()
    ending.delete(client(), one)
    assert ending.stop(client(), one) is None
    ending.delete(client(), one)
    assert google.project.machines == {}


def test_another_machine_of_the_same_name_is_not_ended(google: Google) -> None:
    """Only the one that was leased: its id is another's by now."""
    first = created()
    ending.delete(client(), first)
    created(intent="i2")
    assert ending.stop(client(), first) is None
    ending.delete(client(), first)
    assert google.project.billed() == [NAME]


def test_a_second_boot_is_stopped_too(google: Google) -> None:
    """The stop of the first boot has its own id; else its success would be the answer."""
    one = created()
    for _ in range(2):
        assert ending.stop(client(), one) is not None
        one = making.running(client(), google_machine(A), "again")
    assert ending.stop(client(), one) is not None and google.project.billed() == []


def test_a_stop_erases_local_disks_only_where_there_are_some(google: Google) -> None:
    one = created()
    google.project.machines[A, NAME]["disks"].append({"type": "SCRATCH"})
    assert ending.stop(client(), google_machine(A)) is not None
    asked = [words for method, words in google.asked if method == "stop"]
    assert asked[-1]["discardLocalSsd"] == "true" and not one.scratch


@pytest.mark.parametrize("kind", AMBIGUOUS)
def test_a_preempted_machine_is_started_again(google: Google, kind: str) -> None:
    one = created()
    assert client().preempted_t(one) is None
    google.project.preempt(A, NAME)
    taken = google_machine(A)
    assert taken.off and client().preempted_t(taken) is not None
    google.faults.append(Fault("start", kind))
    again = making.running(client(), taken, "after the preemption")
    assert again.status == "RUNNING" and again.boot != one.boot
    assert client().preempted_t(again) is None  # of this boot nobody said so
    assert making.armed(again, WANTED.fuse).reason is None


def test_a_start_without_room_says_so(google: Google) -> None:
    created()
    google.project.preempt(A, NAME)
    google.project.empty.add(A)
    with pytest.raises(NoRoom):
        making.running(client(), google_machine(A), "again")


def test_the_fuse_of_a_users_own_machine_is_set_while_it_is_off(google: Google) -> None:
    vms = client()
    one = created(vms)
    fuse = Fuse(7200)
    assert making.fused(vms, one, fuse, "f") == one  # it runs
    assert "read back STOP after 3600 s" in (making.armed(one, fuse).reason or "")
    off = ending.stop(vms, one)
    assert off is not None
    one = making.running(vms, making.fused(vms, off, fuse, "f"), "s")
    assert making.armed(one, fuse).reason is None and one.run_s == 7200


def test_googles_own_deadline_ends_it(google: Google) -> None:
    created()
    told = google.project.machines[A, NAME]["resourceStatus"]["scheduling"]
    told["terminationTimestamp"] = "2020-01-01T00:00:00.000+00:00"
    assert google_machine(A).off


def test_a_key_joins_those_that_are_there(google: Google) -> None:
    vms = client()
    one = created(vms)
    machine = google.project.machines[A, NAME]
    machine["metadata"]["items"] = [{"key": "ssh-keys", "value": "ann:ssh-rsa AAAA ann"}]
    seen = making.let_in(vms, google_machine(A), KEY, "k")
    assert seen.metadata["ssh-keys"].splitlines()[0] == "ann:ssh-rsa AAAA ann"
    assert KEY.public.split()[1] in seen.metadata["ssh-keys"]
    calls = vms.api.calls
    assert making.let_in(vms, seen, KEY, "k") == seen and vms.api.calls == calls
    # Somebody changed the metadata since it was read: the mark is old, so it is read again.
    machine["metadata"] = {"items": [{"key": "x", "value": "y"}], "fingerprint": "new"}
    seen = making.let_in(vms, one, replace(KEY, user="bob"), "k2")
    assert seen.metadata["x"] == "y" and "bob:" in seen.metadata["ssh-keys"]


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
