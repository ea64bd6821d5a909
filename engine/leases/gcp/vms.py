"""The machines of one project: found, listed, and what is under way waited for. What is true is what is read back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from engine.errors import Unknown
from engine.leases.gcp import errors, instance, names
from engine.leases.gcp.api import Api
from engine.leases.gcp.errors import Unclear
from engine.leases.gcp.instance import Instance
from engine.leases.gcp.told import table, tables, text, when

PATIENCE_S = 420.0
"""For a machine to come or to go, and for one change to be done."""
FIRST_S, LONGEST_S = 0.5, 5.0
PREEMPTED = "compute.instances.preempted"


class Listing(NamedTuple):
    """`complete` is False where a zone did not answer: what is not listed may be there all the same."""

    machines: tuple[Instance, ...]
    complete: bool


class Waiting:
    """Looks again, ever more slowly, until patience ends."""

    def __init__(self, vms: Vms) -> None:
        self._vms = vms
        self._pause_s = FIRST_S
        self._until = time.monotonic() + vms.patience_s

    def again(self) -> bool:
        if time.monotonic() >= self._until:
            return False
        self._vms.api.pause(self._pause_s)
        self._pause_s = min(1.5 * self._pause_s, LONGEST_S)
        return True


class Vms:
    """Reads; what changes anything is in `making` and `ending`."""

    def __init__(self, api: Api, patience_s: float = PATIENCE_S) -> None:
        self.api, self.patience_s = api, patience_s

    def find(self, zone: str, name: str) -> Instance | None:
        """This machine as it is now. Unlike a list, this is never older than the last change."""
        told = self.api.get(f"zones/{zone}/instances/{name}")
        return None if told is None else instance.read(told)

    def somewhere(self, zones: Iterable[str], name: str) -> list[Instance]:
        """It in each of these zones: a name is one machine's in one zone only."""
        found = [self.find(zone, name) for zone in dict.fromkeys(zones)]
        return [one for one in found if one is not None]

    def listed(self) -> Listing:
        """All with our label, in every zone."""
        found: list[Instance] = []
        complete, page = True, ""
        while True:
            query = {"filter": f"labels.{names.OURS}:*", **({"pageToken": page} if page else {})}
            told = self.api.get("aggregated/instances", query) or {}
            for scope in table(told, "items").values():
                if isinstance(scope, dict):
                    found += [instance.read(one) for one in tables(scope, "instances")]
                    complete &= table(scope, "warning").get("code") in (None, "NO_RESULTS_ON_PAGE")
            complete &= not told.get("unreachables")
            page = text(told, "nextPageToken") or ""
            if not page:
                # A server that ignores the filter must not make other people's machines ours.
                return Listing(tuple(one for one in found if one.ours), complete)

    def host_key(self, one: Instance) -> str | None:
        """The fingerprint of its sshd's key, told by itself over Google's own network; None: not yet."""
        path = f"zones/{one.zone}/instances/{one.name}/getGuestAttributes"
        told = self.api.get(path, {"queryPath": "hostkeys/"})
        return None if told is None else instance.host_key(told)

    def preempted_t(self, one: Instance) -> float | None:
        """When Google took it, since it was started last; None: it did not."""
        words = f'(operationType = "{PREEMPTED}") (targetId = {one.id})'
        told = self.api.get(f"zones/{one.zone}/operations", {"filter": words}) or {}
        times = [
            when(entry.get("insertTime"))
            for entry in tables(told, "items")
            if entry.get("operationType") == PREEMPTED and str(entry.get("targetId")) == one.id
        ]
        since = one.started_t or 0.0
        return max((t for t in times if t is not None and t >= since), default=None)

    def settle(self, zone: str, operation: dict[str, Any]) -> None:
        """Until it is done; its error as a problem. One that Google forgot is no matter: the machine is read back."""
        waiting, name = Waiting(self), str(operation.get("name", ""))
        found: dict[str, Any] | None = operation
        while found is not None and found.get("status") != "DONE":
            if not waiting.again():
                raise Unclear(f"{zone}: operation {name} is not done after {self.patience_s:.0f} s")
            found = self.api.get(f"zones/{zone}/operations/{name}")
        problem = errors.of_operation(found or {}, zone)
        if problem is not None:
            raise problem

    def until(
        self, one: Instance, seen: Callable[[Instance | None], bool], what: str
    ) -> Instance | None:
        """Read it back until it is so."""
        waiting = Waiting(self)
        while True:
            found = self.find(one.zone, one.name)
            if seen(found):
                return found
            if not waiting.again():
                status = "not there" if found is None else found.status
                raise Unknown(
                    f"{one.name} in {one.zone} should be {what} and is {status} after {self.patience_s:.0f} s",
                    "engine hosts sweep",
                )
