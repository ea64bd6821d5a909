"""One connection to a machine and one command on it. The only file that imports paramiko.

Every wait has an end, the key is judged before a byte of authentication, and standard error can never block standard
output. What paramiko would do by itself (read every key, offer the whole agent, write known_hosts) is not asked for.
"""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paramiko

from engine.errors import Problem, Unknown, Unusable
from engine.hosts import Host
from engine.machines import trust
from engine.machines.route import Route, route

CONNECT_S, BANNER_S, AUTH_S, OPEN_S = 10.0, 10.0, 15.0, 10.0
KNOCK_S = 3.0
"""For a SYN to be answered. The system repeats it after 1, 3 and 7 seconds: a new one notices sooner that the link is
back."""
LOST_MS = 8000
"""Unanswered bytes for this long end the connection where the system can count them."""
LAST_WORDS = 4096
WEAK: dict[str, list[str]] = {
    "ciphers": ["aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc"],
    "macs": ["hmac-md5", "hmac-md5-96", "hmac-sha1", "hmac-sha1-96"],
}
FORMAT = b"openssh-key-v1\0"
FAILURES = (paramiko.SSHException, OSError, EOFError)


class Unreachable(Unknown):
    """We cannot see it now. It says nothing about what runs there."""


@dataclass
class Stream:
    """A running command: its input and output, and what it said on standard error."""

    channel: Any
    chain: list[Any]
    words: bytes = b""

    def read(self, most: int, patience_s: float) -> bytes:
        """What came; empty at the end. Silence beyond the patience is a TimeoutError."""
        self.channel.settimeout(patience_s)
        data: bytes = self.channel.recv(most)
        self._listen()
        return data

    def write(self, data: bytes) -> None:
        self.channel.sendall(data)

    def beside(self, command: str) -> Stream:
        """Another command on the same connection; closing it leaves the connection open."""
        channel = self.chain[-1].open_session(timeout=OPEN_S)
        channel.settimeout(OPEN_S)
        channel.exec_command(command)
        return Stream(channel, [])

    @property
    def shown(self) -> str:
        """The machine's key as a line of known_hosts has it."""
        key = self.chain[-1].get_remote_server_key()
        return f"{key.get_name()} {key.get_base64()}"

    def end(self) -> None:
        """Nothing more will be written."""
        self.channel.shutdown_write()

    def status(self) -> int | None:
        """Its exit status once it has ended and the machine told."""
        return int(self.channel.recv_exit_status()) if self.channel.status_event.wait(2.0) else None

    def close(self) -> None:
        for one in (self.channel, *reversed(self.chain)):
            with suppress(*FAILURES):
                one.close()

    def _listen(self) -> None:
        while self.channel.recv_stderr_ready():
            self.words = (self.words + self.channel.recv_stderr(LAST_WORDS))[-LAST_WORDS:]


def run(host: Host, command: str) -> Stream:
    """Connect, prove who both sides are, start the command."""
    chain: list[Any] = []
    try:
        transport = _arrive(route(host), host.fingerprint, chain)
        channel = transport.open_session(timeout=OPEN_S)
        channel.settimeout(OPEN_S)
        channel.exec_command(command)
        return Stream(channel, chain)
    except FAILURES as error:
        _leave(chain)
        raise Unreachable(
            f"{host.name}: {_said(error)}", "engine hosts test " + host.name
        ) from error
    except (Problem, *FAILURES):
        _leave(chain)
        raise


def introduced(host: Host) -> str | None:
    """The fingerprint of a key that nobody vouches for yet; None where ssh knows it or it was pinned."""
    chain: list[Any] = []
    try:
        _arrive(route(host), host.fingerprint, chain)
    except trust.Stranger as stranger:
        return stranger.fingerprint
    except FAILURES as error:
        raise Unreachable(f"{host.name}: {_said(error)}", "check the address") from error
    finally:
        _leave(chain)
    return None


def _arrive(way: Route, pin: str | None, chain: list[Any]) -> Any:
    """Through every jump to the end; each leg has a key of its own to show."""
    stops = [*way.jumps, way]
    sock: Any = None
    for at, stop in enumerate(stops):
        if sock is None:
            sock = _socket(stop)
        transport = _transport(sock, stop, pin if at == len(stops) - 1 else None)
        chain.append(transport)
        _introduce(transport, stop)
        if at + 1 < len(stops):
            there = stops[at + 1]
            sock = transport.open_channel(
                "direct-tcpip", (there.host, there.port), ("127.0.0.1", 0), timeout=OPEN_S
            )
    return chain[-1]


def _socket(stop: Route) -> socket.socket:
    found = socket.create_connection((stop.host, stop.port), timeout=KNOCK_S)
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, LOST_MS)
    return found


def _transport(sock: Any, stop: Route, pin: str | None) -> Any:
    """A connection whose other end has shown the right key; closed where it has not."""
    known = trust.entries(stop.known, stop.alias)
    transport = paramiko.Transport(sock, disabled_algorithms=WEAK)
    try:
        transport.banner_timeout, transport.auth_timeout = BANNER_S, AUTH_S
        options = transport.get_security_options()
        ours = [entry.kind for entry in known if not entry.revoked]
        options.key_types = sorted(options.key_types, key=lambda kind: _family(kind) not in ours)
        transport.start_client(timeout=CONNECT_S)
        trust.judge(stop.alias, transport.get_remote_server_key().asbytes(), pin, known)
    except (Problem, *FAILURES):
        transport.close()
        raise
    return transport


def _family(kind: str) -> str:
    """known_hosts name the key, the handshake its signature: an RSA key signs in two ways."""
    return "ssh-rsa" if kind.startswith("rsa-sha2-") else kind


def _introduce(transport: Any, stop: Route) -> None:
    """Say who we are, by the keys that the user's configuration names, then by the agent's."""
    tried: list[str] = []
    for name, key in _keys(stop, tried):
        try:
            transport.auth_publickey(stop.user, key)
        except paramiko.BadAuthenticationType as error:
            raise Unusable(
                f"{stop.host} takes no keys: {error}", "allow public keys there"
            ) from error
        except paramiko.AuthenticationException:
            tried.append(f"{name}: refused")
            continue
        if transport.is_authenticated():
            return
    words = "; ".join(tried) or "no key was found"
    raise Unusable(
        f"{stop.user}@{stop.host}:{stop.port} lets nobody of us in ({words})",
        "name the right key in hosts.toml, or load it into your agent with ssh-add",
    )


def _keys(stop: Route, tried: list[str]) -> Iterator[tuple[str, Any]]:
    for path in stop.keys:
        try:
            yield path, paramiko.PKey.from_path(path)
        except (paramiko.PasswordRequiredException, TypeError):  # cryptography's word for it
            found = _unlocked(path)
            if found is None:
                tried.append(f"{path}: has a passphrase; load it with ssh-add")
            else:
                yield f"{path}, by the agent", found
        except (paramiko.SSHException, OSError, ValueError) as error:
            tried.append(f"{path}: {_said(error)}")
    if stop.agent:
        with suppress(*FAILURES):
            for key in paramiko.Agent().get_keys():
                yield f"agent's {key.get_name()}", key


def _unlocked(path: str) -> Any:
    """The same key, as the agent has it; OpenSSH's format tells the public half of a locked one."""
    with suppress(*FAILURES, ValueError, IndexError):
        body = Path(path).read_text("ascii").split("-----")[2]
        raw = base64.b64decode("".join(body.split()))
        if raw.startswith(FORMAT):
            told = paramiko.Message(raw[len(FORMAT) :])
            for _ in ("cipher", "derivation", "its options"):
                told.get_string()
            told.get_int()
            public = told.get_string()
            return next((k for k in paramiko.Agent().get_keys() if k.asbytes() == public), None)
    return None


def _leave(chain: list[Any]) -> None:
    for transport in reversed(chain):
        with suppress(*FAILURES):
            transport.close()


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__
