"""A project of Google Compute Engine as its interface shows it: machines, operations, what is billed. No network here.

A change is an operation that is done a little later; the same request id gives the same operation. Refuses what the
real one refuses, so that a client that asks wrongly is found out.
"""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

OFF = ("TERMINATED", "STOPPED", "SUSPENDED")
Told = dict[str, Any]


class Refusal(Exception):
    """An answer that is no success."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.code, self.reason = code, reason


class Boxes:
    """The machines behind the interface; none here. `up` gives an address and the key that its sshd shows."""

    def up(self, name: str, pairs: dict[str, str]) -> tuple[str, str]:
        return "127.0.77.1", base64.b64encode(b"key of " + name.encode()).decode()

    def down(self, name: str) -> None:
        """Its power is gone."""


def stamp(t: float) -> str:
    return datetime.fromtimestamp(t, timezone.utc).isoformat(timespec="milliseconds")


@dataclass
class Project:
    """`machines` are what exists by zone and name; `faults` of zones: no room, no quota."""

    boxes: Boxes = field(default_factory=Boxes)
    done_s: float = 0.05
    """From a request to the end of its operation."""
    machines: dict[tuple[str, str], Told] = field(default_factory=dict)
    operations: dict[str, Told] = field(default_factory=dict)
    empty: set[str] = field(default_factory=set)
    """Zones that have nothing free."""
    poor: set[str] = field(default_factory=set)
    """Zones of which the quota is used up."""
    deaf: int = 0
    """So many stops and deletions will be said to be done and change nothing."""
    silent_keys: bool = False
    """No machine publishes its host key."""
    weather: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Obtainability and price of zones."""
    made: list[str] = field(default_factory=list)
    most: int = 0
    """Machines of one label at the same time, at most."""
    _waiting: list[tuple[float, Told, Callable[[], None]]] = field(default_factory=list)
    _requests: dict[str, Told] = field(default_factory=dict)
    _keys: dict[str, str] = field(default_factory=dict)

    def tick(self) -> None:
        """What is due by now."""
        now = time.time()
        due = [one for one in self._waiting if one[0] <= now]
        self._waiting = [one for one in self._waiting if one[0] > now]
        for _, operation, act in due:
            act()
            operation.update(status="DONE", progress=100, endTime=stamp(now))
        for machine in list(self.machines.values()):
            end = (
                machine.get("resourceStatus", {}).get("scheduling", {}).get("terminationTimestamp")
            )
            if (
                machine["status"] == "RUNNING"
                and end
                and datetime.fromisoformat(end).timestamp() <= now
            ):
                self._off(machine)

    def get(self, zone: str, name: str) -> Told:
        if (zone, name) not in self.machines:
            raise Refusal(404, "notFound", f"The resource '{zone}/{name}' was not found")
        return self.machines[zone, name]

    def operate(
        self,
        kind: str,
        zone: str,
        request: str,
        act: Callable[[], None],
        target: Told | None = None,
    ) -> Told:
        """The operation of this request; the one that it has already where it is not the first of its id."""
        if request in self._requests:
            return self._requests[request]
        operation: Told = {
            "kind": "compute#operation",
            "name": f"operation-{uuid.uuid4()}",
            "id": str(uuid.uuid4().int % 2**63),
            "operationType": kind,
            "status": "RUNNING",
            "progress": 0,
            "zone": f"https://compute/zones/{zone}",
            "insertTime": stamp(time.time()),
            **({"clientOperationId": request} if request else {}),
            **({"targetId": target["id"]} if target else {}),
        }
        self.operations[operation["name"]] = operation
        if request:
            self._requests[request] = operation
        self._waiting.append((time.time() + self.done_s, operation, act))
        return operation

    def insert(self, zone: str, body: Told, request: str) -> Told:
        if request in self._requests:
            return self._requests[request]
        name = body.get("name", "")
        if (zone, name) in self.machines:
            raise Refusal(409, "alreadyExists", f"The resource '{zone}/{name}' already exists")
        self._lawful(body.get("scheduling", {}))
        if zone in self.poor or zone in self.empty:
            return self._fails("insert", zone, request)
        machine = {
            **body,
            "id": str(uuid.uuid4().int % 2**63),
            "zone": f"https://compute/zones/{zone}",
            "status": "PROVISIONING",
            "creationTimestamp": stamp(time.time()),
        }
        machine["metadata"] = {**body.get("metadata", {}), "fingerprint": uuid.uuid4().hex[:8]}
        self.machines[zone, name] = machine
        self.made.append(name)
        self.most = max(self.most, sum(known == name for _, known in self.machines))
        return self.operate("insert", zone, request, lambda: self._on(machine), machine)

    def start(self, zone: str, name: str, request: str) -> Told:
        machine = self.get(zone, name)
        if request not in self._requests and (zone in self.empty or zone in self.poor):
            return self._fails("start", zone, request)
        if machine["status"] not in (*OFF, "RUNNING") and request not in self._requests:
            raise Refusal(400, "resourceNotReady", f"{name} is {machine['status']}")
        return self.operate("start", zone, request, lambda: self._on(machine), machine)

    def stop(self, zone: str, name: str, request: str, discards: bool) -> Told:
        machine = self.get(zone, name)
        if any(disk.get("type") == "SCRATCH" for disk in machine.get("disks", ())) and not discards:
            raise Refusal(400, "badRequest", "VM has a Local SSD attached: set discard-local-ssd")
        return self.operate(
            "stop", zone, request, self._unless_deaf(lambda: self._off(machine)), machine
        )

    def delete(self, zone: str, name: str, request: str) -> Told:
        if request in self._requests:
            return self._requests[request]
        machine = self.get(zone, name)
        act = self._unless_deaf(lambda: self._gone(zone, name))
        return self.operate("delete", zone, request, act, machine)

    def set_metadata(self, zone: str, name: str, body: Told, request: str) -> Told:
        machine = self.get(zone, name)
        if request in self._requests:
            return self._requests[request]
        if body.get("fingerprint") != machine["metadata"]["fingerprint"]:
            raise Refusal(412, "conditionNotMet", "Supplied fingerprint does not match")
        told = {**body, "fingerprint": uuid.uuid4().hex[:8]}
        return self.operate(
            "setMetadata", zone, request, lambda: machine.update(metadata=told), machine
        )

    def set_scheduling(self, zone: str, name: str, body: Told, request: str) -> Told:
        machine = self.get(zone, name)
        if machine["status"] != "TERMINATED" and request not in self._requests:
            raise Refusal(400, "badRequest", "Instance must be stopped to change its scheduling")
        self._lawful(body)
        return self.operate(
            "setScheduling", zone, request, lambda: machine.update(scheduling=body), machine
        )

    def preempt(self, zone: str, name: str) -> None:
        """Google takes it."""
        machine = self.get(zone, name)
        operation = self.operate("compute.instances.preempted", zone, "", lambda: None, machine)
        self._waiting = [one for one in self._waiting if one[1] is not operation]
        operation.update(status="DONE", progress=100, endTime=stamp(time.time()))
        self._off(machine)

    def host_keys(self, zone: str, name: str) -> Told:
        machine = self.get(zone, name)
        pairs = {one["key"]: one.get("value") for one in machine["metadata"].get("items", ())}
        key = self._keys.get(name)
        if pairs.get("enable-guest-attributes") != "TRUE" or key is None or self.silent_keys:
            raise Refusal(404, "notFound", "The guest attribute 'hostkeys/' was not found")
        item = {"namespace": "hostkeys", "key": "ssh-ed25519", "value": key}
        return {"queryPath": "hostkeys/", "queryValue": {"items": [item]}}

    def billed(self) -> list[str]:
        return [name for (_, name), one in self.machines.items() if one["status"] not in OFF]

    def _lawful(self, scheduling: Told) -> None:
        spot = scheduling.get("provisioningModel") == "SPOT"
        if spot and (
            scheduling.get("automaticRestart") or scheduling.get("onHostMaintenance") != "TERMINATE"
        ):
            raise Refusal(
                400, "invalid", "Spot needs automaticRestart false, onHostMaintenance TERMINATE"
            )
        if scheduling.get("maxRunDuration") and not scheduling.get("instanceTerminationAction"):
            raise Refusal(400, "invalid", "maxRunDuration needs an instanceTerminationAction")

    def _unless_deaf(self, act: Callable[[], None]) -> Callable[[], None]:
        def acted() -> None:
            if self.deaf > 0:
                self.deaf -= 1
            else:
                act()

        return acted

    def _fails(self, kind: str, zone: str, request: str) -> Told:
        code, words = "ZONE_RESOURCE_POOL_EXHAUSTED", f"The zone '{zone}' has not enough resources"
        detail: Told = {}
        if zone in self.poor:
            code, words = "QUOTA_EXCEEDED", "Quota 'PREEMPTIBLE_NVIDIA_H100_GPUS' exceeded."
            told = {"metricName": "x", "limitName": "PREEMPTIBLE-NVIDIA-H100-GPUS", "limit": 0.0}
            detail = {"errorDetails": [{"quotaInfo": told}]}
        operation = self.operate(kind, zone, request, lambda: None)
        operation["error"] = {"errors": [{"code": code, "message": words, **detail}]}
        return operation

    def _on(self, machine: Told) -> None:
        if machine["status"] in ("RUNNING", "STOPPING"):
            return
        now = time.time()
        pairs = {one["key"]: one.get("value", "") for one in machine["metadata"].get("items", ())}
        address, key = self.boxes.up(machine["name"], pairs)
        self._keys[machine["name"]] = key
        run = machine.get("scheduling", {}).get("maxRunDuration")
        status = {"terminationTimestamp": stamp(now + int(run["seconds"]))} if run else {}
        cards = [dict(card) for card in machine.get("networkInterfaces", [{}])]
        cards[0]["accessConfigs"] = [{"type": "ONE_TO_ONE_NAT", "name": "n", "natIP": address}]
        machine.update(
            status="RUNNING",
            lastStartTimestamp=stamp(now),
            networkInterfaces=cards,
            resourceStatus={"scheduling": status},
        )

    def _off(self, machine: Told) -> None:
        if machine["status"] in OFF:
            return
        self.boxes.down(machine["name"])
        machine.update(status="TERMINATED", lastStopTimestamp=stamp(time.time()))
        machine["resourceStatus"] = {}
        for card in machine.get("networkInterfaces", ()):
            card["accessConfigs"] = [{"type": "ONE_TO_ONE_NAT", "name": "n"}]

    def _gone(self, zone: str, name: str) -> None:
        machine = self.machines.pop((zone, name), None)
        if machine is not None and machine["status"] not in OFF:
            self.boxes.down(name)
