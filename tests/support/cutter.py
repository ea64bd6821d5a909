"""A line that can be cut: a relay on loopback that drops its connections, or goes silent and keeps them open."""

from __future__ import annotations

import select
import socket
import threading
from types import TracebackType

PIECE = 65536


class Cutter:
    """Relays to a port. `cut_after` is how many bytes from the far side each new connection may carry."""

    def __init__(self, port: int) -> None:
        self._far = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.silent = False
        self.cut_after: int | None = None
        self.connections = 0
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._over = False

    def __enter__(self) -> Cutter:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._over = True
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Both ends hear at once that it is over."""
        for pair in self._pairs:
            for one in pair:
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue
        self._pairs.clear()

    def _accept(self) -> None:
        while not self._over:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._far))
            except OSError:
                continue
            self.connections += 1
            self._pairs.append((near, far))
            threading.Thread(
                target=self._relay, args=(near, far, self.cut_after), daemon=True
            ).start()

    def _relay(self, near: socket.socket, far: socket.socket, left: int | None) -> None:
        with near, far:
            while not self._over:
                ready, _, _ = select.select([near, far], [], [], 0.5)
                for source in ready:
                    try:
                        data = source.recv(PIECE)
                    except OSError:
                        return
                    if not data:
                        return
                    if self.silent:
                        continue
                    if source is far and left is not None:
                        data, left = data[:left], left - len(data)
                    try:
                        (far if source is near else near).sendall(data)
                    except OSError:
                        return
                    if left is not None and left <= 0:
                        return
