"""A `gcp` entry of hosts.toml: what is wrong is named by file and key, with what would be right."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import Unusable
from engine.leases.gcp import settings
from engine.leases.gcp.settings import LIKE, Settings

WHERE = "hosts.toml: elson"
OWN = {"project": "elson-33a95", "zone": "us-central1-a", "instance": "elson-h100-spot"}
MADE = {
    "project": "example.com:elson-33a95",
    "zone": "us-central1-a",
    "fallback_zones": ["us-central1-c", "us-central1-a", "europe-west4-b"],
    "machine": "a3-highgpu-1g",
    "image": "projects/debian-cloud/global/images/family/debian-13",
    "spot": False,
    "volume_gb": 200,
}


def test_an_entry_is_read() -> None:
    made = settings.of(MADE, WHERE, 2.5)
    assert made.zones == ("us-central1-a", "us-central1-c", "europe-west4-b")
    assert (made.spot, made.volume_gb, made.price_hour, made.instance) == (False, 200, 2.5, None)
    assert settings.of(OWN, WHERE) == Settings(**OWN)


@pytest.mark.parametrize(
    ("change", "words", "fix"),
    [
        ({"zone": "us-central1"}, "elson.zone", "us-central1-a"),
        ({"zone": "us-central1-a/../b"}, "elson.zone", "us-central1-a"),
        ({"project": "Elson"}, "elson.project", "elson-33a95"),
        ({"instance": "x/../y"}, "elson.instance", "elson-h100-spot"),
        ({"machine": 4}, "elson.machine", "a3-highgpu-1g"),
        ({"image": "debian"}, "elson.image", "projects/"),
        ({"count": True}, "elson.count", "1 to 16"),
        ({"volume_gb": 5}, "elson.volume_gb", "10 to"),
        ({"spot": "yes"}, "elson.spot", "true"),
        ({"fallback_zones": "us-central1-b"}, "elson.fallback_zones", "["),
        ({"fallback_zone": ["us-central1-b"]}, "unknown key", "did you mean fallback_zones?"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], words: str, fix: str) -> None:
    with pytest.raises(Unusable) as said:
        settings.of({**OWN, **change}, WHERE)
    assert words in str(said.value) and fix in (said.value.fix or "")


@pytest.mark.parametrize("key", ["project", "zone", "machine", "image"])
def test_what_is_missing_is_named(key: str) -> None:
    with pytest.raises(Unusable) as said:
        settings.of({k: v for k, v in MADE.items() if k != key}, WHERE)
    assert key in str(said.value) and LIKE[key] in (said.value.fix or "")
