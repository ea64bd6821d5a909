"""The files of one machine, on the line that its keeper has: what is there, and to bring it here.

rsync carries what is large where both ends have a sound one, over an ssh faster than ours; what is small is here
by the line that stands already before a second one would be there. Either way it lands in a hidden folder, and nothing
is believed that was not compared with its SHA-256.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from engine.errors import Problem
from engine.hosts import Host
from engine.machines import outside
from engine.machines.bootstrap import NOISE, Ear, command
from engine.machines.machine import Asked, Away, Watch
from engine.machines.ssh import FAILURES, Stream
from engine.machines.wire import Wire
from engine.runner.frames import MAGIC, PIECE
from engine.runner.take import inside
from engine.runs import PRIVATE_DIR
from engine.sync import landing, rsync
from engine.sync.cargo import Cargo, Freight, freight

LONGEST = 1 << 20
"""Bytes of a line of a listing."""
PATIENCE_S = 60.0
"""Hashing a large file takes its time, and meanwhile nothing is said."""
TRIES = 2
LARGE = 64 << 20
"""Bytes from which a second connection is worth its handshake."""


class FarDepot:
    """Its methods block; each may raise `Away`."""

    def __init__(self, host: Host, wire: Wire, known: Path) -> None:
        self._host, self._wire, self._known = host, wire, known
        self._giver: _Giver | None = None
        self._there: bool | None = None
        """rsync is on the machine; None: nobody asked yet."""
        self.way = "ssh"
        self.large = LARGE

    def listed(self, asked: Asked) -> list[Freight]:
        """Everything that fits."""
        body = {
            "base": asked.base,
            "patterns": list(asked.patterns),
            "deep": asked.deep,
            "hash": asked.hashed,
            "have": dict(asked.have or {}),
        }
        found = []
        with self._asked(body) as giver:
            while True:
                said = freight(giver.line())
                if not isinstance(said, Freight):
                    break
                found.append(said)
        if "refused" in said:
            raise Problem(f"{self._host.name}: {said['refused']}", "try again")
        self._there = bool(said.get("rsync"))
        return found

    def read(self, base: str, name: str, most: int) -> bytes | None:
        """A small file; None where it is none."""
        with self._asked({"base": base, "files": [[name, 0, most]]}) as giver:
            told = giver.told()
            found = b"" if told is None else b"".join(giver.take(told))
            return found if told is not None and told < most else None

    def bring(self, cargo: Cargo, hidden: Path, bytes_s: float | None, watch: Watch) -> list[str]:
        """Into the hidden folder, begun there before or not. Which files are not what they were said to be."""
        hidden.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
        left, good = cargo, set[str]()
        for _ in range(TRIES):
            if left.bytes < self.large or not self._by_rsync(left, hidden, bytes_s, watch):
                good |= self._by_stream(left, hidden, bytes_s, watch)
            bad = landing.wrong(hidden, cargo, good)
            if not bad:
                return []
            left = Cargo(cargo.base, tuple(bad))
        return [file.name for file in bad]

    def _by_rsync(self, cargo: Cargo, hidden: Path, bytes_s: float | None, watch: Watch) -> bool:
        if self._there is None:
            self.listed(Asked(cargo.base, ()))
        if not self._there or not _ours() or not outside.fits(f"{self._known}{self._host.key}"):
            return False
        rsh = outside.words(self._host, self._wire.shown, self._known)
        source = f"{outside.machine(self._host)}:{cargo.base}"
        argv = rsync.fetch(rsh, source, str(hidden), bytes_s)
        process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert process.stdin and process.stdout and process.stderr
        try:
            with suppress(BrokenPipeError), process.stdin:
                process.stdin.write(rsync.names(file.name for file in cargo.files))
            for line in _lines(process.stdout.fileno()):
                done = rsync.progress(line)
                if done is not None:
                    watch(done)
            words = process.stderr.read().decode("utf-8", "replace").strip()
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
        return self._fared(process.returncode, words)

    def _fared(self, code: int, words: str) -> bool:
        """Whether rsync did it; a lost line is an `Away`, two that do not understand each other stop trying."""
        if code == 0 or code in rsync.INCOMPLETE:
            self.way = "rsync"
            return True
        if code in rsync.UNSOUND:
            self._there = False
            return False
        if "No space left" in words:
            raise Problem("no space is left here", "free some, then: engine pull RUN")
        raise Away(words.splitlines()[0] if words else f"rsync ended with {code}")

    def _by_stream(
        self, cargo: Cargo, hidden: Path, bytes_s: float | None, watch: Watch
    ) -> set[str]:
        """Names of files of which every byte was compared on its way to the disk."""
        self.way = "ssh"
        begun = any(os.scandir(hidden))
        wanted = [(file, _here(hidden, file) if begun else 0) for file in cargo.files]
        files = [[file.name, here, file.bytes] for file, here in wanted]
        done, good = sum(here for _, here in wanted), set[str]()
        with self._asked({"base": cargo.base, "files": files, "bytes_s": bytes_s}) as giver:
            for file, here in wanted:
                told = giver.told()
                if told is None:
                    continue  # what is not there is seen when all is compared
                if told > file.bytes - here:
                    raise Problem(f"{self._host.name} sends more than {file.name} is long")
                landed = landing.Landed(hidden, file, here)
                with landed:
                    for data in giver.take(told):
                        landed.write(data)
                        done += len(data)
                        watch(done)
                if landed.is_right:
                    good.add(file.name)
        return good

    @contextmanager
    def _asked(self, body: Mapping[str, Any]) -> Iterator[_Giver]:
        """One process there answers one question after the other; a new one where it is gone."""
        giver, self._giver = self._giver, None
        if giver is None or not giver.ask(body):
            giver = _Giver(self._wire.beside(command(self._host, "--give")))
            giver.ask(body)
        with giver:
            yield giver
            self._giver = giver.kept()


class _Giver:
    """A conversation with `--give`: a request, then lines and bytes, to their end."""

    def __init__(self, stream: Stream) -> None:
        self._stream, self._ear = stream, Ear(stream)
        self._sizes: deque[int | None] = deque()
        self._greeted = self._kept = False

    def __enter__(self) -> _Giver:
        self._kept = False
        return self

    def __exit__(self, *_: object) -> None:
        """An answer that was not heard to its end leaves bytes behind that would be taken for the next one's."""
        if not self._kept:
            self.close()

    def kept(self) -> _Giver:
        self._kept = True
        return self

    def ask(self, body: Mapping[str, Any]) -> bool:
        """False where nobody listens any more."""
        try:
            self._stream.write(json.dumps(body).encode() + b"\n")
        except FAILURES:
            self.close()
            return False
        return True

    def close(self) -> None:
        self._stream.close()

    def line(self) -> bytes:
        try:
            if not self._greeted and self._ear.until(MAGIC, NOISE) is None:
                raise Away("the machine's shell ended before our program spoke")
            self._greeted = True
            found = self._ear.until(b"\n", LONGEST)
        except FAILURES as error:
            raise Away(str(error) or "the line was cut") from None
        if found is None:
            raise Away("the line was cut")
        return found

    def told(self) -> int | None:
        """How many bytes of the next file come; None: it is not there."""
        if not self._sizes:
            said = json.loads(self.line())
            if "refused" in said:
                raise Problem(f"it cannot be read there: {said['refused']}", "try again")
            self._sizes.extend(said["sizes"])
        size = self._sizes.popleft()
        return None if size is None else int(size)

    def take(self, left: int) -> Iterator[bytes]:
        while left:
            try:
                data = self._ear.left or self._stream.read(PIECE, PATIENCE_S)
            except FAILURES as error:
                raise Away(str(error) or "the line was cut") from None
            if not data:
                raise Away("the line was cut")
            self._ear.left = data[left:]
            data = data[:left]
            left -= len(data)
            yield data


def _here(hidden: Path, file: Freight) -> int:
    """How much of it came before; what is longer than it should be is begun anew."""
    try:
        size = os.lstat(inside(str(hidden), file.name)).st_size
    except OSError:
        return 0
    return size if size <= file.bytes else 0


def _ours() -> bool:
    """This machine's own rsync."""
    try:
        done = subprocess.run(["rsync", "--version"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return rsync.sound(done.stdout)


def _lines(fd: int) -> Iterator[bytes]:
    """Progress ends its lines with a carriage return."""
    left = b""
    while data := os.read(fd, 65536):
        *lines, left = (left + data).replace(b"\r", b"\n").split(b"\n")
        yield from lines
