"""One redraw of a 100 x 30 chart, from a thousand to a million points, and how many spikes survive it.

The peer is plotext with the same points, in an environment of its own; where that cannot be made, ours stands alone.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from pathlib import Path

import numpy as np

from cockpit.plot.curve import Curve, Look, Numbers, Scene, View
from cockpit.plot.glyphs import BRAILLE
from cockpit.plot.painter import Painter
from cockpit.plot.picture import Picture
from cockpit.plot.window import Window
from tests.bench.figures import Figure

SIZES = (1_000, 10_000, 100_000, 1_000_000)
VIEW = View(100, 30, look=Look(smoothing=0.9))
TRIES = 9
PEER = "plotext==5.3.2"
PEER_LIMIT_S = 240.0
PEER_CODE = """
import json, sys, time, plotext
found = {}
for size in json.loads(sys.argv[1]):
    x = list(range(size))
    y = [2 + (k * 7919 % 1000) / 1000 for k in x]
    begun = time.process_time()
    plotext.clear_figure()
    plotext.plotsize(100, 30)
    plotext.plot(x, y, marker="braille")
    plotext.build()
    found[size] = 1000 * (time.process_time() - begun)
    print(json.dumps(found), flush=True)
"""


def run() -> list[Figure]:
    peer, why = _peer()
    return [figure for size in SIZES for figure in _sized(size, peer.get(size), why)] + _spikes()


def _sized(size: int, peer: float | None, why: str) -> list[Figure]:
    x, y = np.arange(2 * size), _noisy(2 * size)
    name = f"chart of {size:,} points"
    first = _ms(lambda: Painter().paint(_scene(x, y, size), VIEW))
    painter, count = Painter(), [size]
    painter.paint(_scene(x, y, size), VIEW)

    def grow() -> Picture:
        count[0] += 10
        return painter.paint(_scene(x, y, count[0]), VIEW)

    scene, place = _scene(x, y, size), [0]

    def look() -> Picture:
        place[0] += 1
        window = Window(place[0] * size / 100, place[0] * size / 100 + size / 3)
        return painter.paint(scene, View(100, 30, window, look=VIEW.look))

    def point() -> Picture:
        place[0] += 1
        return painter.paint(scene, View(100, 30, crosshair=place[0], look=VIEW.look))

    ratio = peer / first if peer else None
    plain = _ms(
        lambda: Painter().paint(_scene(x, y, size), View(100, 30, look=Look(smoothing=0.0)))
    )
    return [
        Figure(f"{name}, first", first, "ms", "plotext", peer, ratio, note=why),
        Figure(f"{name}, first, raw alone", plain, "ms", target="<= 10 ms"),
        Figure(f"{name}, 10 more", _ms(grow), "ms"),
        Figure(f"{name}, zoomed or panned", _ms(look), "ms"),
        Figure(f"{name}, crosshair moved", _ms(point), "ms"),
    ]


def _scene(x: Numbers, y: Numbers, size: int) -> Scene:
    return Scene("loss", (Curve(x[:size], y[:size], "loss"),))


def _noisy(size: int) -> Numbers:
    draw = np.random.default_rng(1)
    return np.asarray(2 + 8 * np.exp(-np.arange(size) / size * 9) + draw.normal(0, 0.1, size))


def _ms(work: Callable[[], object]) -> float:
    """The median of processor time, so that a busy machine does not count."""
    work()
    spent = []
    for _ in range(TRIES):
        begun = time.process_time()
        work()
        spent.append(1000 * (time.process_time() - begun))
    return statistics.median(spent)


def _spikes() -> list[Figure]:
    """Twenty one-step spikes in 100,000 steps, counted in the cells; the peer is a stride to the same width."""
    size, where = 100_000, np.linspace(3_001, 96_997, 20).astype(int)
    y = 2 + np.random.default_rng(5).normal(0, 0.05, size)
    y[where] = 10
    ours = _seen(_scene(np.arange(size), y, size), where)
    thin = Scene("loss", (Curve(np.arange(0, size, 500), y[::500], "loss"),), limits=(1, 10))
    return [Figure("spikes of 20 seen", ours, "", "stride", _seen(thin, where), target="20")]


def _seen(scene: Scene, where: Numbers) -> float:
    picture = Painter().paint(scene, VIEW)
    area = picture.cells.chars[picture.layout.plot]
    high = area[: picture.row(6) - picture.layout.top]
    drawn = np.flatnonzero(np.isin(high, BRAILLE.table[1:]).sum(axis=0)) + picture.layout.gutter
    return float(sum(picture.column(float(x)) in drawn for x in where))


def _peer() -> tuple[dict[int, float], str]:
    """Milliseconds of each size, and why any is missing."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "training-cockpit" / PEER.replace("==", "-")
    python = folder / "bin" / "python"
    try:
        if not (folder / "made").exists():
            venv.create(folder, clear=True, with_pip=True)
            _told([str(python), "-m", "pip", "install", "-q", PEER])
            (folder / "made").touch()
        said = _told([str(python), "-c", PEER_CODE, json.dumps(SIZES)])
    except (OSError, subprocess.SubprocessError) as error:
        last = (str(getattr(error, "stderr", "") or error).strip().splitlines() or ["?"])[-1]
        return {}, f"no {PEER}: {last[:100]}"
    found = json.loads(said.splitlines()[-1])
    return {int(size): ms for size, ms in found.items()}, ""


def _told(argv: list[str]) -> str:
    return subprocess.run(
        argv, check=True, capture_output=True, text=True, timeout=PEER_LIMIT_S
    ).stdout


if __name__ == "__main__":
    for one in run():
        beside = f"  {one.peer} {one.peer_value:.1f}" if one.peer_value is not None else ""
        times = f"  {one.ratio:,.0f}x" if one.ratio else ""
        sys.stdout.write(f"{one.name}: {one.value:.2f} {one.unit}{beside}{times} {one.note}\n")
