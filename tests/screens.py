"""`python -m tests.screens`: the README's picture, drawn anew from a recording. A test says when it is out of date.

It is the real screen at a moment of the recording, by the one exporter of Textual. Times are shown as UTC.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from pathlib import Path

from cockpit.app import Cockpit
from cockpit.screens.base import RunPlace
from engine import shipped
from tests.cockpit.stage import opened, until

ROOT = Path(__file__).parents[1]
SIZE = (128, 38)
PICTURES = {"cockpit/pictures/mended.svg": ("letters", 0.985)}
"""Where each lies, of which recording, and how far in it."""


def drawn(name: str, share: float) -> str:
    """The dashboard of a recording as it stood there, as SVG."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    run = next(one for one in shipped.recordings(Path("none")) if one.id.startswith(name))
    found: list[str] = []

    async def scene() -> None:
        async with opened(Path("none"), run, SIZE, tape=True) as pilot:
            screen = pilot.app.screen
            assert isinstance(pilot.app, Cockpit) and isinstance(screen, RunPlace)
            head = screen.source.head
            assert head is not None
            head.play()
            head.seek(share)
            await until(pilot, lambda: _stands(screen, head.position.now))
            await pilot.pause(0.3)
            found.append(pilot.app.export_screenshot(title="cockpit", simplify=True))

    asyncio.run(scene())
    return stable(found[0])


def _stands(screen: RunPlace, now: float) -> bool:
    moment = screen.moment
    return (
        moment is not None
        and moment.position is not None
        and moment.position.now == now
        and not moment.behind
    )


def stable(svg: str) -> str:
    """Names that Rich makes from the moment of drawing become the same ones each time; no font comes from elsewhere."""
    svg = re.sub(r"terminal-\d+", "terminal", svg)
    svg = re.sub(r"@font-face\s*\{.*?\}\s*", "", svg, flags=re.DOTALL)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def main() -> int:
    for place, (name, share) in PICTURES.items():
        (ROOT / place).parent.mkdir(exist_ok=True)
        (ROOT / place).write_text(drawn(name, share), "utf-8")
        print(place)
    return 0


if __name__ == "__main__":
    sys.exit(main())
