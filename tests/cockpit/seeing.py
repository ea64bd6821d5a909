"""A told story as one moment, without an app around it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cockpit.watching.moment import Moment
from engine.runs import Run
from tests.cockpit.stage import Pinned
from tests.support import journals
from tests.support.stories import Told


def seen(logs: Path, *parts: Told | Iterable[Told], console: str = "") -> Moment:
    run = journals.write(logs, *parts)
    return looked(run, console)


def looked(run: Run, console: str = "") -> Moment:
    if console:
        journals.append(run.attempt(1).console, console.encode())
    found = Pinned(run).look()
    assert found is not None
    return found
