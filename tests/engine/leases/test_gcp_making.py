"""A machine of Google for each wish: one, as it was asked for, whatever is answered."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from engine.leases.gcp import ending, making, names
from engine.leases.gcp.errors import NoRoom, Quota, Rejected, Taken, Unclear
from engine.leases.gcp.wanted import Fuse
from tests.engine.leases.gcps import (
    AMBIGUOUS,
    KEY,
    NAME,
    RUN,
    WANTED,
    ZONES,
    A,
    B,
    C,
    client,
    created,
    standing,
)
from tests.support.gcp import Fault, Google


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
    ending.delete(client(), standing(C))
    with pytest.raises(Quota) as said:
        created(intent="i2")
    assert "PREEMPTIBLE-NVIDIA-H100-GPUS is 0.0" in str(said.value)


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
def test_a_preempted_machine_is_started_again(google: Google, kind: str) -> None:
    one = created()
    assert client().preempted_t(one) is None
    google.project.preempt(A, NAME)
    taken = standing(A)
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
        making.running(client(), standing(A), "again")


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


def test_a_key_joins_those_that_are_there(google: Google) -> None:
    vms = client()
    one = created(vms)
    machine = google.project.machines[A, NAME]
    machine["metadata"]["items"] = [{"key": "ssh-keys", "value": "ann:ssh-rsa AAAA ann"}]
    seen = making.let_in(vms, standing(A), KEY, "k")
    assert seen.metadata["ssh-keys"].splitlines()[0] == "ann:ssh-rsa AAAA ann"
    assert KEY.public.split()[1] in seen.metadata["ssh-keys"]
    calls = vms.api.calls
    assert making.let_in(vms, seen, KEY, "k") == seen and vms.api.calls == calls
    # Somebody changed the metadata since it was read: the mark is old, so it is read again.
    machine["metadata"] = {"items": [{"key": "x", "value": "y"}], "fingerprint": "new"}
    seen = making.let_in(vms, one, replace(KEY, user="bob"), "k2")
    assert seen.metadata["x"] == "y" and "bob:" in seen.metadata["ssh-keys"]
