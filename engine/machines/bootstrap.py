"""From a login shell to the far end of a channel: find Python, bring the runner's zipapp if it is not there, become it.

One command and one line on its standard input, whatever the login shell prints or is. Nothing is installed, and the
zipapp is named by its content, so that two versions live side by side and a half copy is never run.
"""

from __future__ import annotations

import hashlib
import shlex
from contextlib import suppress

from engine.errors import Problem, Unusable
from engine.hosts import Host
from engine.machines.ssh import FAILURES, Stream, Unreachable, run
from engine.runner.bundle import build
from engine.runner.frames import MAGIC, PIECE

ROOT = "~/.cockpit"
PATIENCE_S = 30.0
"""A login shell that starts pyenv or conda first takes seconds."""
NOISE = 1 << 20
NO_PROGRAM = 127

# Runs on whatever `python3` is there, so it is written for Python 3.5. Binary input is read without a buffer: what
# comes behind the zipapp belongs to the process that this one becomes.
_SCRIPT = """
import hashlib, os, sys
magic, root, name, size, want = {settings!r}
out = sys.stdout.buffer
def say(word):
    out.write(magic + word + b"\\n")
    out.flush()
if sys.version_info < (3, 8):
    say(("old %d.%d" % sys.version_info[:2]).encode())
    sys.exit(0)
try:
    home = os.path.expanduser(root)
    folder = os.path.join(home, "bin")
    os.makedirs(folder, 0o700, exist_ok=True)
    path = os.path.join(folder, name)
    def good():
        try:
            with open(path, "rb") as file:
                return hashlib.sha256(file.read()).hexdigest() == want
        except OSError:
            return False
    if not good():
        say(b"need")
        data = b""
        while len(data) < size:
            more = os.read(0, size - len(data))
            if not more:
                sys.exit(0)
            data += more
        half = path + ".%d" % os.getpid()
        with open(half, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.rename(half, path)
    if not good():
        raise OSError("the copy of the runner is not what was sent")
except OSError as error:
    say(("no " + str(error)).encode("utf-8", "replace").replace(b"\\n", b" "))
    sys.exit(0)
os.execv(sys.executable, [sys.executable, "-B", path, "--far", home])
"""


class Ear:
    """Reads a stream by words; what is left over belongs to whoever reads on."""

    def __init__(self, stream: Stream) -> None:
        self.stream, self.left = stream, b""

    def until(self, mark: bytes, most: int) -> bytes | None:
        """Everything before the mark; None when the stream ended before it."""
        while mark not in self.left:
            if len(self.left) > most:
                raise Unreachable("it prints without an end where its Python should speak")
            data = self.stream.read(PIECE, PATIENCE_S)
            if not data:
                return None
            self.left += data
        before, _, self.left = self.left.partition(mark)
        return before


def arrive(host: Host) -> Ear:
    """The far end on this host, about to say hello."""
    stream = run(host, f"exec {_program(host.python)} -c 'import sys,os;exec(os.read(0,65536))'")
    ear = Ear(stream)
    try:
        data = build()
        with suppress(*FAILURES):  # a shell without Python has hung up; what it said comes below
            stream.write(_line(data))
        word = _word(host, ear)
        if word == b"need":
            stream.write(data)
            word = _word(host, ear)
        if word != b"":
            raise _refusal(host, word)
    except (Problem, *FAILURES):
        stream.close()
        raise
    return ear


def command(host: Host, *words: str) -> str:
    """The runner's zipapp on a machine that has it, for the login shell."""
    path = f"{ROOT}/bin/{name(build())}"
    return " ".join(["exec", _program(host.python), "-B", _program(path), *map(shlex.quote, words)])


def name(data: bytes) -> str:
    return f"runner-{hashlib.sha256(data).hexdigest()[:16]}.pyz"


def _line(data: bytes) -> bytes:
    digest = hashlib.sha256(data).hexdigest()
    settings = (MAGIC, ROOT, name(data), len(data), digest)
    return _SCRIPT.format(settings=settings).encode()


def _word(host: Host, ear: Ear) -> bytes:
    """What the script says; the far end says nothing behind its mark but its first frame."""
    if ear.until(MAGIC, NOISE) is None:
        raise _silent(host, ear)
    while len(ear.left) < 4:
        data = ear.stream.read(PIECE, PATIENCE_S)
        if not data:
            raise _silent(host, ear)
        ear.left += data
    if ear.left[:1] == b"\x00":  # the length of a frame: words are letters
        return b""
    return ear.until(b"\n", NOISE) or b"nothing"


def _refusal(host: Host, word: bytes) -> Unusable:
    text = word.decode("utf-8", "replace")
    if text.startswith("old "):
        return Unusable(
            f"{host.name} has Python {text[4:]}, the runner needs 3.8 or newer",
            f'install one there and name it: python = "/path/to/python3" in [{host.name}]',
        )
    return Unusable(
        f"{host.name} cannot take the runner: {text[3:]}", f"free some room in {ROOT} there"
    )


def _silent(host: Host, ear: Ear) -> Unusable | Unreachable:
    """It ended before Python spoke."""
    said = (ear.stream.words or ear.left)[-300:].decode("utf-8", "replace").strip()
    if ear.stream.status() == NO_PROGRAM:
        return Unusable(
            f"{host.name} has no {host.python} ({said})",
            f'install Python 3.8 or newer there, or name it: python = "/path/to/python3" in [{host.name}]',
        )
    return Unreachable(f"{host.name}: its shell ended before Python spoke: {said}")


def _program(name: str) -> str:
    """Quoted for the login shell; a leading ~ is its user's home."""
    if name.startswith("~/"):
        return '"$HOME"/' + shlex.quote(name[2:])
    return shlex.quote(name)
