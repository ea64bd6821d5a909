"""What is sent to Google, made from values: pure functions. The machine gets no credentials of the user's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from engine.leases.gcp import names
from engine.leases.gcp.wanted import Fuse, Key, Wanted

Body = dict[str, Any]


def instance(wanted: Wanted, zone: str) -> Body:
    """The machine that `instances.insert` shall make."""
    slug = names.slug(wanted.run)
    body: Body = {
        "name": slug,
        "machineType": f"zones/{zone}/machineTypes/{wanted.machine}",
        "labels": {names.OURS: slug},
        "metadata": {"items": items(metadata(wanted.key, wanted.run, wanted.metadata))},
        "disks": [disk(wanted)],
        "networkInterfaces": [
            {
                "network": wanted.network,
                "accessConfigs": [{"type": "ONE_TO_ONE_NAT", "name": "External NAT"}],
            }
        ],
        "scheduling": scheduling(wanted),
    }
    if wanted.gpu is not None:
        kind = f"zones/{zone}/acceleratorTypes/{wanted.gpu}"
        body["guestAccelerators"] = [{"acceleratorType": kind, "acceleratorCount": wanted.count}]
    return body


def disk(wanted: Wanted) -> Body:
    """It stays while the machine is stopped and goes when the machine is deleted."""
    return {
        "boot": True,
        "autoDelete": True,
        "initializeParams": {"sourceImage": wanted.image, "diskSizeGb": str(wanted.disk_gb)},
    }


def scheduling(wanted: Wanted) -> Body:
    body: Body = {
        "provisioningModel": "SPOT" if wanted.spot else "STANDARD",
        "onHostMaintenance": "TERMINATE",
        "automaticRestart": False,
    }
    if wanted.spot:
        body["instanceTerminationAction"] = "STOP"
        if wanted.notice_s is not None:
            body["preemptionNoticeDuration"] = {"seconds": str(wanted.notice_s)}
    return fused(body, wanted.fuse)


def fused(known: Mapping[str, Any], fuse: Fuse | None) -> Body:
    """The same scheduling with this fuse in it, or with none."""
    body = {k: v for k, v in known.items() if k not in ("maxRunDuration", "terminationTime")}
    if fuse is not None:
        body["maxRunDuration"] = {"seconds": str(fuse.run_s)}
        body["instanceTerminationAction"] = fuse.action
    elif body.get("provisioningModel") != "SPOT":
        body.pop("instanceTerminationAction", None)
    return body


def metadata(key: Key, run: str, more: Mapping[str, str]) -> dict[str, str]:
    """What a machine must be told so that this key, and no other of the project, lets somebody in."""
    return {
        **more,
        names.RUN: run,
        "ssh-keys": ssh_key(key),
        "block-project-ssh-keys": "TRUE",
        "enable-oslogin": "FALSE",
        "enable-guest-attributes": "TRUE",
    }


def ssh_key(key: Key) -> str:
    """A line of `ssh-keys`, in the form with an end where there is one."""
    kind, text = key.public.split()[:2]
    if key.until is None:
        return f"{key.user}:{kind} {text} {key.user}"
    end = datetime.fromtimestamp(key.until, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S+0000")
    told = json.dumps({"userName": key.user, "expireOn": end})
    return f"{key.user}:{kind} {text} google-ssh {told}"


def joined(known: Mapping[str, str], key: Key) -> dict[str, str]:
    """The metadata of a machine that was there before, with our key beside those it has."""
    line = ssh_key(key)
    mark = " ".join(line.split()[:2])
    others = [
        one for one in known.get("ssh-keys", "").splitlines() if one and not one.startswith(mark)
    ]
    return {**known, "ssh-keys": "\n".join([*others, line]), "enable-guest-attributes": "TRUE"}


def items(pairs: Mapping[str, str]) -> list[Body]:
    return [{"key": key, "value": value} for key, value in pairs.items()]
