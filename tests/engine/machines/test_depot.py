"""A transfer that is cut goes on from what came; what is not what it was said to be never counts."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import hosts
from engine.errors import Problem
from engine.machines.depot import FarDepot
from engine.machines.machine import Asked, Away, Depot
from engine.machines.remote import Remote
from engine.runs import Run
from engine.sync import landing
from engine.sync.cargo import Cargo, Freight, freight
from tests.support.builds import Patch, broken
from tests.support.cutter import Cutter
from tests.support.sshd import Sshd

pytestmark = pytest.mark.needs("sshd", "ssh", "rsync")
CUTS = 300 if os.environ.get("SOAK") else 6


@pytest.fixture
def depot(sshd: Sshd, line: Cutter, home: Path) -> Iterator[Depot]:
    """The machine's files, through a line that can be cut."""
    machine = Remote(hosts.find("weak"), Run(home / "logs" / "depot-20260921-000000-abcd"))
    machine.reach(30)
    assert isinstance(machine.depot, FarDepot)
    machine.depot.large = (
        0  # or a test of rsync would need as much as it is worth its handshake for
    )
    yield machine.depot
    machine.close()


def cargo(sshd: Sshd, seed: int, *sizes: int) -> Cargo:
    """Files there, and what a machine would say of them."""
    dice, base, found = random.Random(seed), sshd.home / "made", []
    for at, size in enumerate(sizes):
        name, data = f"part {at}/$(x)'\n{at}", dice.randbytes(size)
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        found.append(Freight(name, size, None, hashlib.sha256(data).hexdigest()))
    return Cargo(str(base), tuple(found))


def same(there: Cargo, hidden: Path) -> bool:
    return all(
        (hidden / one.name).read_bytes() == Path(there.base, one.name).read_bytes()
        for one in there.files
    )


def brought(depot: Depot, there: Cargo, hidden: Path) -> list[str]:
    """As a keeper does: again until the line holds."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            return depot.bring(there, hidden, None, lambda done: None)
        except Away:
            time.sleep(0.2)
    raise AssertionError("it never came")


@pytest.mark.timeout(300 if CUTS == 6 else 7200)
def test_a_cut_costs_no_more_than_the_file_it_cut(
    depot: Depot,
    sshd: Sshd,
    line: Cutter,
    tmp_path: Path,
    way: str,
) -> None:
    there, dice = cargo(sshd, 1, 3_000_000, 0, 70_000, 1), random.Random(2)
    for at in range(CUTS // 2):
        hidden = tmp_path / f"{at}.part"
        line.cut_after = dice.randrange(20_000, 2_000_000)
        line.cut()
        try:
            depot.bring(there, hidden, None, lambda done: None)
        except Away:
            pass
        line.cut_after = None
        assert brought(depot, there, hidden) == []
        assert same(there, hidden) and depot.way == way


def test_a_changed_file_is_named_and_the_others_are_good(
    depot: Depot, sshd: Sshd, tmp_path: Path
) -> None:
    there = cargo(sshd, 3, 1000, 2000)
    path = Path(there.base, there.files[1].name)
    path.write_bytes(bytes(2000))  # as long, and other bytes
    hidden = tmp_path / "x.part"
    assert brought(depot, there, hidden) == [there.files[1].name]
    assert not (hidden / there.files[1].name).exists()


def test_nothing_but_what_was_asked_for_stays(tmp_path: Path) -> None:
    hidden, outside = tmp_path / "hidden", tmp_path / "outside"
    (hidden / "deep").mkdir(parents=True)
    outside.mkdir()
    (outside / "a").write_text("mine")
    (hidden / "link").symlink_to(outside)
    (hidden / "deep" / "extra").write_text("?")
    data = b"fine"
    sha = hashlib.sha256(data).hexdigest()
    (hidden / "good").write_bytes(data)
    there = Cargo("/x", (Freight("good", 4, None, sha), Freight("link/a", 4, None, sha)))
    assert [one.name for one in landing.wrong(hidden, there)] == ["link/a"]
    assert (outside / "a").read_text() == "mine"
    assert [path.name for path in hidden.rglob("*")] == ["good"]


@pytest.mark.parametrize(
    "name", ["../up", "/etc/passwd", "a/../../b", "a//b", "", "nul\0", "..", "a/.."]
)
def test_a_listing_cannot_lead_out(name: str) -> None:
    said = freight(json.dumps({"name": name, "bytes": 1}).encode())
    assert not isinstance(said, Freight) and "refused" in said


def test_a_listing_tells_size_and_content_and_leaves_out_what_is_the_same(
    depot: Depot, sshd: Sshd
) -> None:
    there = cargo(sshd, 4, 10, 20)
    found = depot.listed(Asked(there.base, ("**",), deep=True, hashed=True))
    assert {(one.name, one.sha) for one in found} == {(one.name, one.sha) for one in there.files}
    have = {found[0].name: found[0].mark}
    left = depot.listed(Asked(there.base, ("**",), deep=True, have=have))
    assert [one.name for one in left] == [found[1].name]
    with pytest.raises(Problem):
        depot.listed(Asked("\0", ("*",)))


BLIND: Patch = {"sync/landing.py": ("return digest.hexdigest() == file.sha", "return True")}


def test_a_build_that_does_not_compare_is_caught(tmp_path: Path) -> None:
    """The check above fails for it: the control of `wrong`."""
    build = broken(tmp_path / "build", BLIND)
    code = (
        "from pathlib import Path; from engine.sync import landing; "
        "from engine.sync.cargo import Cargo, Freight; Path('f').write_text('torn'); "
        "print(len(landing.wrong(Path('.'), Cargo('/', (Freight('f', 4, None, 'a' * 64),)))))"
    )
    for tree, expected in ((build, "0"), (Path(__file__).parents[3], "1")):
        home = tmp_path / expected
        home.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": str(tree)},
            cwd=home,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == expected


def test_small_and_large_files_come_in_one_stream_whatever_their_order(
    depot: Depot, sshd: Sshd, tmp_path: Path
) -> None:
    sizes = [0, 65_536, 65_537, 1, *(at % 700 for at in range(300)), 2_000_000, 9]
    there = cargo(sshd, 5, *sizes)
    depot.large = 1 << 40  # type: ignore[attr-defined]
    gone = Path(there.base, there.files[7].name)
    kept = gone.read_bytes()
    gone.unlink()
    hidden = tmp_path / "x.part"
    assert brought(depot, there, hidden) == [there.files[7].name]
    gone.write_bytes(kept)
    assert brought(depot, there, hidden) == [] and same(there, hidden)
    # the process that answered is asked again, and replaced where it is gone
    first = depot._giver  # type: ignore[attr-defined]
    assert depot.read(there.base, there.files[4].name, 100) == b"" and depot._giver is first  # type: ignore[attr-defined]
    first.close()
    assert len(depot.listed(Asked(there.base, ("**",), deep=True))) == len(sizes)


def test_what_was_compared_on_its_way_is_right_or_not(tmp_path: Path) -> None:
    """With the control: a build that believes whatever has the right length."""
    code = (
        "from pathlib import Path; from engine.sync.landing import Landed; "
        "from engine.sync.cargo import Freight; one = Landed(Path('.'), Freight('f', 4, None, 'a' * 64), 0)\n"
        "with one: one.write(b'torn')\n"
        "print(one.is_right)"
    )
    trusting: Patch = {
        "sync/landing.py": ("whole and self._digest.hexdigest() == self._file.sha", "whole")
    }
    build = broken(tmp_path / "build", trusting)
    for tree, expected in ((build, "True"), (Path(__file__).parents[3], "False")):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": str(tree)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == expected
