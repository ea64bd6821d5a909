"""A real sshd of our own: on a port of loopback, with keys made for it, ended with the test."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

CONFIG = """
Port {port}
ListenAddress {address}
HostKey {folder}/host
PidFile {folder}/pid
AuthorizedKeysFile {folder}/allowed
StrictModes no
UsePAM no
PasswordAuthentication no
PermitUserEnvironment yes
Subsystem sftp internal-sftp
SetEnv HOME={home} COCKPIT_FAR={home}
{more}
"""


@dataclass
class Sshd:
    """`key` lets somebody in; `home` is the far side's home."""

    folder: Path
    port: int
    more: str = ""
    address: str = "127.0.0.1"
    inside: tuple[str, ...] = ()
    """How a command is run where it shall listen."""
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def key(self) -> Path:
        return self.folder / "user"

    @property
    def fingerprint(self) -> str:
        said = subprocess.run(
            ["ssh-keygen", "-lf", str(self.folder / "host.pub")],
            capture_output=True,
            text=True,
            check=True,
        )
        return said.stdout.split()[1]

    def start(self) -> None:
        self.home.mkdir(exist_ok=True)
        text = CONFIG.format(**vars(self), home=self.home)
        (self.folder / "config").write_text(text)
        os.makedirs("/run/sshd", exist_ok=True)
        program = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin:/sbin") or "sshd"
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self.inside, program, "-D", "-e", "-f", str(self.folder / "config")],
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex((self.address, self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError((self.folder / "log").read_text())

    def stop(self) -> None:
        """The listener; connections that stand go on."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def entry(self, name: str = "far", **more: str) -> str:
        """Its table in hosts.toml."""
        table = {
            "provider": "ssh",
            "address": f"{os.environ.get('USER', 'root')}@{self.address}:{self.port}",
            "key": str(self.key),
            "fingerprint": self.fingerprint,
            **more,
        }
        lines = [f'{key} = "{value}"' for key, value in table.items()]
        return "\n".join([f"[{name}]", *lines, ""])


def made(folder: Path, more: str = "") -> Sshd:
    """Keys, a free port, and nothing started yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("host", "user"):
        keygen(folder / name)
    shutil.copy(folder / "user.pub", folder / "allowed")
    return Sshd(folder, free_port(), more)


def keygen(path: Path, kind: str = "ed25519", passphrase: str = "") -> None:
    words = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", str(path)]
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
