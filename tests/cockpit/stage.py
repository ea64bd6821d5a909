"""The app on a stage: told stories as runs, one moment of them to look at, keys, and what is then to be read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from textual.pilot import Pilot

from cockpit.app import Cockpit, Opening
from cockpit.watching.clock import Clock
from cockpit.watching.console import Lines
from cockpit.watching.head import Head
from cockpit.watching.moment import Moment
from cockpit.watching.reading import Reading
from cockpit.watching.source import Recorded
from engine.runs import Run, every
from engine.sync.meter import metered
from tests.support import journals
from tests.support.stories import T0, Told
from tests.support.tales import NOW, told

CONSOLE = "".join(f"step {n}/100 loss={4 - 0.02 * n:.4f}\n" for n in range(1, 51))
SIZES = ((60, 20), (80, 24), (120, 40), (200, 60))
PATIENCE_S = 20.0

Act = Callable[[Pilot[None]], Awaitable[None]]


class Pinned:
    """A source: a run as it stood when its tale was told, by the engine's replay. Without a head it looks alive."""

    acts = True
    head: Head | None = None

    def __init__(self, run: Run) -> None:
        self.run = run
        self._looked = False

    def look(self) -> Moment | None:
        if self._looked:
            return None
        self._looked = True
        recording = Recorded(self.run)
        t = max(NOW, recording.end)
        frame = recording.frame(t)
        clock, reach = Clock(), recording.reach(t)
        reading, lines = Reading(self.run, clock), Lines(self.run, clock)
        reading.read(frame.view)
        lines.read()
        return Moment(
            frame,
            recording.status(frame),
            recording.terms(frame),
            reading.curves(reach),
            lines.console(reach),
            transfer=metered(self.run.cache / "pull.json"),
        )


def tale(logs: Path, name: str, *more: Told | Iterable[Told]) -> Run:
    """A run of the tales, with a few lines of console."""
    place = name.lower().replace(" ", "-").replace("_", "-")
    run_id = f"{place}-20260921-000000-abcd"
    run = journals.write(logs, told(name), *more, run_id=run_id)
    if run.attempt(1).runner.exists():
        journals.append(run.attempt(1).console, CONSOLE.encode())
    return run


@asynccontextmanager
async def opened(
    logs: Path, run: Run | None = None, size: tuple[int, int] = (120, 40), tape: bool = False
) -> AsyncIterator[Pilot[None]]:
    """The app as `cockpit` opens it; ready when what it was opened on is drawn."""
    app = Cockpit(Opening(partial(every, logs), run, tape))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app._fleet.latest is not None)
        if run is not None:
            await until(pilot, lambda: getattr(app.screen, "moment", None) is not None)
        await pilot.pause()
        yield pilot


async def until(pilot: Pilot[None], true: Callable[[], bool]) -> None:
    """Wait for it; what never comes is a failure."""
    end = asyncio.get_running_loop().time() + PATIENCE_S
    while not true():
        assert asyncio.get_running_loop().time() < end, f"never: {text(pilot)}"
        await pilot.pause(0.02)
    await pilot.pause()


def text(pilot: Pilot[None]) -> str:
    """All that is to be read on the screen."""
    return "\n".join(rows(pilot))


def rows(pilot: Pilot[None]) -> list[str]:
    strips = pilot.app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def play(scene: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(scene())  # type: ignore[arg-type]


__all__ = ["NOW", "SIZES", "T0", "Pinned", "opened", "play", "rows", "tale", "text"]
