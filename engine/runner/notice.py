"""Hears that the machine will be taken away: from Google's metadata server, or because its system goes down.

A thread waits for the provider's word and writes nothing: the loop that owns the journal asks what came. Only a machine
that says it is Google's, or `GCE_METADATA_HOST`, makes it ask anybody; no other machine's network is touched.
"""

from __future__ import annotations

import http.client
import os
import queue
import subprocess
import threading
from typing import NamedTuple
from urllib.parse import quote

METADATA, SHUTDOWN = "metadata", "shutdown"
"""Who said it."""
ADDRESS = "169.254.169.254"
PRODUCT = "/sys/class/dmi/id/product_name"
PATH = "/computeMetadata/v1/instance/preempted"
FLAVOR = "Metadata-Flavor"
POLL_S = 20
"""One question waits so long for a change; a server that fell silent is noticed a little later."""
LATE_S = 5.0
FLOOR_S = 0.2
"""Between two questions whatever comes: a server that does not wait is not asked without end."""
FIRST_S, LONGEST_S = 1.0, 15.0
"""Between two questions that nobody answered."""
SYSTEM_S = 3.0
MOST_BYTES = 64


class Unheard(Exception):
    """The metadata server gave no usable answer."""


class Answer(NamedTuple):
    preempted: bool
    etag: str


class Told(NamedTuple):
    """What the loop should know: whether the server answers, and whether it said that the machine goes."""

    heard: bool
    preempted: bool
    reason: str | None = None


def server() -> str | None:
    """Where to ask; None on a machine that is not Google's."""
    told = os.environ.get("GCE_METADATA_HOST")
    if told:
        return told
    try:
        with open(PRODUCT, "rb") as file:
            return ADDRESS if file.read(256).startswith(b"Google") else None
    except OSError:
        return None


def ask(address: str, etag: str | None) -> Answer:
    """The value now; with the mark of an answer already known, once it changes or after `POLL_S`."""
    path = PATH
    if etag is not None:
        path += f"?wait_for_change=true&timeout_sec={POLL_S}&last_etag={quote(etag, safe='')}"
    # Never through a proxy: the address means this machine's own server.
    connection = http.client.HTTPConnection(address, timeout=POLL_S + LATE_S if etag else LATE_S)
    try:
        connection.request("GET", path, headers={FLAVOR: "Google"})
        response = connection.getresponse()
        body = response.read(MOST_BYTES).strip()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unheard(f"{address}: {error or type(error).__name__}") from None
    finally:
        connection.close()
    if response.status != 200 or response.getheader(FLAVOR) != "Google":
        raise Unheard(f"{address}: no metadata server, status {response.status}")
    if body not in (b"TRUE", b"FALSE"):
        raise Unheard(f"{address}: instance/preempted is neither TRUE nor FALSE")
    return Answer(body == b"TRUE", response.getheader("ETag") or "0")


class Notice:
    """`news` gives what changed since it was last asked."""

    def __init__(self, address: str | None) -> None:
        self.address = address
        self._news: queue.SimpleQueue[Told] = queue.SimpleQueue()
        self._closing = threading.Event()
        if address is not None:
            threading.Thread(target=self._listen, name="notice", daemon=True).start()

    def news(self) -> list[Told]:
        found = []
        while not self._news.empty():
            found.append(self._news.get())
        return found

    def close(self) -> None:
        """No further question is asked; one that waits ends with the process."""
        self._closing.set()

    def _listen(self) -> None:
        etag: str | None = None
        known: Told | None = None
        pause_s = FIRST_S
        while not self._closing.is_set():
            told, etag = self._turn(etag)
            if told != known:
                self._news.put(told)
                known = told
            if told.preempted:
                return  # it is never taken back
            self._closing.wait(FLOOR_S if told.heard else pause_s)
            pause_s = FIRST_S if told.heard else min(2.0 * pause_s, LONGEST_S)

    def _turn(self, etag: str | None) -> tuple[Told, str | None]:
        assert self.address is not None
        try:
            answer = ask(self.address, etag)
        except Unheard as error:
            return Told(False, False, str(error)), None
        return Told(True, answer.preempted), answer.etag


def going_down() -> bool:
    """The system is ending all its processes, as after the power button that a provider presses."""
    words = ("systemctl", "is-system-running")
    try:
        said = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=SYSTEM_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return said.stdout.strip() == b"stopping"
