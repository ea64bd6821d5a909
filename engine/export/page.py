"""One HTML page with everything in it: curves to zoom, facts, notes, the console's end. It loads nothing from anywhere.

Text from outside is data and never markup: it stands in a block of JSON without a `<`, and the page's script puts it in
as text. The page's own policy lets only this script and this style run, by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from engine import vault
from engine.cli import words
from engine.columns import envelope
from engine.compare.differences import flat
from engine.curves import Whole
from engine.display import display
from engine.events.base import plain
from engine.report.entry import entry

HERE = Path(__file__).parent
BUCKETS = 1200
"""Of each curve; a spike of one step is in one of them."""
LINES, BYTES = 200, 64 << 10
"""Of the console's end."""
MOST = 64
"""Metrics that are drawn; a run with more shows the first."""
Hide = Callable[[str], str]


def to_page(one: Whole, hide: Hide) -> str:
    """The page as text."""
    style, script = (HERE / "page.css").read_text(), (HERE / "page.js").read_text()
    told = _clean(_data(one), hide)
    parts = {
        "STYLE": _hash(style),
        "SCRIPT": _hash(script),
        "TITLE": html.escape(display(hide(one.run.id), 200)),
        "CSS": style,
        "JS": script,
        "DATA": embedded(told),
    }
    page = (HERE / "page.html").read_text()
    before, *pieces = page.split("@")
    # Every second piece is a name: what was put in is never looked through again.
    return before + "".join(parts[p] if at % 2 == 0 else p for at, p in enumerate(pieces))


def embedded(value: object) -> str:
    """JSON that ends no element, opens no comment and breaks no line of a script."""
    text = json.dumps(plain(value), separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _clean(value: Any, hide: Hide) -> Any:
    """Every text harmless and without secrets, names of fields too."""
    if isinstance(value, str):
        return display(hide(value), 2000)
    if isinstance(value, dict):
        return {display(hide(str(k)), 200): _clean(v, hide) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item, hide) for item in value]
    return value


def _data(one: Whole) -> dict[str, Any]:
    found, status = entry(one), one.status
    return {
        "run": one.run.id,
        "word": status.word,
        "about": f"step {words.progress(status.step, status.total)}",
        "curves": {name: _curve(one, name) for name in one.curves.metrics[:MOST]},
        "facts": [[name, str(value)] for name, value in (*found.attributes, *found.hyper)],
        "phases": [
            [row.name, str(row.last), str(row.mean), str(row.steps), str(row.time)]
            for row in (*found.phases, found.whole)
        ],
        "events": [["", str(text)] for text in found.difficulties],
        "notes": [[note.by, note.text] for note in one.view.keeper.notes],
        "console": list(_console(one)),
        "profile": [[name, value] for name, value in flat(one.profile)],
    }


def _curve(one: Whole, metric: str) -> dict[str, list[float | None]]:
    """Lowest and highest of each bucket of steps, and the time that stood there."""
    step, values = one.curves.points(metric)
    seconds, _ = one.curves.points(metric, "time")
    if len(values) <= BUCKETS:
        low = high = values
        x, t = np.asarray(step, np.float64), np.asarray(seconds, np.float64)
    else:
        found = envelope(np.asarray(step, np.float64), values, BUCKETS)
        low, high, x = found.low, found.high, found.edges[:-1]
        known = np.isfinite(seconds)
        order = np.argsort(step[known], kind="stable")
        t = (
            np.interp(x, step[known][order], seconds[known][order])
            if known.any()
            else np.full(len(x), np.nan)
        )
    columns = {"step": x, "time": t, "low": low, "high": high}
    return {name: _numbers(column) for name, column in columns.items()}


def _numbers(column: Any) -> list[float | None]:
    """A page has no NaN: what is no number is nothing there."""
    rounded = (float(f"{value:.7g}") for value in np.asarray(column, np.float64).tolist())
    return [value if np.isfinite(value) else None for value in rounded]


def _console(one: Whole) -> Iterator[str]:
    attempts = one.run.attempts()
    size = vault.size(attempts[-1].console) if attempts else None
    if not size:
        return
    with vault.opened(attempts[-1].console) as file:
        file.seek(max(size - BYTES, 0))
        lines = file.read(BYTES).replace(b"\r", b"\n").split(b"\n")
    yield from (line.decode("utf-8", "replace") for line in lines[-LINES:])
