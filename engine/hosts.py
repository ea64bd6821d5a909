"""Where runs may go: the hosts that a user named in `hosts.toml`. Names of secrets, never secrets.

Looked for in `$COCKPIT_HOME`, then in the project's `profiles/`, then in the XDG config folder; the first that has the
name wins, and `add` writes the first of them. `local` is always there and cannot be written.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from engine import journal
from engine.errors import NotFound, Unusable
from engine.runs import PRIVATE_DIR
from engine.secrets import settings_folder

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LOCAL = "local"
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,47}")
ADDRESS = re.compile(
    r"(?:(?P<user>[^@\s/:]+)@)?(?P<host>\[[0-9a-fA-F:.]+\]|[^@\s:\[\]/-][^@\s:\[\]/]*)(?::(?P<port>\d{1,5}))?"
)
FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
KEYS = {
    "ssh": ("address", "key", "fingerprint"),
}
COMMON = ("provider", "price_hour", "python", "workdir")


@dataclass(frozen=True)
class Host:
    """One machine that can be named in `--host`. Absent is what the user's own ssh_config shall say."""

    name: str
    provider: str
    address: str = ""
    key: str | None = None
    fingerprint: str | None = None
    price_hour: float | None = None
    python: str = "python3"
    workdir: str = "~"
    source: str = ""
    """The file that it stands in."""

    def table(self) -> dict[str, Any]:
        names = (
            "name",
            "provider",
            "address",
            "key",
            "fingerprint",
            "price_hour",
            "python",
            "workdir",
            "source",
        )
        return {name: getattr(self, name) for name in names}


def files() -> list[Path]:
    """In the order in which they are asked."""
    found = [settings_folder() / "hosts.toml", Path.cwd() / "profiles" / "hosts.toml"]
    config = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return [*found, Path(config) / "training-cockpit" / "hosts.toml"]


def every() -> list[Host]:
    """All that are named, each once, by name."""
    found: dict[str, Host] = {}
    for path in reversed(files()):
        for host in _read(path):
            found[host.name] = host
    return sorted(found.values(), key=lambda host: host.name)


def find(name: str) -> Host:
    known = {host.name: host for host in every()}
    if name in known:
        return known[name]
    near = get_close_matches(name, known, 1)
    fix = f"did you mean {near[0]}?" if near else "engine hosts add NAME --ssh USER@HOST:PORT"
    raise NotFound(f"no host '{name}'", fix)


def add(host: Host) -> Path:
    """Write it into the first file; a name that stands there already is an error."""
    checked(host.name, written(host), "hosts add")
    path = files()[0]
    if any(known.name == host.name for known in _read(path)):
        raise Unusable(
            f"{path} has a host '{host.name}' already", "take another name or edit the file"
        )
    text = path.read_text("utf-8") if path.exists() else ""
    lines = [f"{key} = {_toml(value)}" for key, value in written(host).items()]
    block = "\n".join([f"[{host.name}]", *lines]) + "\n"
    path.parent.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
    journal.replace(path, (f"{text.rstrip()}\n\n{block}" if text.strip() else block).encode())
    return path


def checked(name: str, table: Mapping[str, Any], where: str) -> Host:
    """A host from an entry, or what is wrong with it."""
    if not NAME.fullmatch(name) or name == LOCAL:
        raise Unusable(
            f"{where}: '{name}' cannot be a host's name", "lower case, digits, dots and dashes"
        )
    provider = table.get("provider", "ssh")
    if provider not in KEYS:
        raise Unusable(f"{where}: {name}.provider: '{provider}' is not known here", 'use "ssh"')
    for key, value in table.items():
        _known(f"{where}: {name}.{key}", key, value, (*COMMON, *KEYS[provider]))
    address = table.get("address", "")
    if not ADDRESS.fullmatch(address):
        raise Unusable(
            f"{where}: {name}.address: '{address}' is no address",
            "USER@HOST:PORT, or a name of your ssh_config",
        )
    fingerprint = table.get("fingerprint")
    if fingerprint is not None and not FINGERPRINT.fullmatch(fingerprint):
        raise Unusable(
            f"{where}: {name}.fingerprint is none",
            "ssh-keyscan HOST | ssh-keygen -lf - shows SHA256:…",
        )
    return Host(
        name=name,
        provider=provider,
        source=where,
        **{k: v for k, v in table.items() if k != "provider"},
    )


def _known(where: str, key: str, value: object, allowed: tuple[str, ...]) -> None:
    if key not in allowed:
        near = get_close_matches(key, allowed, 1)
        raise Unusable(
            f"{where}: unknown key", f"did you mean {near[0]}?" if near else ", ".join(allowed)
        )
    if key == "price_hour":
        good = isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
    else:
        good = isinstance(value, str) and bool(value) and not set(value) & set("\0\n\r")
    if not good:
        raise Unusable(
            f"{where}: has no usable value",
            "a number of dollars" if key == "price_hour" else "text in quotes",
        )


def _read(path: Path) -> Iterator[Host]:
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Unusable(f"{path}: {error}", "mend the file") from None
    for name, entry in table.items():
        if not isinstance(entry, dict):
            raise Unusable(f"{path}: {name} is no table", f"[{name}]")
        yield checked(name, entry, str(path))


def pinned(host: Host, fingerprint: str) -> Host:
    """The host with the key that it must show from now on."""
    return replace(host, fingerprint=fingerprint)


def written(host: Host) -> dict[str, Any]:
    """Its entry: what is not as it would be anyway."""
    table = {key: getattr(host, key) for key in (*COMMON, *KEYS.get(host.provider, ()))}
    defaults = Host(host.name, host.provider)
    return {k: v for k, v in table.items() if k == "provider" or v != getattr(defaults, k)}


def _toml(value: object) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)
