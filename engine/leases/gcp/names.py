"""Names of machines, labels and requests that follow from what they are for: asking twice is asking for the same."""

from __future__ import annotations

import hashlib
import re
import uuid

OURS = "training-cockpit"
"""The label that every machine of ours has, with the value of `RUN`'s slug."""
RUN = "cockpit-run"
"""The metadata that has the run's id in full."""
SPACE = uuid.UUID("8f0f5a42-7b1c-5f63-9a54-6d6f0c3b2a11")
LONGEST = 63
DIGEST = 8


def slug(run: str) -> str:
    """A run's id as Google takes names and labels; different ids stay different."""
    mark = hashlib.sha256(run.encode()).hexdigest()[:DIGEST]
    plain = re.sub(r"[^a-z0-9]+", "-", run.lower()).strip("-")
    return f"ck-{plain[: LONGEST - DIGEST - 4].rstrip('-')}-{mark}"


def request(*what: object) -> str:
    """The id of a change: the same words give the same, others another. Never the zero that Google refuses."""
    return str(uuid.uuid5(SPACE, "\n".join(str(word) for word in what)))


def region(zone: str) -> str:
    """us-central1 of us-central1-a."""
    return zone.rpartition("-")[0]


def last(url: str) -> str:
    """The name at the end of one of Google's addresses of things."""
    return url.rpartition("/")[2]
