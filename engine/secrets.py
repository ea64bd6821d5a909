"""Where the value of a named secret is found: the environment, the keyring, then `secrets.toml` beside hosts.toml.

Values go from here straight to a trainer's environment; nothing writes, prints or logs one.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from engine.errors import Unusable

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SERVICE = "training-cockpit"


class Secret(NamedTuple):
    """A value and the place it came from."""

    value: str
    source: str


def settings_folder() -> Path:
    """`$COCKPIT_HOME`, else the XDG config folder's."""
    if os.environ.get("COCKPIT_HOME"):
        return Path(os.environ["COCKPIT_HOME"]).expanduser()
    config = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(config) / "training-cockpit"


def lookup(name: str) -> Secret | None:
    """The secret, or None when it is nowhere."""
    if os.environ.get(name):
        return Secret(os.environ[name], "environment")
    return _keyring(name) or _file(name)


def written() -> list[str]:
    """The names in `secrets.toml`; of a file that cannot be read none."""
    try:
        return list(tomllib.loads((settings_folder() / "secrets.toml").read_text("utf-8")))
    except (OSError, ValueError):
        return []


def require(names: Iterable[str]) -> dict[str, str]:
    """All of them, or a problem that names the missing ones."""
    found = {name: lookup(name) for name in names}
    missing = sorted(name for name, secret in found.items() if secret is None)
    if missing:
        where = settings_folder() / "secrets.toml"
        raise Unusable(
            f"no value for the secret {', '.join(missing)}",
            fix=f"export it, or write it into {where} (mode 0600)",
        )
    return {name: secret.value for name, secret in found.items() if secret is not None}


def _keyring(name: str) -> Secret | None:
    try:
        import keyring  # type: ignore[import-not-found]
        import keyring.errors  # type: ignore[import-not-found]
    except ImportError:
        return None
    try:
        value = keyring.get_password(SERVICE, name)
    except keyring.errors.KeyringError:
        return None
    return Secret(value, "keyring") if value else None


def _file(name: str) -> Secret | None:
    path = settings_folder() / "secrets.toml"
    try:
        mode = path.stat().st_mode
        text = path.read_text("utf-8")
    except OSError:
        return None
    if stat.S_IMODE(mode) & 0o077:
        raise Unusable(f"{path} can be read by others", fix=f"chmod 600 {path}")
    try:
        value = tomllib.loads(text).get(name)
    except tomllib.TOMLDecodeError as error:
        raise Unusable(f"{path}: {error}", fix='one line a secret: NAME = "value"') from None
    return Secret(value, str(path)) if isinstance(value, str) and value else None
