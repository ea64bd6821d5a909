"""A metadata server as a Google VM has it: `instance/preempted`, marks of each value, waiting for a change.

At its real address inside a network namespace of its own (`Metadata.at_home`, needs root), or on a port of loopback.
The program of it runs as a process of its own; what it shall do comes as words on its standard input: `TRUE`,
`FALSE`, and the faults `503`, `html`, `silent`, `fine`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.support.sshd import free_port

HOME = "169.254.169.254"
PATH = "/computeMetadata/v1/instance/preempted"
FLAVOR = ("Metadata-Flavor", "Google")


class Value:
    """What is served, and its mark."""

    def __init__(self) -> None:
        self.text, self.count, self.fault = "FALSE", 1, "fine"
        self.changed = threading.Condition()

    def be(self, word: str) -> None:
        with self.changed:
            if word in ("TRUE", "FALSE"):
                self.count += self.text != word
                self.text = word
            else:
                self.fault = word
            self.changed.notify_all()

    def wait(self, mark: str, seconds: float) -> None:
        until = time.monotonic() + seconds
        with self.changed:
            while mark == self.mark and (left := until - time.monotonic()) > 0:
                self.changed.wait(left)

    @property
    def mark(self) -> str:
        return f"{self.count:016x}"


class Server(ThreadingHTTPServer):
    daemon_threads = True
    value: Value

    def handle_error(self, *_: object) -> None:
        """Who asked is gone."""


class Answers(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        value, url = self.server.value, urlsplit(self.path)
        asked = {name: found[0] for name, found in parse_qs(url.query).items()}
        if value.fault == "silent":
            time.sleep(60)
        if value.fault == "html":
            return self._say(200, "<html>sign in</html>", mark=False)
        if value.fault == "503":
            return self._say(503, "", mark=False)
        if self.headers.get(FLAVOR[0]) != FLAVOR[1]:
            return self._say(403, "Missing Metadata-Flavor:Google header.", mark=False)
        if url.path != PATH:
            return self._say(404, "", mark=False)
        if asked.get("wait_for_change") == "true":
            value.wait(asked.get("last_etag", value.mark), float(asked.get("timeout_sec", "60")))
        self._say(200, value.text)

    def _say(self, status: int, text: str, mark: bool = True) -> None:
        self.send_response(status)
        if mark:
            self.send_header(*FLAVOR)
            self.send_header("ETag", self.server.value.mark)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *arguments: object) -> None:
        """Nobody reads it."""


def serve(address: str, port: int) -> None:
    server = Server((address, port), Answers)
    server.value = Value()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    for line in sys.stdin:
        server.value.be(line.strip())
        print("done", flush=True)


class Metadata:
    """`env` is what a program needs to find it, `inside` how it is run where it can be reached."""

    def __init__(self, address: str, port: int, inside: tuple[str, ...] = ()) -> None:
        self.inside = inside
        self.host = address if port == 80 else f"{address}:{port}"
        words = [*inside, sys.executable, "-B", "-m", __name__, address, str(port)]
        root = str(Path(__file__).parents[2])
        # It belongs to the machine, not to the user's side, whose end tests wait for.
        env = {name: value for name, value in os.environ.items() if name[:8] != "COCKPIT_"}
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**env, "PYTHONPATH": root},
        )
        self._hear("ready")

    @property
    def env(self) -> dict[str, str]:
        return {"GCE_METADATA_HOST": self.host}

    def be(self, word: str) -> None:
        """From now on."""
        assert self._process.stdin
        self._process.stdin.write(word.encode() + b"\n")
        self._process.stdin.flush()
        self._hear("done")

    def _hear(self, word: str) -> None:
        assert self._process.stdout
        assert self._process.stdout.readline().decode().strip() == word

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def on_loopback() -> Iterator[Metadata]:
    made = Metadata("127.0.0.1", free_port())
    try:
        yield made
    finally:
        made.close()


@contextmanager
def at_home() -> Iterator[Metadata]:
    """At the address that every VM knows, where no other process of this machine sees it."""
    space = f"ckmeta{os.getpid() % 100000}"
    inside = ("ip", "netns", "exec", space)
    subprocess.run(["ip", "netns", "add", space], check=True)
    try:
        for words in (["link", "set", "lo", "up"], ["addr", "add", f"{HOME}/32", "dev", "lo"]):
            subprocess.run(["ip", "-n", space, *words], check=True)
        made = Metadata(HOME, 80, inside)
        try:
            yield made
        finally:
            made.close()
    finally:
        subprocess.run(["ip", "netns", "del", space], check=False)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
