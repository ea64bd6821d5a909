"""An outfit brought to a machine and made there, with every word of its making shown here."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from engine.errors import Unusable
from engine.hosts import Host
from engine.machines.bootstrap import NOISE, ROOT, Ear, command
from engine.machines.machine import Away, Tell
from engine.machines.outfit import Outfit
from engine.machines.sending import send
from engine.machines.ssh import FAILURES
from engine.machines.wire import Wire
from engine.runner.frames import MAGIC, PIECE
from engine.sync.selection import Item, Selection

LOOK_S = 5.0


def fit(host: Host, wire: Wire, outfit: Outfit, cwd: str, tell: Tell) -> str:
    """The interpreter of the environment. Making it goes on there when the line is cut; asking again listens on."""
    folder = f"{ROOT}/outfits/{outfit.digest}"
    if not wire.ask({"do": "outfit", "digest": outfit.digest})["parts"]:
        _send_parts(host, wire, outfit, f"{folder}.parts")
    ear = Ear(wire.beside(command(host, "--outfit", folder)))
    try:
        ear.stream.write(json.dumps({**outfit.order, "cwd": cwd}).encode() + b"\n")
        if ear.until(MAGIC, NOISE) is None:
            raise Away("the machine's shell ended before our program spoke")
        told = _listen(ear, wire, tell)
    except FAILURES as error:
        raise Away(str(error) or "the line was cut") from None
    finally:
        ear.stream.close()
    if "failed" in told:
        raise Unusable(
            f"{host.name}: its environment could not be made: {told['failed']}",
            "setup.log in the run's folder has every word; then launch again",
        )
    return str(told["python"])


def _listen(ear: Ear, wire: Wire, tell: Tell) -> dict[str, str]:
    """Words until a NUL, then one line of JSON. A download can be silent for as long as the machine itself is there."""
    last: bytes | None = None
    while True:
        data, ear.left = ear.left, b""
        if not data:
            try:
                data = ear.stream.read(PIECE, LOOK_S)
            except TimeoutError:
                if wire.up:
                    continue
                raise
            if not data:
                raise Away("the line was cut")
        if last is None:
            words, mark, data = data.partition(b"\0")
            if words:
                tell(words)
            if not mark:
                continue
            last = b""
        last += data
        if last.endswith(b"\n"):
            found = json.loads(last)
            return {str(name): str(value) for name, value in found.items()}


def _send_parts(host: Host, wire: Wire, outfit: Outfit, folder: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        items = []
        for name, data in outfit.files.items():
            path = Path(place, name)
            path.write_bytes(data)
            items.append(Item(name, path, len(data), False))
        chosen = Selection(tuple(items), outfit.digest)
        send(wire.beside(command(host, "--take", folder)), chosen)
