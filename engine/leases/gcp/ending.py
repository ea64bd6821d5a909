"""No longer paying: stopped or deleted, and read back. An answer that says it was done proves nothing.

A stop keeps the disks, which bill on, and erases local SSDs. A deletion takes the boot disk too where it was made with
the machine.
"""

from __future__ import annotations

from engine.errors import Unknown
from engine.leases.gcp import names
from engine.leases.gcp.errors import Gone, Rejected, Unclear
from engine.leases.gcp.instance import LEAVING, Instance
from engine.leases.gcp.vms import Vms, Waiting


def stop(vms: Vms, one: Instance) -> Instance | None:
    """It once it is off; None where it is gone. Asked again for as long as it runs."""
    more = {"discardLocalSsd": "true"} if one.scratch else {}
    return _until_off(vms, one, ("POST", "/stop", more), False)


def delete(vms: Vms, one: Instance) -> None:
    """Until it is gone."""
    _until_off(vms, one, ("DELETE", "", {}), True)


def _until_off(
    vms: Vms, one: Instance, how: tuple[str, str, dict[str, str]], gone: bool
) -> Instance | None:
    verb, end, more = how
    path = f"zones/{one.zone}/instances/{one.name}{end}"
    waiting, rounds, why = Waiting(vms), 0, ""
    while True:
        found = vms.find(one.zone, one.name)
        if found is None or found.id != one.id or (found.off and not gone):
            return found if found is not None and found.id == one.id else None
        # The start's time is part of the id: the stop of an earlier boot would be answered with its own success.
        request = names.request(verb, end, found.boot, rounds)
        if found.status not in LEAVING:
            try:
                vms.settle(one.zone, vms.api.change(verb, path, request, query=more))
            except Gone:
                continue
            except (Rejected, Unclear) as problem:
                why = f" ({problem})"
            rounds += 1
            found = vms.find(one.zone, one.name)
            if found is None or (found.off and not gone):
                continue
        if not waiting.again():
            raise Unknown(
                f"{one.name} in {one.zone} is {found.status} and billed after {rounds} requests to end it{why}",
                "stop it in Google's console, or engine hosts down again",
            )
