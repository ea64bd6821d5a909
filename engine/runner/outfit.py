"""Make an environment on this machine, once per content: `runner.pyz --outfit FOLDER`, one line of JSON on standard
input.

The work is done by a process of its own, which no lost line ends; whoever asks again is shown what it says from where
it is. The machine's own torch is used where it is new enough, because an image has the one that fits its driver.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from typing import Any, Mapping, Sequence

from engine import journal, system
from engine.runner.frames import MAGIC

PRIVATE_DIR = 0o700
LOOK_S = 0.1
LONGEST = 1 << 20
LEAST_PYTHON = (3, 10)
LEAST_TORCH = (2, 13)
QUIET = ("--disable-pip-version-check", "--no-input")
NO_PIP = (
    "there is no pip; install it (apt install python3-pip), or name another python for the host"
)


class Failed(Exception):
    """A step that did not succeed, in words."""


def outfit(folder: str) -> int:
    """Shows what is said while it is made, then a last line of JSON with the interpreter or the reason."""
    folder = os.path.abspath(os.path.expanduser(folder))
    asked = sys.stdin.buffer.readline(LONGEST)
    os.write(1, MAGIC)
    result = os.path.join(folder, "made.json")
    if not os.path.exists(result):
        os.makedirs(folder, PRIVATE_DIR, exist_ok=True)
        _begin(folder, asked)
        _show(folder, result)
    told = _read(result) or {"failed": "it was ended before it was done; ask again"}
    os.write(1, b"\0" + json.dumps(told).encode() + b"\n")
    if "failed" in told:  # the next one tries again
        for name in ("made.json", "said.log"):
            _forget(os.path.join(folder, name))
    return 0


def make(folder: str) -> int:
    """The process that does it. A second one finds the first one's lock."""
    lock = os.open(os.path.join(folder, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if not system.lock(lock):
        return 0
    try:
        order = _read(os.path.join(folder, "order.json")) or {}
        told: Mapping[str, Any] = {"python": _environment(folder, order)}
    except (Failed, OSError) as error:
        told = {"failed": str(error)}
    journal.replace(os.path.join(folder, "made.json"), json.dumps(told).encode())
    return 0


def _begin(folder: str, asked: bytes) -> None:
    journal.replace(os.path.join(folder, "order.json"), asked)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    said = os.open(os.path.join(folder, "said.log"), flags, 0o600)
    try:
        subprocess.Popen(
            [sys.executable, "-B", sys.argv[0], "--make", folder],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    finally:
        os.close(said)


def _show(folder: str, result: str) -> None:
    """Its words, until it is done or nobody makes it any more."""
    lock = os.open(os.path.join(folder, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    began = time.monotonic()
    with open(os.path.join(folder, "said.log"), "rb") as said:
        over = False
        while True:
            words = said.read(65536)
            if words:
                os.write(1, words.replace(b"\0", b" "))
                continue
            if over:
                break
            over = os.path.exists(result) or (time.monotonic() - began > 5 and _free(lock))
            time.sleep(LOOK_S)
    os.close(lock)


def _free(lock: int) -> bool:
    """Whether nobody makes it; asked once, so the lock may stay ours until we end."""
    return system.lock(lock)


def _environment(folder: str, order: Mapping[str, Any]) -> str:
    parts, place = f"{folder}.parts", os.path.join(folder, "venv")
    if order.get("wheel") and sys.version_info < LEAST_PYTHON:
        raise Failed(
            "trainings of our own need Python 3.10 or newer there, it is "
            + ".".join(map(str, sys.version_info[:3]))
        )
    python = os.path.join(place, "bin", "python")
    _do([sys.executable, "-m", "venv", "--without-pip", "--clear", place], folder)
    pip = _pip(python)
    pins = os.path.join(parts, "constraints.txt")
    if order.get("torch") and _image_torch():
        _borrow(python)
        pins = _without_torch(pins, folder)
    limits = ["-c", pins] if os.path.exists(pins) else []
    needs = os.path.join(parts, "requirements.txt")
    if os.path.exists(needs):
        _do([*pip, "install", *limits, "-r", needs], folder)
    if order.get("wheel"):
        wheel = os.path.join(parts, str(order["wheel"]))
        _do([*pip, "install", "--no-deps", "--no-index", "--force-reinstall", wheel], folder)
    env = {**os.environ, "PATH": f"{place}/bin{os.pathsep}{os.environ.get('PATH', '')}"}
    env["VIRTUAL_ENV"] = place
    for words in order.get("setup") or ():
        _do([str(word) for word in words], str(order.get("cwd") or folder), env)
    return python


def _pip(python: str) -> list[str]:
    """The machine's own pip, working on the new environment; else the one that its Python brings along."""
    own = [sys.executable, "-m", "pip"]
    try:
        said = subprocess.run([*own, "--version"], stdout=subprocess.PIPE, check=False).stdout
        found = re.search(rb"pip (\d+)\.(\d+)", said)
        if found and (int(found[1]), int(found[2])) >= (22, 3):
            return [*own, *QUIET, "--python", python]
    except OSError:
        pass
    if subprocess.call([python, "-m", "ensurepip", "-q"]) == 0:
        return [python, "-m", "pip", *QUIET]
    raise Failed(NO_PIP)


def _image_torch() -> str | None:
    """The version of the machine's torch where it is new enough; torch itself is not loaded for that."""
    code = "from importlib.metadata import version; print(version('torch'))"
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
    )
    said = done.stdout.decode().strip()
    found = re.match(r"(\d+)\.(\d+)", said)
    enough = found is not None and (int(found[1]), int(found[2])) >= LEAST_TORCH
    return said if enough else None


def _borrow(python: str) -> None:
    """The new environment sees what this interpreter sees, behind what it has itself."""
    code = "import site; print('\\n'.join([*site.getsitepackages(), site.getusersitepackages()]))"
    theirs = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True).stdout
    mine = subprocess.run([python, "-c", code], stdout=subprocess.PIPE, check=True).stdout
    with open(os.path.join(mine.decode().split("\n")[0], "machine.pth"), "wb") as file:
        file.write(theirs)


def _without_torch(pins: str, folder: str) -> str:
    """The image's torch stands above the pinned one, and so does everything that came with it."""
    kept = os.path.join(folder, "pins.txt")
    with open(pins, encoding="utf-8") as file, open(kept, "w", encoding="utf-8") as out:
        out.writelines(
            line for line in file if not re.match(r"(torch|triton|nvidia-(?!ml)|cuda)", line)
        )
    return kept


def _do(words: Sequence[str], cwd: str, env: Mapping[str, str] | None = None) -> None:
    print("$ " + " ".join(words), flush=True)
    try:
        code = subprocess.call(list(words), cwd=cwd, env=None if env is None else dict(env))
    except OSError as error:
        raise Failed(f"{words[0]}: {error.strerror}") from error
    if code:
        raise Failed(f"`{' '.join(words)}` ended with {code}")


def _read(path: str) -> Mapping[str, Any] | None:
    try:
        with open(path, "rb") as file:
            found = json.loads(file.read())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _forget(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return
