"""No longer paying: a stop or a deletion stands when it was read back, and only then."""

from __future__ import annotations

import pytest

from engine.errors import Unknown
from engine.leases.gcp import ending, making
from tests.engine.leases.gcps import (
    AMBIGUOUS,
    NAME,
    A,
    client,
    created,
    standing,
)
from tests.support.gcp import Fault, Google


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
        one = making.running(client(), standing(A), "again")
    assert ending.stop(client(), one) is not None and google.project.billed() == []


def test_a_stop_erases_local_disks_only_where_there_are_some(google: Google) -> None:
    one = created()
    google.project.machines[A, NAME]["disks"].append({"type": "SCRATCH"})
    assert ending.stop(client(), standing(A)) is not None
    asked = [words for method, words in google.asked if method == "stop"]
    assert asked[-1]["discardLocalSsd"] == "true" and not one.scratch


def test_googles_own_deadline_ends_it(google: Google) -> None:
    created()
    told = google.project.machines[A, NAME]["resourceStatus"]["scheduling"]
    told["terminationTimestamp"] = "2020-01-01T00:00:00.000+00:00"
    assert standing(A).off
