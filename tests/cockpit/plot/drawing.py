"""Data of every kind for charts, and how to read what was drawn back from its cells."""

from __future__ import annotations

from typing import get_args

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from cockpit.plot.curve import Axis, Band, Curve, Look, Mark, MarkKind, Scene, Span, Style, View
from cockpit.plot.glyphs import ASCII, BLOCKS, BRAILLE
from cockpit.plot.picture import Picture
from cockpit.plot.window import Window

anything = st.floats(allow_nan=True, allow_infinity=True)
finite = st.floats(allow_nan=False, allow_infinity=False)
moderate = st.floats(-1e6, 1e6)
GLYPHS = st.sampled_from((BRAILLE, BLOCKS, ASCII))


@st.composite
def curves(draw: st.DrawFn, values: st.SearchStrategy[float] = anything) -> Curve:
    """Mostly in order, now and then with a resume, as whole numbers or not."""
    y = draw(st.lists(values, max_size=80))
    kind = draw(st.sampled_from(("steps", "uneven", "resumed", "wild")))
    count = len(y)
    if kind == "steps":
        x = np.arange(count) * draw(st.integers(1, 1000))
    elif kind == "uneven":
        x = np.sort(np.array(draw(st.lists(moderate, min_size=count, max_size=count))))
    elif kind == "resumed":
        back = draw(st.integers(0, count))
        x = np.concatenate((np.arange(count - back), np.arange(back)))
    else:
        x = np.array(draw(st.lists(anything, min_size=count, max_size=count)))
    return Curve(x, np.array(y, float), "loss", style=draw(st.sampled_from(get_args(Style))))


@st.composite
def scenes(draw: st.DrawFn, values: st.SearchStrategy[float] = anything) -> Scene:
    place = st.one_of(st.integers(-10, 2000), moderate)
    bound = st.one_of(st.none(), moderate)
    kinds = get_args(MarkKind)
    return Scene(
        draw(st.text(max_size=20)),
        tuple(draw(st.lists(curves(values), max_size=3))),
        tuple(draw(st.lists(st.builds(Band, bound, bound, bound, bound), max_size=2))),
        tuple(draw(st.lists(st.builds(Span, place, place), max_size=2))),
        tuple(draw(st.lists(st.builds(Mark, place, st.sampled_from(kinds)), max_size=4))),
        Axis(
            draw(st.sampled_from(("step", "time", "clock", "tokens", "money"))),
            draw(st.one_of(st.none(), st.floats(0, 1e9))),
            draw(st.booleans()),
        ),
        draw(st.tuples(bound, bound)),
        draw(st.text(max_size=10)),
    )


looks = st.builds(
    Look, st.sampled_from((0.0, 0.5, 0.9, 0.999)), st.booleans(), st.booleans(), GLYPHS
)


@st.composite
def views(draw: st.DrawFn) -> View:
    lo = draw(moderate)
    window = Window(lo, lo + draw(st.floats(1e-3, 1e6)), draw(st.booleans()))
    return View(
        draw(st.integers(1, 90)),
        draw(st.integers(1, 24)),
        draw(st.one_of(st.none(), st.just(window))),
        draw(st.one_of(st.none(), moderate)),
        draw(looks),
    )


def dots(picture: Picture) -> NDArray[np.bool_]:
    """The plot's dots, read from its characters; other signs have none."""
    glyphs, layout = picture.glyphs, picture.layout
    patterns = {character: bits for bits, character in enumerate(glyphs.table.tolist())}
    found = np.zeros((layout.rows * glyphs.down, layout.columns * glyphs.across), bool)
    for row, line in enumerate(picture.cells.chars[layout.plot].tolist()):
        for column, character in enumerate(line):
            bits = patterns.get(character, 0)
            cell = (bits & glyphs.weights) > 0
            top, left = row * glyphs.down, column * glyphs.across
            found[top : top + glyphs.down, left : left + glyphs.across] = cell
    return found


def text(picture: Picture) -> str:
    return "\n".join(picture.cells.text())
