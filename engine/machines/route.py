"""How to get to a host: what the user's own ssh says of an address (`ssh -G`), and where there is no ssh, the address.

Only resolution: nothing connects here, and of what ssh_config can do only what we can keep is taken over.
"""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from engine.errors import Unusable
from engine.hosts import ADDRESS, Host

ASKS_S = 10.0
DEFAULT_KEYS = ("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa")
MOST_JUMPS = 4


@dataclass(frozen=True)
class Route:
    """One end of a connection and the ways to say who we are. `jumps` are passed in their order."""

    host: str
    port: int
    user: str
    keys: tuple[str, ...]
    agent: bool
    known: tuple[str, ...]
    """Files with the user's known hosts."""
    alias: str
    """The name by which its key is known there."""
    jumps: tuple[Route, ...] = ()


def route(host: Host) -> Route:
    """The way to a host of hosts.toml: its own key before those of the user's configuration."""
    found = resolve(host.address)
    if host.key is None:
        return found
    key = str(Path(host.key).expanduser())
    if not Path(key).is_file():
        raise Unusable(
            f"host {host.name}: no key at {key}", f"check {host.name}.key in {host.source}"
        )
    return Route(
        found.host, found.port, found.user, (key,), False, found.known, found.alias, found.jumps
    )


def resolve(address: str, depth: int = 0) -> Route:
    """What ssh would do for this address."""
    parts = ADDRESS.fullmatch(address)
    if parts is None:
        raise Unusable(f"'{address}' is no address", "USER@HOST:PORT")
    if depth > MOST_JUMPS:
        raise Unusable(
            f"more than {MOST_JUMPS} jumps lead to {address}", "check ProxyJump in your ssh_config"
        )
    said = _asked(parts["host"].strip("[]"), parts["user"], parts["port"])
    first = {name: values[0] for name, values in said.items()}
    if first.get("proxycommand", "none") != "none":
        raise Unusable(
            f"{address} is reached by a ProxyCommand", "use ProxyJump, or a direct address"
        )
    hops = [hop for hop in first.get("proxyjump", "none").split(",") if hop and hop != "none"]
    jumps = tuple(resolve(hop, depth + 1) for hop in hops)
    keys = said.get("identityfile", list(DEFAULT_KEYS))
    named = parts["host"].strip("[]")
    name, port = first.get("hostname", named), int(first.get("port", parts["port"] or 22))
    return Route(
        host=name,
        port=port,
        user=first.get("user") or parts["user"] or getpass.getuser(),
        keys=tuple(path for key in keys if os.path.isfile(path := os.path.expanduser(key))),
        agent=first.get("identitiesonly", "no") != "yes",
        known=_files(first.get("userknownhostsfile")) + _files(first.get("globalknownhostsfile")),
        alias=first.get("hostkeyalias") or (name if port == 22 else f"[{name}]:{port}"),
        jumps=jumps,
    )


def _files(words: str | None) -> tuple[str, ...]:
    names = (words or "~/.ssh/known_hosts /etc/ssh/ssh_known_hosts").split()
    return tuple(os.path.expanduser(name) for name in names)


def _asked(host: str, user: str | None, port: str | None) -> dict[str, list[str]]:
    """The answer of `ssh -G`: every option and its values; empty where there is no ssh."""
    if shutil.which("ssh") is None:
        return {}
    command = [
        "ssh",
        "-G",
        *(["-l", user] if user else []),
        *(["-p", port] if port else []),
        "--",
        host,
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ASKS_S, check=False)
    except subprocess.TimeoutExpired:
        raise Unusable(
            f"`ssh -G {host}` does not end", "check Match exec in your ssh_config"
        ) from None
    if done.returncode:
        raise Unusable(
            f"ssh does not understand {host}: {done.stderr.strip()[:200]}", "check your ssh_config"
        )
    found: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        name, _, value = line.partition(" ")
        found.setdefault(name.lower(), []).append(value)
    return found
