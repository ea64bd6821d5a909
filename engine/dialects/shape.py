"""The shape of a metric line, learned from one of them, so that the next thousand of the same shape cost one match.

What a dialect makes of the numbers is found out by asking it: the line is read once more with marks in their places,
and where each mark comes out is where that number goes. A shape that leaves any doubt is not used. Numbers keep their
kind (whole, with a point, with an exponent, with commas) and their sign, so that nothing a dialect decides by them can
differ from the line that was learned.
"""

from __future__ import annotations

import re
from typing import Callable, Mapping, Optional

from engine.dialects.reading import Read, Reading

LONGEST = 600
"""Characters of a line that is worth a shape."""
MOST_NUMBERS = 48

_TOKEN = re.compile(
    r"(?<![\w.])(?:(?<=[ =:'\"(])-)?\d{1,15}(?:(?:,\d{3}){1,4}(?![\d,])|(?:\.\d{1,20})?(?:[eE][-+]?\d{1,3})?)(?![\d.])"
)
_WHOLE, _PADDED, _COMMAS = r"(?:0|[1-9]\d{0,8})", r"\d{1,9}", r"[1-9]\d{0,2}(?:,\d{3}){1,2}"
_POINT, _EXPONENT = r"(?:0|[1-9]\d{0,8})\.\d{1,17}", r"\d\.?\d{0,17}[eE][-+]?\d{1,3}"
_new = tuple.__new__
_STEP, _EPOCH, _TOTAL, _EPOCHS, _AT, _OF = (
    "\0step",
    "\0epoch",
    "\0total",
    "\0epochs",
    "\0at",
    "\0of",
)
_COUNTS = (_STEP, _TOTAL, _EPOCHS, _AT, _OF)

Shape = Callable[[str], Optional[Reading]]


class _Number:
    """One number of a line: how such numbers look, and the mark that stands for it."""

    def __init__(self, text: str, at: int) -> None:
        self.sign = "-" if text.startswith("-") else ""
        bare = text[len(self.sign) :]
        mark = str(7_000_001 + 2 * at)
        if "e" in bare or "E" in bare:
            self.pattern, self.mark = _EXPONENT, f"{mark[0]}.{mark[1:]}e+02"
        elif "," in bare:
            self.pattern, self.mark = _COMMAS, f"{mark[0]},{mark[1:4]},{mark[4:]}"
        elif "." in bare:
            self.pattern, self.mark = _POINT, f"{mark}.25"
        else:
            self.pattern = _PADDED if len(bare) > 1 and bare[0] == "0" else _WHOLE
            self.mark = mark
        self.mark = self.sign + self.mark
        self.value = float(self.mark.replace(",", ""))
        self.plain = self.pattern in (_WHOLE, _PADDED) and not self.sign


def learn(line: str, read: Read) -> Shape | None:
    """A reader for lines like this one, or `None` where it would not be sure to read as `read` does."""
    if len(line) > LONGEST:
        return None
    spans = [found.span() for found in _TOKEN.finditer(line)]
    if not 0 < len(spans) <= MOST_NUMBERS:
        return None
    numbers = [_Number(line[start:end], at) for at, (start, end) in enumerate(spans)]
    told, marked = read(line), read(_marked(line, spans, numbers))
    if told is None or marked is None or told.saved is not None or told.rank is not None:
        return None
    places = _places(marked, numbers)
    if places is None or _fields(told).keys() != _fields(marked).keys():
        return None
    return _reader(
        _pattern(line, spans, numbers, places), places, numbers, _fixed(told, marked, places)
    )


def _marked(line: str, spans: list[tuple[int, int]], numbers: list[_Number]) -> str:
    parts, at = [], 0
    for (start, end), number in zip(spans, numbers):
        parts += [line[at:start], number.mark]
        at = end
    return "".join(parts) + line[at:]


def _fields(reading: Reading) -> Mapping[str, float]:
    """Everything that a reading says, by name."""
    named = dict(reading.values)
    at, of = reading.batch or (None, None)
    for name, one in zip((_STEP, _EPOCH, _TOTAL, _EPOCHS, _AT, _OF), (*_four(reading), at, of)):
        if one is not None:
            named[name] = one
    return named


def _four(reading: Reading) -> tuple[float | None, ...]:
    return reading.step, reading.epoch, reading.total, reading.epochs


def _places(marked: Reading, numbers: list[_Number]) -> Mapping[int, str] | None:
    """Which number goes where. A mark that came out changed, or counts with a point, is a doubt."""
    by_value = {number.value: at for at, number in enumerate(numbers)}
    places: dict[int, str] = {}
    for name, one in _fields(marked).items():
        at = by_value.get(one)
        if at is None:
            if abs(one) > 1e5:
                return None
            continue
        if at in places or (name in _COUNTS and not numbers[at].plain):
            return None
        places[at] = name
    return places


def _fixed(told: Reading, marked: Reading, places: Mapping[int, str]) -> Mapping[str, float]:
    """What the line says without a number of its own, such as a nan."""
    placed = set(places.values())
    return {name: one for name, one in _fields(told).items() if name not in placed}


def _pattern(
    line: str, spans: list[tuple[int, int]], numbers: list[_Number], places: Mapping[int, str]
) -> re.Pattern[str]:
    parts, last = [], 0
    for at, ((start, end), number) in enumerate(zip(spans, numbers)):
        pattern = number.sign + number.pattern
        parts += [re.escape(line[last:start]), f"({pattern})" if at in places else pattern]
        last = end
    return re.compile("".join(parts) + re.escape(line[last:]))


def _reader(
    pattern: re.Pattern[str],
    places: Mapping[int, str],
    numbers: list[_Number],
    fixed: Mapping[str, float],
) -> Shape | None:
    names = [places[at] for at in sorted(places)]
    special = [name for name in (*names, *fixed) if name.startswith("\0") and name != _STEP]
    if any(name.startswith("\0") for name in fixed):
        return None
    commas = any(numbers[at].pattern == _COMMAS for at in places)
    epoch_alone = special == [_EPOCH]
    stepped, fullmatch = _STEP in names, pattern.fullmatch
    convert: Callable[[str], float] = _with_commas if commas else float

    def read(line: str) -> Reading | None:
        found = fullmatch(line)
        if found is None:
            return None
        values = dict(zip(names, map(convert, found.groups())))
        step = int(values.pop(_STEP)) if stepped else None
        if fixed:
            values.update(fixed)
        if not special:
            return _new(Reading, (step, values, None, None, None, None, None, None))
        if epoch_alone:
            epoch = values.pop(_EPOCH)
            return _new(Reading, (step, values, epoch, None, None, None, None, None))
        return _whole(step, values)

    return read


def _with_commas(text: str) -> float:
    return float(text.replace(",", ""))


def _whole(step: int | None, values: dict[str, float]) -> Reading:
    """With what is no metric taken out of the values."""
    epoch, total, epochs, at, of = (values.pop(name, None) for name in (_EPOCH, *_COUNTS[1:]))
    batch = None if at is None or of is None else (int(at), int(of))
    return Reading(
        step,
        values,
        epoch,
        None if total is None else int(total),
        None if epochs is None else int(epochs),
        batch,
    )


class Shapes:
    """The shapes of one dialect's lines, the one that fitted last in front."""

    MOST = 6
    TRIES = 64

    def __init__(self, read: Read) -> None:
        self._slow = read
        self._known: list[Shape] = []
        self._tries = self.TRIES

    def read(self, line: str) -> Reading | None:
        """As the dialect itself reads it."""
        known = self._known
        for shape in known:
            found = shape(line)
            if found is not None:
                if shape is not known[0]:
                    known.remove(shape)
                    known.insert(0, shape)
                return found
        found = self._slow(line)
        if found is not None and found.values and self._tries > 0:
            self._tries -= 1
            learned = learn(line, self._slow)
            if learned is not None:
                self._known = [learned, *known[: self.MOST - 1]]
        return found
