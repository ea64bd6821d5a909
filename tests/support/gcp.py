"""Google's door: `compute.v1` over HTTP for a project of our own, with faults on purpose.

Every request and every answer is held against the discovery document; what does not agree is in `violations`, and a
test that leaves any fails.
"""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.support import gcp_schema as schema
from tests.support.gcp_project import Boxes, Project, Refusal, Told, stamp

PREFIX = "/compute/v1/"
TOKEN = "ya29.good"
CHANGES = ("insert", "start", "stop", "resume", "delete", "setMetadata", "setScheduling")
PAGE = 2
"""Zones on one page of the list of everything."""


@dataclass
class Fault:
    """What goes wrong with the next requests of a method.

    `drop` and `drop after`: no answer, before and after it was done; `429`, `503`, `503 after`; `html`, `html after`: a
    page of somebody else's; `slow`: two seconds.
    """

    method: str
    kind: str
    times: int = 1


@dataclass
class Google:
    """The service. `faults` are used up in their order; `stale` is how long lists lag behind."""

    project: Project
    zones: tuple[str, ...] = ("us-central1-a", "us-central1-b", "us-east4-c")
    token: str = TOKEN
    faults: deque[Fault] = field(default_factory=deque)
    stale_s: float = 0.0
    violations: list[str] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    url: str = ""
    _lists: list[tuple[float, list[tuple[str, Told]]]] = field(default_factory=list)

    def fault(self, method: str) -> str:
        for one in list(self.faults):
            if one.method in (method, "*"):
                one.times -= 1
                if one.times <= 0:
                    self.faults.remove(one)
                return one.kind
        return ""

    def answer(self, method: str, words: dict[str, str], query: dict[str, str], body: Told) -> Told:
        """What the method gives; a `Refusal` where it is none."""
        self.project.tick()
        self._snap()
        self.asked.append((method, {**words, **query}))
        if method in CHANGES:
            return self._change(method, words, query, body)
        zone, name = words.get("zone", ""), words.get("instance", "")
        if method == "get":
            return self.project.get(zone, name)
        if method == "aggregatedList":
            return self._listed(query)
        if method == "getGuestAttributes":
            return self.project.host_keys(zone, name)
        if method == "operations.get":
            if words["operation"] not in self.project.operations:
                raise Refusal(404, "notFound", "no such operation")
            return self.project.operations[words["operation"]]
        if method == "operations.list":
            return {"items": _of_kind(self.project, zone, query.get("filter", ""))}
        return self._advice(method, body)

    def _change(
        self, method: str, words: dict[str, str], query: dict[str, str], body: Told
    ) -> Told:
        project, zone, name = self.project, words["zone"], words.get("instance", "")
        request = query.get("requestId", "")
        if not request or not uuid.UUID(request).int:
            self.violations.append(f"{method}: without a usable requestId")
        if zone not in self.zones:
            raise Refusal(404, "notFound", f"The resource 'zones/{zone}' was not found")
        if method == "insert":
            return project.insert(zone, body, request)
        if method in ("start", "resume"):
            return project.start(zone, name, request)
        if method == "stop":
            return project.stop(zone, name, request, query.get("discardLocalSsd") == "true")
        if method == "delete":
            return project.delete(zone, name, request)
        if method == "setMetadata":
            return project.set_metadata(zone, name, body, request)
        return project.set_scheduling(zone, name, body, request)

    def _snap(self) -> None:
        """What lists showed at each moment, for those that lag."""
        now = time.monotonic()
        seen = [
            (zone, json.loads(json.dumps(one))) for (zone, _), one in self.project.machines.items()
        ]
        old = [one for one in self._lists if one[0] <= now - self.stale_s]
        self._lists = [*old[-1:], *[one for one in self._lists if one not in old], (now, seen)]

    def _listed(self, query: dict[str, str]) -> Told:
        label = re.fullmatch(r"labels\.([a-z-]+):\*", query.get("filter", ""))
        if label is None:
            raise Refusal(
                400, "invalid", f"Invalid value for field 'filter': {query.get('filter')}"
            )
        now = time.monotonic()
        old = [seen for t, seen in self._lists if t <= now - self.stale_s]
        seen = old[-1] if old else []
        start = int(query.get("pageToken", "0"))
        items: Told = {}
        for zone in self.zones[start : start + PAGE]:
            found = [
                one for place, one in seen if place == zone and label[1] in one.get("labels", {})
            ]
            nothing = {"warning": {"code": "NO_RESULTS_ON_PAGE", "message": "none", "data": []}}
            items[f"zones/{zone}"] = {"instances": found} if found else nothing
        more = start + PAGE < len(self.zones)
        return {"items": items, **({"nextPageToken": str(start + PAGE)} if more else {})}

    def _advice(self, method: str, body: Told) -> Told:
        if method == "advice.capacity":
            zone = body["distributionPolicy"]["zones"][0]["zone"].rpartition("/")[2]
            if zone not in self.project.weather:
                raise Refusal(403, "forbidden", "no advice here")
            likely = self.project.weather[zone][0]
            scores = {"obtainability": likely, "estimatedUptime": "7200s"}
            return {"recommendations": [{"scores": scores, "shards": [{"zone": f"zones/{zone}"}]}]}
        zone = body["locationPolicy"]["location"].rpartition("/")[2]
        price = self.project.weather.get(zone, (0.0, 0.0))[1]
        now = time.time()

        def record(ago: float, dollars: float) -> Told:
            nanos = round(dollars % 1 * 1e9)
            money = {"currencyCode": "USD", "units": str(int(dollars)), "nanos": nanos}
            interval = {"startTime": stamp(now - ago - 3600), "endTime": stamp(now - ago)}
            return {"interval": interval, "listPrice": money}

        taken = {"interval": record(0, 0)["interval"], "preemptionRate": 0.25}
        history = [record(0, price), record(86400, price + 5)]
        return {"priceHistory": history if price else [], "preemptionHistory": [taken]}


def _of_kind(project: Project, zone: str, words: str) -> list[Told]:
    asked = dict(re.findall(r'\((\w+) = "?([^")]+)"?\)', words))
    return [
        one
        for one in project.operations.values()
        if one["zone"].endswith(zone) and all(str(one.get(k)) == v for k, v in asked.items())
    ]


class Door(BaseHTTPRequestHandler):
    """One request: its address, its body, its fault, its answer."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        google, url = self.server.google, urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if url.path == "/token":
            return self._say(200, {"access_token": google.token, "expires_in": 3600})
        found = schema.route(self.command, url.path[len(PREFIX) :])
        if found is None or not url.path.startswith(PREFIX):
            google.violations.append(f"no method: {self.command} {url.path}")
            return self._say(404, _refused(Refusal(404, "notFound", "no such method")))
        method, words = found
        with google.lock:
            fault = google.fault(method)
        if fault == "slow":
            time.sleep(2.0)
        if fault in ("drop", "429", "503", "html"):
            return self._fail(fault)
        status, answer = self._done(method, words, dict(parse_qsl(url.query)), raw)
        if fault.endswith(" after"):
            return self._fail(fault.split()[0])
        self._say(status, answer)

    def _done(
        self, method: str, words: dict[str, str], query: dict[str, str], raw: bytes
    ) -> tuple[int, Told]:
        google = self.server.google
        if self.headers.get("Authorization") != f"Bearer {google.token}":
            return 401, _refused(Refusal(401, "authError", "Invalid Credentials"))
        body = json.loads(raw) if raw else {}
        takes = {"$ref": schema.TAKES[method]} if method in schema.TAKES else None
        with google.lock:
            google.violations += schema.wrong_words(method, words, query)
            if takes is not None:
                google.violations += schema.wrong(body, takes, method)
            elif raw:
                google.violations.append(f"{method}: a body where none belongs")
            try:
                answer = json.loads(json.dumps(google.answer(method, words, query, body)))
            except Refusal as refusal:
                told = _refused(refusal)
                google.violations += schema.wrong(told, {"$ref": "Error"}, f"{method} refused")
                return refusal.code, told
            gives = {"$ref": schema.GIVES.get(method, "Operation")}
            google.violations += schema.wrong(answer, gives, f"{method} answered")
            return 200, answer

    def _fail(self, kind: str) -> None:
        if kind == "drop":
            self.close_connection = True
            self.connection.close()
        elif kind == "html":
            self._send(200, b"<html>Sign in to the hotel's network</html>", "text/html")
        else:
            more = {"Retry-After": "1"} if kind == "429" else {}
            self._send(int(kind), b"", "text/plain", more)

    def _say(self, status: int, told: Told) -> None:
        self._send(status, json.dumps(told).encode(), "application/json")

    def _send(
        self, status: int, data: bytes, kind: str, more: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        headers = {"Content-Type": kind, "Content-Length": str(len(data)), **(more or {})}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nobody reads it."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    google: Google

    def handle_error(self, *_: Any) -> None:
        """A client that hung up, or an answer that was dropped on purpose."""


def _refused(refusal: Refusal) -> Told:
    one = {"message": str(refusal), "domain": "global", "reason": refusal.reason}
    return {"error": {"code": refusal.code, "message": str(refusal), "errors": [one]}}


@contextmanager
def serving(boxes: Boxes | None = None) -> Iterator[Google]:
    """The service on a port of loopback; a violation fails the test."""
    server = Server(("127.0.0.1", 0), Door)
    google = server.google = Google(Project(boxes or Boxes()))
    google.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield google
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert not google.violations, "\n".join(google.violations)
