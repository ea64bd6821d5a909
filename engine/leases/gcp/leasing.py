"""From what hosts.toml says to a machine that can be reached: one of the user's, started, or one made for a run.

What was there and ran before we came is said, because it is not ours to stop. A price is what Google tells for the
zone, else what the user wrote; a host key is what the machine told over Google's own network, or unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from engine.errors import NotFound
from engine.leases.gcp import making, weather
from engine.leases.gcp.instance import Instance
from engine.leases.gcp.making import Armed
from engine.leases.gcp.settings import Settings
from engine.leases.gcp.vms import Vms, Waiting
from engine.leases.gcp.wanted import Fuse, Key, Wanted


@dataclass(frozen=True)
class Wish:
    """One lease. `intent` names it in the journal before anything is asked; `tried` hears of each zone before it is."""

    run: str
    intent: str
    key: Key
    fuse: Fuse | None = None
    tried: Callable[[str], None] = lambda zone: None


@dataclass(frozen=True)
class Held:
    """A machine that runs. `host_key` is None where the machine told none, `price_hour` where nobody did."""

    instance: Instance
    fuse: Armed
    host_key: str | None
    price_hour: float | None
    before: bool
    """It ran before we came."""


def acquire(vms: Vms, settings: Settings, wish: Wish) -> Held:
    """A running machine for this wish; the same again for the same wish."""
    if settings.instance is not None:
        return _own(vms, settings, settings.instance, wish)
    wanted = _wanted(settings, wish)
    # Adopted before any advice is asked for: the order of zones is a matter of new machines only.
    if making.adopted(vms, wanted) is None and len(settings.zones) > 1:
        wanted = _by_weather(vms, wanted)
    one = making.create(vms, wanted, wish.intent, wish.tried)
    return _held(vms, settings, one, wish, False)


def _own(vms: Vms, settings: Settings, name: str, wish: Wish) -> Held:
    found = vms.somewhere(settings.zones, name)
    if not found:
        zones = ", ".join(settings.zones)
        raise NotFound(
            f"no machine {name} in {zones} of {settings.project}",
            "correct instance and zone in hosts.toml, or leave instance out to have one made",
        )
    one = found[0]
    before = one.status == "RUNNING"
    one = making.let_in(vms, one, wish.key, wish.intent)
    if not before:
        wish.tried(one.zone)
        one = making.fused(vms, one, wish.fuse, wish.intent)
        one = making.running(vms, one, wish.intent)
    return _held(vms, settings, one, wish, before)


def _wanted(settings: Settings, wish: Wish) -> Wanted:
    return Wanted(
        run=wish.run,
        machine=settings.machine or "",
        zones=settings.zones,
        image=settings.image or "",
        key=wish.key,
        spot=settings.spot,
        fuse=wish.fuse,
        disk_gb=settings.volume_gb,
        gpu=settings.gpu,
        count=settings.count,
    )


def _by_weather(vms: Vms, wanted: Wanted) -> Wanted:
    found = weather.ranked(weather.look(vms.api, wanted.zones, wanted.machine, wanted.spot))
    return replace(wanted, zones=tuple(one.zone for one in found))


def _held(vms: Vms, settings: Settings, one: Instance, wish: Wish, before: bool) -> Held:
    return Held(
        instance=one,
        fuse=making.armed(one, wish.fuse),
        host_key=_host_key(vms, one),
        price_hour=_price(vms, settings, one),
        before=before,
    )


def _host_key(vms: Vms, one: Instance) -> str | None:
    """Its sshd makes a key at the first boot, so it may come a little later."""
    if one.metadata.get("enable-guest-attributes", "").upper() != "TRUE":
        return None
    waiting = Waiting(vms)
    while (found := vms.host_key(one)) is None and waiting.again():
        continue
    return found


def _price(vms: Vms, settings: Settings, one: Instance) -> float | None:
    """Google tells prices of Spot alone, and without its disks."""
    if not one.spot or one.machine is None:
        return settings.price_hour
    told = weather.look(vms.api, (one.zone,), one.machine)[0].price_hour
    return settings.price_hour if told is None else told
