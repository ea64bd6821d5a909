"""The keys of a `gcp` entry in hosts.toml, read strictly: a wrong word here would be a wrong machine on a bill."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from engine.errors import Unusable

PROJECT = re.compile(r"(?:[a-z0-9.-]+:)?[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
ZONE = re.compile(r"[a-z]+(?:-[a-z0-9]+)+-[a-z]")
NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")
IMAGE = re.compile(r"projects/[a-z0-9.:-]+/global/images/(?:family/)?[a-z0-9-]+")
TEXTS = {
    "project": PROJECT,
    "zone": ZONE,
    "instance": NAME,
    "machine": NAME,
    "image": IMAGE,
    "gpu": NAME,
}
LIKE = {
    "project": "elson-33a95",
    "zone": "us-central1-a",
    "instance": "elson-h100-spot",
    "machine": "a3-highgpu-1g",
    "image": "projects/PROJECT/global/images/family/FAMILY",
    "gpu": "nvidia-tesla-t4",
}
WHOLE = {"count": (1, 16), "volume_gb": (10, 65536)}
KEYS = (*TEXTS, *WHOLE, "fallback_zones", "spot")


@dataclass(frozen=True)
class Settings:
    """With `instance` it is that machine of the user's; without, one is made for each run."""

    project: str
    zone: str
    fallback_zones: tuple[str, ...] = ()
    instance: str | None = None
    machine: str | None = None
    image: str | None = None
    spot: bool = True
    gpu: str | None = None
    count: int = 1
    volume_gb: int = 100
    price_hour: float | None = None

    @property
    def zones(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.zone, *self.fallback_zones)))


def of(table: Mapping[str, Any], where: str, price_hour: float | None = None) -> Settings:
    """From an entry's own keys; `where` is the file and the entry's name."""
    for key, value in table.items():
        _checked(key, value, f"{where}.{key}")
    for key in ("project", "zone"):
        if key not in table:
            raise Unusable(f"{where}: a gcp host needs {key}", f'{key} = "{LIKE[key]}"')
    if "instance" not in table:
        for key in ("machine", "image"):
            if key not in table:
                raise Unusable(
                    f"{where}: to make a machine, {key} must be known",
                    f'{key} = "{LIKE[key]}", or instance = "…" for one that is there',
                )
    plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in table.items()}
    return Settings(**plain, price_hour=price_hour)


def _checked(key: str, value: object, where: str) -> None:
    if key not in KEYS:
        near = get_close_matches(key, KEYS, 1)
        raise Unusable(
            f"{where}: unknown key", f"did you mean {near[0]}?" if near else ", ".join(KEYS)
        )
    if key in TEXTS:
        if not isinstance(value, str) or not TEXTS[key].fullmatch(value):
            raise Unusable(f"{where}: {value!r} is none", f'{key} = "{LIKE[key]}"')
    elif key in WHOLE:
        least, most = WHOLE[key]
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise Unusable(f"{where}: {value!r} is none", f"a whole number, {least} to {most}")
    elif key == "spot":
        if not isinstance(value, bool):
            raise Unusable(f"{where}: {value!r} is neither true nor false", "spot = true")
    elif not isinstance(value, list) or not all(
        isinstance(one, str) and ZONE.fullmatch(one) for one in value
    ):
        raise Unusable(
            f"{where}: {value!r} is no list of zones", 'fallback_zones = ["us-central1-b"]'
        )
