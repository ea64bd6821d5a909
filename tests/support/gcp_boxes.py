"""The machines behind Google's door as real sshd processes: each on an address of its own, port 22. Needs root.

What a guest agent does on a VM is done here: the keys of the metadata let people in, the host key is published. A disk
outlives a stop; losing power kills everything that ran, without a word.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

from tests.support.gcp_project import Boxes
from tests.support.sshd import Sshd, keygen

NET = "127.0.77"


class SshBoxes(Boxes):
    """`folder` holds their disks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._boxes: dict[str, Sshd] = {}

    def up(self, name: str, pairs: dict[str, str]) -> tuple[str, str]:
        box = self._boxes.get(name) or self._made(name)
        lines = [line.partition(":")[2] for line in pairs.get("ssh-keys", "").splitlines()]
        keys = [" ".join(line.split()[:2]) for line in lines]
        (box.folder / "allowed").write_text("\n".join([*keys, ""]))
        box.start()
        return box.address, (box.folder / "host.pub").read_text().split()[1]

    def down(self, name: str) -> None:
        box = self._boxes[name]
        listener = box.process.pid if box.process is not None else 0
        for _ in range(5):
            for pid in _below(listener, box.home):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        box.stop()

    def disk(self, name: str) -> Path:
        """The home of who logs in."""
        return self._boxes[name].home

    def close(self) -> None:
        for name in self._boxes:
            self.down(name)

    def _made(self, name: str) -> Sshd:
        folder = self._folder / name
        folder.mkdir(parents=True)
        keygen(folder / "host")
        address = f"{NET}.{len(self._boxes) + 2}"
        box = self._boxes[name] = Sshd(folder, 22, address=address)
        return box


def _below(listener: int, home: Path) -> list[int]:
    """Whoever descends from the listener, and whoever says that he lives there."""
    parents, found = {}, []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):
            stat = (entry / "stat").read_text().rpartition(")")[2].split()
            parents[int(entry.name)] = int(stat[1])
            if f"COCKPIT_FAR={home}\0".encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
    family = {listener} if listener else set()
    for _ in range(8):
        family |= {pid for pid, parent in parents.items() if parent in family}
    return [*found, *(family - {listener})]
