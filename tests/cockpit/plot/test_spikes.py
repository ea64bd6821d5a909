"""Twenty one-step spikes in 100,000 steps, looked for in the cells that a user would see."""

from __future__ import annotations

import numpy as np
import pytest

from cockpit.plot.curve import Curve, Look, Scene, Style, View
from cockpit.plot.glyphs import ASCII, BLOCKS, BRAILLE, Glyphs
from cockpit.plot.painter import Painter
from tests.cockpit.plot.drawing import dots

STEPS, SPIKES = 100_000, 20
WHERE = np.linspace(3_001, STEPS - 3_003, SPIKES).astype(int)


def spiky(seed: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y = 2 + 2 * np.exp(-np.arange(STEPS) / 20_000) + rng.normal(0, 0.05, STEPS)
    y[WHERE] = rng.uniform(9, 12, SPIKES)
    return y


def seen(x: np.ndarray, y: np.ndarray, view: View, style: Style = "line") -> int:
    """How many spikes reach above 7 in the drawn cells."""
    picture = Painter().paint(Scene("loss", (Curve(x, y, "loss", style=style),)), view)
    if picture.glyphs.letters:
        plot = picture.cells.chars[picture.layout.plot]
        drawn = np.asarray(np.isin(plot, [*picture.glyphs.letters, picture.glyphs.faint]))
    else:
        drawn = dots(picture)
    height, width = drawn.shape
    above = drawn[: max(picture.scale.row(7.0, height), 0)].sum(axis=0) > 0
    columns = ((WHERE - picture.window.lo) / picture.window.width * width).astype(int)
    return int(above[columns].sum())


@pytest.mark.parametrize("glyphs", (BRAILLE, BLOCKS, ASCII), ids=lambda glyphs: glyphs.name)
@pytest.mark.parametrize("smoothing", (0.0, 0.99))
@pytest.mark.parametrize("size", ((40, 10), (100, 30), (200, 60)), ids=str)
def test_all_of_them_are_seen(size: tuple[int, int], smoothing: float, glyphs: Glyphs) -> None:
    view = View(*size, look=Look(smoothing, glyphs=glyphs))
    assert seen(np.arange(STEPS), spiky(), view) == SPIKES


@pytest.mark.parametrize("style", ("line", "dashed", "dotted", "exact"))
@pytest.mark.parametrize("smoothing", (0.0, 0.9))
def test_every_style_shows_them(style: Style, smoothing: float) -> None:
    view = View(100, 30, look=Look(smoothing))
    assert seen(np.arange(STEPS), spiky(), view, style) == SPIKES


def test_a_stride_loses_them_and_the_same_count_says_so() -> None:
    view = View(100, 30)
    assert seen(np.arange(0, STEPS, 100), spiky()[::100], view) < SPIKES // 2
