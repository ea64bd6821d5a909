"""One request to `compute.v1` and its answer. Every change carries a request id, so sending it again changes nothing.

What can be sent again is: without an answer, after one that is no JSON, after 429 and 5xx. What an answer holds is
looked at by those who asked; here it is only an object.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from engine.errors import Unusable
from engine.leases.gcp import errors
from engine.leases.gcp.errors import Gone, Unclear
from engine.leases.gcp.token import Tokens

BASE = "https://compute.googleapis.com"
VERSION = "/compute/v1"
TIMEOUT_S = 30.0
TRIES = 7
FIRST_S, LONGEST_S = 0.5, 16.0
MOST_WAIT_S = 60.0
"""Of a `Retry-After`."""
MOST_BYTES = 32 << 20

Query = Mapping[str, str]


class _Stays(urllib.request.HTTPRedirectHandler):
    """A token goes to the address it was meant for and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


class _Again(Exception):
    """This try came to nothing; the next may not."""

    def __init__(self, why: str, after_s: float | None = None) -> None:
        super().__init__(why)
        self.after_s = after_s


class Api:
    """Asks for one project. `pause` is how it waits between tries."""

    def __init__(
        self, project: str, tokens: Tokens, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self.project, self.pause = project, pause
        self._tokens = tokens
        self._base = base()
        self._open = urllib.request.build_opener(_Stays).open
        self.calls = 0

    def get(self, path: str, query: Query | None = None) -> dict[str, Any] | None:
        """What is there; None where nothing is."""
        try:
            return self._persist("GET", path, query or {}, None)
        except Gone:
            return None

    def ask(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """A question that needs a body and changes nothing."""
        return self._persist("POST", path, {}, body)

    def change(
        self,
        verb: str,
        path: str,
        request: str,
        body: Mapping[str, Any] | None = None,
        query: Query | None = None,
    ) -> dict[str, Any]:
        """Do it once, however often it has to be sent: `request` says which change this is."""
        return self._persist(verb, path, {"requestId": request, **(query or {})}, body)

    def _persist(
        self, verb: str, path: str, query: Query, body: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        renewed = False
        why = ""
        for number in range(TRIES):
            try:
                status, answer = self._try(verb, path, query, body)
            except _Again as again:
                why = str(again)
                self.pause(again.after_s or _pause_s(number))
                continue
            if status == 401 and not renewed:
                renewed = True
                self._tokens.renew()
                continue
            if status < 300:
                return answer
            problem = errors.of_answer(status, answer, _place(path))
            if not isinstance(problem, Unclear):
                raise problem
            why = str(problem)
            self.pause(_pause_s(number))
        raise Unclear(f"{_place(path)}: no usable answer from Google after {TRIES} tries: {why}")

    def _try(
        self, verb: str, path: str, query: Query, body: Mapping[str, Any] | None
    ) -> tuple[int, dict[str, Any]]:
        """One exchange: its status and its object."""
        address = f"{self._base}/projects/{quote(self.project, safe=':')}/{path}"
        if query:
            address += "?" + urlencode(query)
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._tokens.bearer()}", "Accept": "application/json"}
        if data is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(address, data, headers, method=verb)
        self.calls += 1
        try:
            with self._open(request, timeout=TIMEOUT_S) as answer:
                status, told, raw = answer.status, answer.headers, answer.read(MOST_BYTES)
        except urllib.error.HTTPError as error:
            with error:
                status, told, raw = error.code, error.headers, _rest(error)
        except (OSError, http.client.HTTPException) as error:
            raise _Again(_words(error)) from None
        if status in (408, 429) or status >= 500:
            raise _Again(f"status {status}", _after_s(told.get("Retry-After")))
        return status, _object(status, raw)


def base() -> str:
    """Where the service is. A token is sent in the clear to this machine only."""
    told = os.environ.get("COCKPIT_GCP_URL")
    if not told:
        return BASE + VERSION
    parts = urlsplit(told)
    near = parts.hostname in ("localhost", "::1") or (parts.hostname or "").startswith("127.")
    if parts.scheme != "https" and not (parts.scheme == "http" and near):
        raise Unusable(
            f"COCKPIT_GCP_URL: {told}: a token may not go there in the clear", "an https:// address"
        )
    return told.rstrip("/").removesuffix(VERSION) + VERSION


def _object(status: int, raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw or b"{}")
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    if 400 <= status < 500:
        return {}
    raise _Again(f"status {status} with something that is no JSON object")


def _rest(error: urllib.error.HTTPError) -> bytes:
    try:
        return error.read(MOST_BYTES)
    except (OSError, http.client.HTTPException):
        return b""


def _words(error: Exception) -> str:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return str(reason) or type(error).__name__


def _pause_s(number: int) -> float:
    """Longer each time, and not all at the same moment."""
    return float(min(FIRST_S * 2**number, LONGEST_S) * random.uniform(0.75, 1.25))


def _after_s(told: str | None) -> float | None:
    """Seconds of a `Retry-After`; the date that may stand there instead is not needed here."""
    return min(float(told), MOST_WAIT_S) if told and told.isdigit() else None


def _place(path: str) -> str:
    """The zone that was asked, else the path."""
    words = path.split("/")
    return words[1] if words[0] == "zones" and len(words) > 1 else path
