"""What Google tells of a machine, as a value. What it leaves out is None; a status that is new counts as billed."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.leases.gcp import names
from engine.leases.gcp.told import seconds, table, tables, text, when
from engine.machines import trust

RUNNING = "RUNNING"
OFF = ("TERMINATED", "STOPPED", "SUSPENDED")
"""No core and no GPU is billed; disks and addresses are."""
COMING = ("PENDING", "PROVISIONING", "STAGING", "REPAIRING")
LEAVING = ("STOPPING", "PENDING_STOP", "SUSPENDING", "DEPROVISIONING")
HOST_KEY = "ssh-ed25519"


@dataclass(frozen=True)
class Instance:
    """One instance as it was read. Times are Unix seconds by Google's clock."""

    name: str
    zone: str
    id: str
    status: str
    machine: str | None
    spot: bool | None
    address: str | None
    """From outside, where it has one, else inside its network; None while it has neither."""
    labels: Mapping[str, str]
    metadata: Mapping[str, str]
    fingerprint: str | None
    """Of the metadata: what a change must carry."""
    scheduling: Mapping[str, Any]
    run_s: int | None
    action: str | None
    ends_t: float | None
    """When Google itself ends it: the fuse, as it burns."""
    created_t: float | None
    started_t: float | None
    stopped_t: float | None
    scratch: bool
    """It has local SSDs, which a stop erases."""

    @property
    def off(self) -> bool:
        return self.status in OFF

    @property
    def ours(self) -> bool:
        return names.OURS in self.labels

    @property
    def run(self) -> str | None:
        return self.metadata.get(names.RUN)

    @property
    def boot(self) -> str:
        """Another one after each start."""
        return f"{self.id} {self.started_t}"


def read(told: Mapping[str, Any]) -> Instance:
    """An `Instance` of the interface."""
    scheduling = table(told, "scheduling")
    metadata = table(told, "metadata")
    status = table(table(told, "resourceStatus"), "scheduling")
    model = text(scheduling, "provisioningModel")
    machine = text(told, "machineType")
    return Instance(
        name=str(told.get("name", "")),
        zone=names.last(str(told.get("zone", ""))),
        id=str(told.get("id", "")),
        status=str(told.get("status", "UNKNOWN")),
        machine=names.last(machine) if machine else None,
        spot=None if model is None else model == "SPOT",
        address=_address(told),
        labels={k: str(v) for k, v in table(told, "labels").items()},
        metadata=_items(metadata),
        fingerprint=text(metadata, "fingerprint"),
        scheduling=scheduling,
        run_s=seconds(scheduling, "maxRunDuration"),
        action=text(scheduling, "instanceTerminationAction"),
        ends_t=when(status.get("terminationTimestamp")),
        created_t=when(told.get("creationTimestamp")),
        started_t=when(told.get("lastStartTimestamp")),
        stopped_t=when(told.get("lastStopTimestamp")),
        scratch=any(one.get("type") == "SCRATCH" for one in tables(told, "disks")),
    )


def host_key(attributes: Mapping[str, Any]) -> str | None:
    """The fingerprint of the key that a machine's sshd shows, as the machine itself told Google; None: not yet."""
    for item in tables(table(attributes, "queryValue"), "items"):
        if item.get("namespace") == "hostkeys" and item.get("key") == HOST_KEY:
            return fingerprint(str(item.get("value", "")))
    return None


def fingerprint(told: str) -> str | None:
    """SHA256:… of a public key in base64."""
    words = told.split()
    try:
        blob = base64.b64decode(words[-1] if words else "", validate=True)
    except (binascii.Error, ValueError):
        return None
    return trust.fingerprint(blob) if blob else None


def _address(told: Mapping[str, Any]) -> str | None:
    for card in tables(told, "networkInterfaces"):
        outside = [one.get("natIP") for one in tables(card, "accessConfigs")]
        for found in (*outside, card.get("networkIP")):
            if isinstance(found, str) and found:
                return found
    return None


def _items(metadata: Mapping[str, Any]) -> dict[str, str]:
    found = tables(metadata, "items")
    return {str(one["key"]): str(one.get("value", "")) for one in found if "key" in one}
