"""What ships with the program: the demo's profile with its text, and the recordings.

In a checkout they lie in the project itself; an installation has them under `share/` of its prefix, laid out the same.
Nothing is ever written there.
"""

from __future__ import annotations

from pathlib import Path

import engine
from engine.errors import NotFound
from engine.runs import Run, samples

SHARE = "share/training-cockpit/shipped"
DEMO = "profiles/demo.toml"
RECORDINGS = "logs/samples"


def root(start: Path | None = None) -> Path | None:
    """The project's folder, or what stands for it; `start` is the program's own folder."""
    above = (start or Path(engine.__file__).parent).parents
    places = [above[0], *(folder / SHARE for folder in above)]
    return next((place for place in places if (place / DEMO).is_file()), None)


def demo() -> Path:
    """The folder that the demo is launched from; `DEMO` lies below it."""
    found = root()
    if found is None:
        raise NotFound(
            "the demo did not come along", "pip install --force-reinstall training-cockpit"
        )
    return found


def recordings(logs: Path) -> list[Run]:
    """Those of the project one stands in, else those that came with the program."""
    here = list(samples(logs / "samples"))
    shipped = root()
    return here or (list(samples(shipped / RECORDINGS)) if shipped is not None else [])
