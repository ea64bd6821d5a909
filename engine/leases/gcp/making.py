"""Getting a machine: made, or one of the user's started; once, whatever is answered, and read back before it counts.

No zone is tried before the one ahead of it has said for certain that it made nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.errors import Problem, Unknown
from engine.leases.gcp import bodies, ending, names
from engine.leases.gcp.errors import Gone, NoRoom, Quota, Rejected, Taken, Unclear
from engine.leases.gcp.instance import COMING, LEAVING, RUNNING, Instance
from engine.leases.gcp.vms import Vms, Waiting
from engine.leases.gcp.wanted import Fuse, Key, Wanted


@dataclass(frozen=True)
class Armed:
    """Whether Google itself ends the machine, as it was read back. `reason` is why it is unproven."""

    ends_t: float | None
    reason: str | None = None


def create(
    vms: Vms, wanted: Wanted, intent: str, tried: Callable[[str], None] = lambda zone: None
) -> Instance:
    """A running machine for this run. `intent` names this wish: asking again with it makes no second machine.

    `tried` is told each zone before it is asked.
    """
    known = adopted(vms, wanted)
    if known is not None:
        return running(vms, known, intent)
    short: list[Problem] = []
    full: set[str] = set()
    for zone in dict.fromkeys(wanted.zones):
        if names.region(zone) in full:
            continue
        tried(zone)
        try:
            return _insert(vms, wanted, zone, intent)
        except (NoRoom, Quota) as problem:
            short.append(problem)
            full |= {names.region(zone)} if isinstance(problem, Quota) else set()
    last = short[-1] if short else Rejected("no zone is named", "zone = in hosts.toml")
    if len(short) < 2:
        raise last
    raise type(last)("; ".join(str(one) for one in short), last.fix)


def adopted(vms: Vms, wanted: Wanted) -> Instance | None:
    """What an earlier try of this run left behind; of two, the one that runs."""
    found = vms.somewhere(wanted.zones, names.slug(wanted.run))
    for one in found:
        if not one.ours or one.run != wanted.run:
            raise Taken(f"{one.zone} has a machine {one.name} that is not this run's", "rename it")
    found.sort(key=lambda one: one.off)
    return found[0] if found else None


def _insert(vms: Vms, wanted: Wanted, zone: str, intent: str) -> Instance:
    name = names.slug(wanted.run)
    request = names.request(intent, "insert", zone, name)
    try:
        vms.settle(
            zone,
            vms.api.change(
                "POST", f"zones/{zone}/instances", request, bodies.instance(wanted, zone)
            ),
        )
    except Taken:
        pass  # an earlier request of ours came through after all
    except Gone as problem:
        raise Rejected(f"{problem}", "machine, image or network in hosts.toml") from None
    except Unclear:
        if vms.find(zone, name) is None:
            raise
    except (NoRoom, Quota):
        left = vms.find(zone, name)
        if left is not None:
            ending.delete(vms, left)
        raise
    made = adopted(vms, wanted)
    if made is None:
        raise NoRoom(f"{zone} made the machine and it is gone again", "another zone, or later")
    return running(vms, made, intent)


def running(vms: Vms, one: Instance, intent: str) -> Instance:
    """Start it where it is off, and wait until it runs. What was read before may be old, so it is read again."""
    waiting, rounds = Waiting(vms), 0
    found = vms.find(one.zone, one.name)
    while found is not None and found.status != RUNNING:
        if found.off:
            _start(vms, found, names.request(intent, "start", found.boot, found.stopped_t, rounds))
            rounds += 1
        elif found.status not in (*COMING, *LEAVING):
            raise Unknown(
                f"{one.name} is {found.status}, which is not known here", "engine hosts sweep"
            )
        found = vms.find(one.zone, one.name)
        if found is not None and found.status != RUNNING and not waiting.again():
            raise Unknown(
                f"{one.name} in {one.zone} does not run after {vms.patience_s:.0f} s; it is {found.status}",
                "engine hosts sweep",
            )
    if found is None:
        raise NoRoom(f"{one.name} is gone from {one.zone} before it ran", "another zone, or later")
    return found


def _start(vms: Vms, one: Instance, request: str) -> None:
    verb = "resume" if one.status == "SUSPENDED" else "start"
    path = f"zones/{one.zone}/instances/{one.name}/{verb}"
    vms.settle(one.zone, vms.api.change("POST", path, request))


def let_in(vms: Vms, one: Instance, key: Key, intent: str) -> Instance:
    """Our key beside those that the machine knows. Somebody else may change its metadata at the same time."""
    for number in range(3):
        pairs = bodies.joined(one.metadata, key)
        if pairs == dict(one.metadata):
            return one
        body = {"items": bodies.items(pairs), "fingerprint": one.fingerprint}
        request = names.request(intent, "metadata", one.fingerprint, number)
        try:
            path = f"zones/{one.zone}/instances/{one.name}/setMetadata"
            vms.settle(one.zone, vms.api.change("POST", path, request, body))
        except Rejected:
            if number == 2:
                raise
        one = _still(vms, one)
    return one


def fused(vms: Vms, one: Instance, fuse: Fuse | None, intent: str) -> Instance:
    """Another end of its time, which Google takes only while the machine is off; it counts from the next start."""
    if not one.off or fuse is None or (one.run_s, one.action) == (fuse.run_s, fuse.action):
        return one
    request = names.request(intent, "scheduling", one.boot, one.stopped_t, fuse)
    path = f"zones/{one.zone}/instances/{one.name}/setScheduling"
    body = bodies.fused(one.scheduling, fuse)
    vms.settle(one.zone, vms.api.change("POST", path, request, body))
    return _still(vms, one)


def _still(vms: Vms, one: Instance) -> Instance:
    found = vms.find(one.zone, one.name)
    if found is None:
        raise Gone(f"{one.name} is gone from {one.zone}")
    return found


def armed(one: Instance, fuse: Fuse | None) -> Armed:
    """What was read back, held against what was asked."""
    if fuse is None:
        return Armed(one.ends_t, None if one.ends_t is not None else "no deadline was asked for")
    if one.run_s is None:
        reason = "Google takes a deadline only while a machine is off, and this one ran"
        return Armed(one.ends_t, reason)
    if (one.run_s, one.action) != (fuse.run_s, fuse.action):
        asked, found = f"{fuse.action} after {fuse.run_s} s", f"{one.action} after {one.run_s} s"
        return Armed(one.ends_t, f"asked for {asked}, read back {found}")
    if one.ends_t is None:
        return Armed(None, "Google does not tell when it will end the machine")
    return Armed(one.ends_t)
