"""The user's own ssh, for programs that must ride it: the words that bind it to the key which the machine has shown.

The user's configuration still says how to get there; whom we talk to was decided once, by us, and is not asked again.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from engine import journal
from engine.errors import Unusable
from engine.hosts import ADDRESS, Host
from engine.runs import PRIVATE_DIR

ALIAS = "cockpit-machine"
OPTIONS = (
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "GlobalKnownHostsFile=/dev/null",
    "UpdateHostKeys=no",
    f"HostKeyAlias={ALIAS}",
    "CheckHostIP=no",
    "ControlPath=none",
    "ClearAllForwardings=yes",
    "RemoteCommand=none",
    "ConnectTimeout=10",
    "ServerAliveInterval=3",
    "ServerAliveCountMax=2",
    "LogLevel=ERROR",
)


def words(host: Host, shown: str, known: Path) -> list[str]:
    """ssh with its options, without the machine. `shown` is the machine's key as a line of known_hosts has it."""
    known.parent.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
    journal.replace(known, f"{ALIAS} {shown}\n".encode())
    parts = _parts(host)
    found = ["ssh", "-T", "-x", "-a"]
    for option in (*OPTIONS, f"UserKnownHostsFile={known}"):
        found += ["-o", option]
    if parts["user"]:
        found += ["-l", parts["user"]]
    if parts["port"]:
        found += ["-p", parts["port"]]
    if host.key is not None:
        found += ["-o", "IdentitiesOnly=yes", "-i", str(Path(host.key).expanduser())]
    return found


def machine(host: Host) -> str:
    """As rsync and ssh want it."""
    return str(_parts(host)["host"])


def fits(text: str) -> bool:
    """rsync splits the words itself and knows no escapes."""
    return shutil.which("ssh") is not None and not set(text) & set("'\"\\\n")


def _parts(host: Host) -> dict[str, str | None]:
    found = ADDRESS.fullmatch(host.address)
    if found is None:
        raise Unusable(f"'{host.address}' is no address", "USER@HOST:PORT")
    return found.groupdict()
