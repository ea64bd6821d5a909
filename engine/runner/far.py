"""The far end of a keeper's channel: `runner.pyz --far ROOT`, on the machine that trains.

It opens attempts, starts their runners, takes orders and sends what grows in their files. It holds no state that
matters: killed or cut off, another one is started and goes on from the sizes that the keeper has. It ends when its
keeper has been silent for a minute, and never touches a trainer.
"""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from typing import Any, Callable, Mapping

import engine
from engine import journal, procs
from engine.errors import Problem
from engine.runner.followed import Followed
from engine.runner.frames import MAGIC, PIECE, Frame, Garbled, Packer, Told, Unpacker

BEAT_S = 2.0
BUSY_S, CALM_S = 0.05, 0.2
"""Between two looks at the files: while they grow, and when nothing came for a while."""
SILENT_S = 60
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,80}")
"""Of runs and orders. They become names of files."""
RELEASE = re.compile(r"[0-9a-f]{64}")
PRIVATE_DIR = 0o700
AT_ONCE = 100
"""Checkpoints in a frame, which has a bound."""


class Refused(Exception):
    """A request that cannot be carried out, in words."""


class Far:
    """Serves one keeper on two streams."""

    def __init__(self, root: str) -> None:
        self._root = os.path.abspath(os.path.expanduser(root))
        self._packer, self._unpacker = Packer(), Unpacker()
        self._followed: dict[str, Followed] = {}
        self._runners: dict[int, subprocess.Popen[bytes]] = {}
        self._beat_at = 0.0
        self._held: dict[int, bool] = {}
        self._verbs: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "ping": lambda asked: {"t": time.time(), "sent": asked.get("sent")},
            "open": self._open,
            "start": self._start,
            "order": self._order,
            "follow": self._follow,
            "work": self._work,
            "release": self._release,
            "outfit": self._outfit,
            "look": lambda asked: _look(self._root),
            "checkpoints": self._checkpoints,
            "find": _find,
        }

    def serve(self) -> int:
        """Until the stream ends."""
        _write(MAGIC)
        self._send(Told(_hello(self._root)))
        signal.alarm(SILENT_S)
        quiet = 0.0
        while True:
            ready, _, _ = select.select([0], [], [], min(CALM_S, BUSY_S + quiet / 20))
            if ready:
                data = os.read(0, PIECE)
                if not data:
                    return 0
                signal.alarm(SILENT_S)
                for frame in self._unpacker.feed(data):
                    self._answer(frame)
            quiet = 0.0 if self._tell() else quiet + BUSY_S
            self._beat()

    def _answer(self, frame: Frame) -> None:
        if not isinstance(frame, Told):
            raise Garbled("a keeper sends no bytes of segments")
        verb = self._verbs.get(str(frame.body.get("do")))
        try:
            if verb is None:
                raise Refused("this machine's end does not know that request")
            answer = verb(frame.body)
        except (Refused, Problem, OSError) as error:
            answer = {"refused": str(error), "fix": getattr(error, "fix", None)}
        self._send(Told({"id": frame.body.get("id"), **answer}))

    def _tell(self) -> bool:
        """Whatever is new in the files."""
        told = False
        for one in list(self._followed.values()):
            for piece in one.news():
                self._send(piece)
                told = True
        return told

    def _beat(self) -> None:
        ended = {n: code for n, one in self._runners.items() if (code := one.poll()) is not None}
        now = time.monotonic()
        held = {one.number: one.held() for one in self._followed.values()}
        if now < self._beat_at and held == self._held and not ended:
            return
        self._beat_at, self._held = now + BEAT_S, held
        sizes = {one.number: one.sizes() for one in self._followed.values()}
        self._send(Told({"held": held, "ended": ended, "sizes": sizes}))
        for number in ended:
            del self._runners[number]

    def _send(self, frame: Frame) -> None:
        _write(self._packer.pack(frame))

    def _folder(self, asked: Mapping[str, Any]) -> str:
        run, number = str(asked.get("run")), asked.get("attempt")
        if not NAME.fullmatch(run) or not isinstance(number, int) or number < 1:
            raise Refused("that names no attempt")
        return os.path.join(self._root, "runs", run, "attempts", str(number))

    def _open(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The attempt's folder with its job. Opening twice is opening once."""
        folder = self._folder(asked)
        os.makedirs(folder, PRIVATE_DIR, exist_ok=True)
        run = os.path.dirname(os.path.dirname(folder))
        if asked.get("adopted") and not os.path.exists(f"{folder}/job.json"):
            from pathlib import Path

            from engine import adopting

            adopting.lay(Path(folder), adopting.Found.of(asked["adopted"]))
        for name, key in ((f"{folder}/job.json", "job"), (f"{run}/profile.json", "profile")):
            if not os.path.exists(name):
                journal.replace(name, json.dumps(asked.get(key)).encode())
        return {}

    def _start(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """A runner in a session of its own. Where one is already, it ends at once and says nothing."""
        folder = self._folder(asked)
        if not os.path.isdir(folder):
            raise Refused("that attempt was never opened here")
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        errors = os.open(os.path.join(folder, "runner.err"), flags, 0o600)
        try:
            child = subprocess.Popen(
                [sys.executable, "-B", sys.argv[0], folder],
                stdin=subprocess.PIPE,
                stdout=errors,
                stderr=errors,
                start_new_session=True,
                cwd="/",
            )
        finally:
            os.close(errors)
        self._runners[int(asked["attempt"])] = child
        if child.stdin is not None:
            try:
                child.stdin.write(json.dumps(asked.get("secrets") or {}).encode() + b"\n")
                child.stdin.close()
            except BrokenPipeError:
                pass
        return {"pid": child.pid}

    def _order(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        folder, body = os.path.join(self._folder(asked), "orders"), asked.get("body")
        if not isinstance(body, dict) or not NAME.fullmatch(str(body.get("id"))):
            raise Refused("that is no order")
        os.makedirs(folder, PRIVATE_DIR, exist_ok=True)
        journal.replace(os.path.join(folder, f"{body['id']}.json"), json.dumps(body).encode())
        return {}

    def _work(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The run's own copy of a release, so that nothing of another run, or of a later push, changes under it."""
        run, release = str(asked.get("run")), str(asked.get("release"))
        if not NAME.fullmatch(run) or not RELEASE.fullmatch(release):
            raise Refused("that names no release")
        source = os.path.join(self._root, "releases", release)
        folder = os.path.join(self._root, "runs", run, "work")
        if not os.path.isdir(folder):
            if not os.path.isdir(source):
                return {"path": None, "take": source}
            hidden = f"{folder}.{os.getpid()}.tmp"
            shutil.copytree(source, hidden)
            os.rename(hidden, folder)
        return {"path": folder}

    def _release(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        source = os.path.join(self._root, "releases", str(asked.get("release")))
        if not RELEASE.fullmatch(os.path.basename(source)):
            raise Refused("that names no release")
        return {"there": os.path.isdir(source), "take": source}

    def _outfit(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Whether what an environment is made of was sent."""
        folder = os.path.join(self._root, "outfits", f"{asked.get('digest')}.parts")
        if not RELEASE.fullmatch(str(asked.get("digest"))):
            raise Refused("that names no environment")
        return {"parts": os.path.isdir(folder)}

    def _checkpoints(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """What lies there, a frame at a time; the last one is the answer."""
        from engine.shelf import acts

        answer = acts.do(acts.find(asked))
        found = answer["found"]
        while len(found) > AT_ONCE:
            self._send(Told({"id": asked.get("id"), "found": found[:AT_ONCE], "more": True}))
            del found[:AT_ONCE]
        return answer

    def _follow(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        folder, have = self._folder(asked), asked.get("have")
        key = f"{asked['run']}/{asked['attempt']}"
        self._followed[key] = Followed(
            asked["attempt"], folder, have if isinstance(have, dict) else {}
        )
        self._beat_at = 0.0
        return {}


def far(root: str) -> int:
    """The process. Whoever reads it may be gone at any moment."""
    try:
        return Far(root).serve()
    except (BrokenPipeError, ConnectionResetError):
        return 0
    except Garbled as error:
        print(f"far: {error}", file=sys.stderr)
        return 2


def _hello(root: str) -> dict[str, Any]:
    os.makedirs(root, PRIVATE_DIR, exist_ok=True)
    return {
        "hello": engine.__version__,
        "boot": procs.boot_id(),
        "home": os.path.expanduser("~"),
        "python": ".".join(map(str, sys.version_info[:3])),
        "node": os.uname().nodename,
    }


def _find(asked: Mapping[str, Any]) -> dict[str, Any]:
    """A training that somebody started by hand."""
    from engine import adopting

    found = adopting.sought(asked.get("pid"), asked.get("log"), asked.get("tmux"))
    return {"training": found.table()}


def _look(root: str) -> dict[str, Any]:
    """What `engine hosts test` wants to know."""
    from engine.runner.survey import survey

    return survey(root)


def _write(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]
