"""Which zone first: how likely a machine is to be had there, and what it costs, as Google itself tells.

Advice and no more: where Google gives none, the user's own order stands, and nothing waits for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import Problem
from engine.events.base import number
from engine.leases.gcp import names
from engine.leases.gcp.api import Api
from engine.leases.gcp.told import table, tables

UNKNOWN = 0.5
"""How a zone of which nothing is told is ranked: before those that are told to be short, behind those that are not."""
STEPS = 10
"""Obtainability counts in tenths, so that a better price wins over a difference that means nothing."""


@dataclass(frozen=True)
class Weather:
    """None: not told. `uptime_s` is how long most such machines live before they are taken."""

    zone: str
    obtainability: float | None = None
    uptime_s: float | None = None
    price_hour: float | None = None
    preempted: float | None = None
    """The part of them that was taken in the newest interval."""


def ranked(weather: Iterable[Weather]) -> list[Weather]:
    """The best first; among equals as they came."""
    return sorted(weather, key=_rank)


def _rank(one: Weather) -> tuple[float, float]:
    likely = UNKNOWN if one.obtainability is None else one.obtainability
    return (-round(likely * STEPS), float("inf") if one.price_hour is None else one.price_hour)


def look(api: Api, zones: Sequence[str], machine: str, spot: bool = True) -> list[Weather]:
    """Every zone once, in the order given. A history exists for Spot alone."""
    return [_zone(api, zone, machine, spot) for zone in dict.fromkeys(zones)]


def _zone(api: Api, zone: str, machine: str, spot: bool) -> Weather:
    where = f"regions/{names.region(zone)}/advice"
    advice = _asked(api, f"{where}/capacity", advice_body(zone, machine, spot))
    history = _asked(api, f"{where}/capacityHistory", history_body(zone, machine)) if spot else {}
    likely, uptime_s = scores(advice)
    return Weather(zone, likely, uptime_s, price(history), rate(history))


def _asked(api: Api, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return api.ask(path, body)
    except Problem:
        return {}


def advice_body(zone: str, machine: str, spot: bool) -> dict[str, Any]:
    """One machine in this one zone."""
    return {
        "size": 1,
        "distributionPolicy": {
            "targetShape": "ANY_SINGLE_ZONE",
            "zones": [{"zone": f"zones/{zone}"}],
        },
        "instanceFlexibilityPolicy": {
            "instanceSelections": {"machine": {"machineTypes": [machine]}}
        },
        "instanceProperties": {"scheduling": {"provisioningModel": "SPOT" if spot else "STANDARD"}},
    }


def history_body(zone: str, machine: str) -> dict[str, Any]:
    return {
        "types": ["PREEMPTION", "PRICE"],
        "locationPolicy": {"location": f"zones/{zone}"},
        "instanceProperties": {
            "machineType": machine,
            "scheduling": {"provisioningModel": "SPOT"},
        },
    }


def scores(advice: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """The best recommendation's obtainability and uptime in seconds."""
    told = [table(one, "scores") for one in tables(advice, "recommendations")]
    found = [
        (likely, one) for one in told if (likely := number(one.get("obtainability"))) is not None
    ]
    if not found:
        return None, None
    likely, best = max(found, key=lambda pair: pair[0])
    return likely, _duration(best.get("estimatedUptime"))


def price(history: Mapping[str, Any]) -> float | None:
    """Dollars an hour in the newest interval; None in another currency."""
    newest = _newest(tables(history, "priceHistory"))
    money = table(newest, "listPrice")
    if money.get("currencyCode", "USD") != "USD":
        return None
    units, nanos = str(money.get("units", "0")), money.get("nanos", 0)
    if not money or not units.isdigit() or not isinstance(nanos, int):
        return None
    return int(units) + nanos / 1e9


def rate(history: Mapping[str, Any]) -> float | None:
    return number(_newest(tables(history, "preemptionHistory")).get("preemptionRate"))


def _newest(records: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """By the end of its interval; times in RFC 3339 and one zone sort as texts."""
    return max(records, key=lambda one: str(table(one, "interval").get("endTime", "")), default={})


def _duration(told: object) -> float | None:
    """Seconds of `3600s`."""
    if not isinstance(told, str) or not told.endswith("s"):
        return None
    try:
        return float(told[:-1])
    except ValueError:
        return None
