"""What every test gets: a home of its own, a watch over the processes it starts, and honest skips."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# No deadline: how long an example takes is the bench's matter.
settings.register_profile("few", max_examples=25, deadline=None)
settings.register_profile("ci", max_examples=100, deadline=None, derandomize=True)
settings.register_profile("soak", max_examples=2_000, deadline=None)
settings.load_profile("soak" if os.getenv("SOAK") else "ci" if os.getenv("CI") else "few")

# Nothing of the user's own may reach a test: neither where they keep things nor whom they pay.
FOREIGN = ("COCKPIT_", "RUNPOD_", "HF_", "GOOGLE_", "GCE_", "CLOUDSDK_", "WANDB_", "XDG_")
GRACE_S = 5.0  # for a process that is on its way out


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "needs(*programs): skipped where one is missing, failed in CI; 'root' is the user",
    )
    config.addinivalue_line(
        "markers", "alone: types into a real terminal, so nothing else may keep the machine busy"
    )
    config.addinivalue_line(
        "markers", "leaves(why): processes may outlive the test; they are ended all the same"
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    wanted = [name for mark in item.iter_markers("needs") for name in mark.args]
    missing = [name for name in wanted if not available(name)]
    if missing and os.getenv("CI"):
        pytest.fail(f"CI must have: {', '.join(missing)}", pytrace=False)
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")


def available(name: str) -> bool:
    if name == "root":
        return os.name == "posix" and os.geteuid() == 0
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])  # sshd is there
    return shutil.which(name, path=path) is not None


@pytest.fixture(autouse=True)
def home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Path]:
    """COCKPIT_HOME of this test alone. Whatever still runs under it at the end is ended, and is a failure."""
    for name in os.environ:
        if name.startswith(FOREIGN):
            monkeypatch.delenv(name)
    here = tmp_path / "home"
    here.mkdir()
    monkeypatch.setenv("COCKPIT_HOME", str(here))
    for kind in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(here / "xdg" / kind.lower()))
    yield here
    declared = request.node.get_closest_marker("leaves") is not None
    left = {} if declared else settled(tmp_path)
    end(tmp_path)
    if left:
        pytest.fail("still running: " + "; ".join(left.values()), pytrace=False)


def living(below: Path) -> dict[int, str]:
    """The processes with a COCKPIT_ variable that points below this folder, by pid, with their command."""
    mark = os.fsencode(below) + b"/"
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
        except OSError:  # gone meanwhile, or somebody else's
            continue
        if any(each.startswith(b"COCKPIT_") and mark in each + b"/" for each in variables):
            found[int(entry.name)] = f"{entry.name} {command.decode(errors='replace')[:200]}"
    return found


def settled(below: Path) -> dict[int, str]:
    """What is still there after a moment's patience."""
    until = time.monotonic() + GRACE_S
    while (left := living(below)) and time.monotonic() < until:
        time.sleep(0.05)
    return left


def end(below: Path) -> None:
    """Kill until nothing is left: a dying process may have started one more."""
    while left := living(below):
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.02)
