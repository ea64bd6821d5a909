"""A project brought to a machine ahead of any run, under the name of its content."""

from __future__ import annotations

import time
from dataclasses import dataclass

from engine.hosts import Host
from engine.machines.bootstrap import command
from engine.machines.machine import Away
from engine.machines.sending import send
from engine.machines.ssh import Unreachable
from engine.machines.wire import Wire
from engine.sync.selection import Selection

PATIENCE_S = 40.0


@dataclass(frozen=True)
class Shipped:
    """Whether anything had to be sent."""

    sent: bool


def ship(host: Host, chosen: Selection, dry: bool = False) -> Shipped:
    """The machine has this release; asking twice sends it once."""
    wire = Wire(host, lambda news: None, lambda beat: None)
    wire.start()
    try:
        until = time.monotonic() + PATIENCE_S
        while not wire.up:
            if time.monotonic() > until:
                raise Away(wire.why)
            time.sleep(0.02)
        said = wire.ask({"do": "release", "release": chosen.digest})
        if said["there"] or dry:
            return Shipped(False)
        send(wire.beside(command(host, "--take", str(said["take"]))), chosen)
        return Shipped(True)
    except Away as error:
        raise Unreachable(
            f"{host.name} is away: {error}", f"engine hosts test {host.name}"
        ) from None
    finally:
        wire.close()
