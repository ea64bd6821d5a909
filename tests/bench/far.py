"""A machine behind ssh, on a road of 80 ms with 1 % loss and on loopback; real sshd, real rsync. Peer: bare rsync."""

from __future__ import annotations

import hashlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from engine import hosts
from engine.machines import visit
from engine.machines.machine import Asked, Depot
from engine.machines.remote import Remote
from engine.runs import Run
from engine.sync.cargo import Cargo, Freight
from tests.bench.figures import Figure
from tests.bench.measure import ROOT
from tests.support import foreign
from tests.support import link as links
from tests.support import sshd as sshds
from tests.support.link import Link
from tests.support.sshd import Sshd

RTT_S, LOSS = 0.08, 0.01
LISTED = 500
ASKS, STEPS, CUTS, LAUNCHES = 40, 150, 12, 5
SMALL, SMALL_BYTES, LARGE = 5000, 600, 500_000_000
SCRIPT = """
import json, os, time
for step in range({steps}):
    with open(os.environ["COCKPIT_EVENTS"], "a") as out:
        out.write(json.dumps({{"step": step, "t": time.time(), "loss": 1.0}}) + chr(10))
    time.sleep(0.1)
"""


def run() -> list[Figure]:
    if not links.possible():
        return [Figure("ssh, a long road", None, "", note="needs root and /dev/net/tun")]
    with tempfile.TemporaryDirectory() as folder, Link() as link:
        os.environ["COCKPIT_HOME"] = folder
        sshd = _sshd(Path(folder) / "far", link)
        try:
            return [*_road(link, sshd, Path(folder)), *_loopback(link, sshd, Path(folder))]
        finally:
            sshd.stop()


def _sshd(folder: Path, link: Link) -> Sshd:
    found = sshds.made(folder, "MaxStartups 100")
    found.address, found.inside = link.far, link.inside
    found.start()
    (folder.parent / "hosts.toml").write_text(found.entry(python=sys.executable))
    (folder.parent / "logs").mkdir()
    return found


def _road(link: Link, sshd: Sshd, home: Path) -> Iterator[Figure]:
    with _remote(home, "road") as remote:  # the runner is there from now on
        link.be(RTT_S)
        asking = {"do": "release", "release": "0" * 64}
        asked = statistics.median(_took(lambda: remote._wire.ask(asking)) for _ in range(ASKS))
        note = f"RTT {RTT_S * 1000:.0f} ms"
        yield Figure(
            "command on an open line", asked * 1e3, "ms", target="<= 90 ms: RTT + 10", note=note
        )
        yield _shelf(sshd)
    began = [_launch(home) for _ in range(LAUNCHES)]
    yield Figure(
        "launch to the first byte of console",
        statistics.median(began),
        "s",
        target="<= 2.5 s",
        note=f"80 ms, prepared machine; {min(began):.2f} to {max(began):.2f}",
    )
    link.be(RTT_S, LOSS)
    late = _late(home)
    yield Figure(
        "a step there to a line here, p95",
        statistics.quantiles(late, n=20)[18] * 1e3,
        "ms",
        target="<= 230 ms: RTT + 150",
        note=f"80 ms, 1 % loss, {len(late)} steps; median {statistics.median(late) * 1e3:.0f}",
    )
    noticed, back = _cuts(link, home)
    yield Figure("a black hole is noticed after", max(noticed), "s", target="<= 10 s", note="worst")
    yield Figure(
        "back after the road is, p95",
        statistics.quantiles(back, n=20)[18],
        "s",
        target="<= 3 s",
        note=f"{len(back)} cuts, 80 ms, 1 % loss; median {statistics.median(back):.1f}",
    )
    link.be(RTT_S)
    yield _files(sshd, home, SMALL, SMALL_BYTES, "5,000 small files, 80 ms", "within 1.15x")


def _loopback(link: Link, sshd: Sshd, home: Path) -> Iterator[Figure]:
    sshd.stop()
    sshd.address, sshd.inside = "127.0.0.1", ()
    sshd.start()
    (home / "hosts.toml").write_text(sshd.entry(python=sys.executable))
    yield _files(sshd, home, SMALL, SMALL_BYTES, "5,000 small files, loopback", "within 1.15x")
    yield _files(sshd, home, 1, LARGE, "500 MB, loopback", "within 1.1x")


@contextmanager
def _remote(home: Path, name: str) -> Iterator[Remote]:
    run = Run(home / "logs" / f"{name}-20260921-000000-abcd")
    run.folder.mkdir(exist_ok=True)
    run.profile.write_text("{}")
    remote = Remote(hosts.find("far"), run)
    try:
        remote.reach(60)
        yield remote
    finally:
        remote.close()


def _shelf(sshd: Sshd) -> Figure:
    """A Trainer's folders, each looked into; `engine checkpoints RUN` asks the same on a line of its own."""
    folder = sshd.home / "many"
    for step in range(LISTED):
        foreign.transformers(folder / f"checkpoint-{step}", step)
    asked = {"paths": [], "folder": str(folder), "globs": ["checkpoint-*"], "kind": "auto"}
    answers: list[dict[str, object]] = []
    alone = _took(lambda: answers.append(visit.checkpoints(hosts.find("far"), asked)))
    again = _took(lambda: answers.append(visit.checkpoints(hosts.find("far"), asked)))
    assert all(len(answer["found"]) == LISTED for answer in answers)  # type: ignore[arg-type]
    note = f"80 ms, one question; connecting included, {alone:.2f} the first time"
    return Figure(f"listing {LISTED} checkpoints", again, "s", target="<= 2 s", note=note)


def _took(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def _launch(home: Path) -> float:
    """From the start of the command to the first byte of the console in the copy here."""
    known = set((home / "logs").iterdir())
    begun = time.monotonic()
    words = [sys.executable, "-m", "engine.cli", "watch", "--host", "far", "--", "echo", "hello"]
    done = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    while True:
        for folder in set((home / "logs").iterdir()) - known:
            console = folder / "attempts" / "1" / "console.log"
            if console.exists() and console.stat().st_size:
                took = time.monotonic() - begun
                done.wait()
                _settle(folder)
                return took
        time.sleep(0.005)


def _settle(folder: Path) -> None:
    words = [sys.executable, "-m", "engine.cli", "wait", folder.name]
    subprocess.run(words, cwd=ROOT, capture_output=True, check=False)


def _late(home: Path) -> list[float]:
    """By both ends' one clock: when a step was made, and when its line was in the copy."""
    words = [sys.executable, "-c", SCRIPT.format(steps=STEPS)]
    done = subprocess.run(
        [sys.executable, "-m", "engine.cli", "watch", "--host", "far", "--", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    copy = home / "logs" / done.stdout.strip() / "attempts" / "1" / "trainer.jsonl"
    late: list[float] = []
    at, until = 0, time.monotonic() + 120
    while len(late) < STEPS and time.monotonic() < until:
        size = copy.stat().st_size if copy.exists() else 0
        if size > at:
            now = time.time()
            with copy.open("rb") as file:
                file.seek(at)
                data = file.read(size - at)
            whole = data[: data.rfind(b"\n") + 1]
            at += len(whole)
            late += [now - json.loads(line)["t"] for line in whole.splitlines()]
        time.sleep(0.002)
    _settle(copy.parents[2])
    return late[5:]


def _cuts(link: Link, home: Path) -> tuple[list[float], list[float]]:
    """Silence in both directions; how long until it is noticed, and how long until the line is up again."""
    noticed, back, dice = [], [], random.Random(3)
    with _remote(home, "cuts") as remote:
        for _ in range(CUTS):
            link.be(RTT_S, LOSS, down=True)
            begun = time.monotonic()
            while remote._wire.up:
                time.sleep(0.01)
            noticed.append(time.monotonic() - begun)
            time.sleep(dice.uniform(0.0, 4.0))
            link.be(RTT_S, LOSS)
            begun = time.monotonic()
            while not remote._wire.up:
                time.sleep(0.01)
            back.append(time.monotonic() - begun)
    return noticed, back


def _files(sshd: Sshd, home: Path, count: int, size: int, name: str, target: str) -> Figure:
    """Ours compares every byte with a hash that the machine worked out; bare rsync believes."""
    base = sshd.home / f"files{count}"
    if not base.exists():
        base.mkdir()
        for at in range(count):
            folder = base / f"{at % 50:02d}"
            folder.mkdir(exist_ok=True)
            (folder / f"{at}.bin").write_bytes(os.urandom(size))
    told = [
        Freight(
            str(path.relative_to(base)), size, None, hashlib.sha256(path.read_bytes()).hexdigest()
        )
        for path in base.rglob("*.bin")
    ]
    cargo = Cargo(str(base), tuple(told)) if count == 1 else None  # a checkpoint has its manifest
    ours, bare = [], []
    with _remote(home, "files") as remote:
        depot = remote.depot
        assert depot is not None
        for at in range(3):
            ours.append(_took(lambda at=at: _ours(depot, cargo, base, home / f"ours{at}")))  # type: ignore[misc]
            bare.append(_took(lambda at=at: _bare(sshd, base, home / f"bare{at}")))  # type: ignore[misc]
            for kind in ("ours", "bare"):
                subprocess.run(["rm", "-rf", str(home / f"{kind}{at}")], check=True)
    mine, theirs = statistics.median(ours), statistics.median(bare)
    how = "by its manifest" if cargo else "listed and hashed there"
    note = f"{mine / theirs:.2f} times bare rsync; {how}, compared here, flushed"
    return Figure(name, mine, "s", "rsync -r", theirs, target=target, note=note)


def _ours(depot: Depot, cargo: Cargo | None, base: Path, hidden: Path) -> None:
    if cargo is None:
        found = depot.listed(Asked(str(base), ("**",), deep=True, hashed=True))
        cargo = Cargo(str(base), tuple(found))
    assert not depot.bring(cargo, hidden, None, lambda done: None)
    assert sum(path.is_file() for path in hidden.rglob("*")) == len(cargo.files)


def _bare(sshd: Sshd, base: Path, target: Path) -> None:
    rsh = f"ssh -p {sshd.port} -i {sshd.key} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
    words = ["rsync", "-rt", "-e", rsh, f"root@{sshd.address}:{base}/", f"{target}/"]
    subprocess.run(words, check=True, capture_output=True)
