"""Letters on the disk, one file each, until they are delivered or refused. An address is the name of a secret here."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import Any, Mapping

from engine.notify.notice import Notice

MOST = 1000
"""Letters that may wait; a flood is no notice."""


@dataclass(frozen=True)
class Letter:
    """`id` names the notice and, behind a dot, the place it goes to; `to` is a channel of the profile."""

    id: str
    to: str
    notice: Mapping[str, Any]

    @property
    def alarm(self) -> str:
        return str(self.notice.get("alarm"))


class Outbox:
    """A folder, made when the first letter comes."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def put(self, number: str, to: tuple[str, ...], notice: Notice) -> None:
        """One letter for each place. Putting the same again changes nothing."""
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        for place, channel in enumerate(to):
            body = {"id": f"{number}.{place}", "to": channel, "notice": asdict(notice)}
            hidden = os.path.join(self._folder, f".{number}.{place}")
            with open(os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                json.dump(body, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(hidden, self._path(f"{number}.{place}"))

    def waiting(self) -> list[Letter]:
        """Oldest first; a file that is no letter is left alone."""
        try:
            names = sorted(name for name in os.listdir(self._folder) if name.endswith(".json"))
        except OSError:
            return []
        letters = [self._read(name) for name in names[:MOST]]
        return sorted((one for one in letters if one is not None), key=_age)

    def remove(self, letter: Letter) -> None:
        try:
            os.unlink(self._path(letter.id))
        except OSError:
            return

    def _read(self, name: str) -> Letter | None:
        try:
            with open(os.path.join(self._folder, name), "rb") as file:
                found = json.loads(file.read(1 << 20))
        except (OSError, ValueError, RecursionError):
            return None
        fits = isinstance(found, dict) and isinstance(found.get("notice"), dict)
        if not fits or f"{found.get('id')}.json" != name or not isinstance(found.get("to"), str):
            return None
        return Letter(found["id"], found["to"], found["notice"])

    def _path(self, number: str) -> str:
        return os.path.join(self._folder, f"{number}.json")


def _age(letter: Letter) -> tuple[float, str]:
    t = letter.notice.get("t")
    return (t if isinstance(t, (int, float)) else 0.0, letter.id)
