"""Numbers as short as they can be said: on an axis, beside a curve, under the crosshair."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone

from cockpit.plot.curve import Axis

_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))
_CLOCK = 4102444800.0
"""The year 2100: no run is later, and calendars end."""


def short(value: float | None, digits: int = 4) -> str:
    """At most `digits` significant ones: 3.214, 12.3k, 1.46e-4, nan."""
    if value is None:
        return "—"
    if not math.isfinite(value):
        return str(float(value))
    size = abs(value)
    if size == 0:
        return "0"
    if size < 1e-3 or size >= 1e15:
        return _exponent(value, min(digits, 3))
    for unit, letter in _UNITS:
        if size >= unit * (1 - 0.5 * 10**-digits):
            return _plain(value / unit, max(digits - 1, 1)) + letter
    return _plain(value, digits)


def _plain(value: float, digits: int) -> str:
    whole = math.floor(math.log10(abs(value))) + 1
    text = f"{value:.{max(digits - max(whole, 1), 0)}f}"
    return _trimmed(text)


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _exponent(value: float, digits: int) -> str:
    mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
    return f"{_trimmed(mantissa)}e{int(power)}"


def fitting(value: float, width: int) -> str:
    """The most digits that fit a label; the value itself decides how many are needed at least."""
    exact = (short(value, digits) for digits in (6, 5, 4, 3, 2, 1))
    return next((text for text in exact if len(text) <= width), short(value, 1)[:width])


def duration(seconds: float) -> str:
    """0s, 45s, 12m, 1h30, 2d6h."""
    sign = "-" if seconds < 0 else ""
    left = abs(seconds)
    if left < 60:
        return f"{sign}{short(left, 3)}s"
    minutes, secs = divmod(round(left), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{sign}{days}d{hours}h" if hours else f"{sign}{days}d"
    if hours:
        return f"{sign}{hours}h{minutes:02d}" if minutes else f"{sign}{hours}h"
    return f"{sign}{minutes}m{secs:02d}" if secs else f"{sign}{minutes}m"


def on_axis(axis: Axis, value: float) -> str:
    """A tick's label."""
    if axis.kind == "time":
        return duration(value)
    if axis.kind == "clock":
        return _clock(axis, value, "%H:%M")
    if axis.kind == "money":
        return f"${_cents(value)}"
    return short(value, 4)


def exactly(axis: Axis, value: float) -> str:
    """Where the crosshair stands, in full."""
    if axis.kind == "time":
        return duration(value)
    if axis.kind == "clock":
        return _clock(axis, value, "%H:%M:%S")
    if axis.kind == "money":
        return f"${_cents(value)}"
    text = f"{round(value):,}" if 10 <= abs(value) < 1e15 else short(value)
    return f"{axis.kind} {text}" if axis.kind == "step" else f"{text} {axis.kind}"


def _cents(value: float) -> str:
    if value and abs(value) < 0.01:
        return short(value, 2)
    return f"{value:.2f}" if abs(value) < 1000 else short(value, 4)


def _clock(axis: Axis, value: float, form: str) -> str:
    if not 0 <= value < _CLOCK:
        return short(value)
    zone = timezone(timedelta(seconds=round(axis.offset_s)))
    return datetime.fromtimestamp(value, zone).strftime(form)
