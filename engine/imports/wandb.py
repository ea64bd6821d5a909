"""W&B's transaction log: every record of a run, metrics as JSON texts, which are taken over digit by digit.

A history item of the usual shape (a plain key, a number) is found by one pattern over the whole record; what has
another shape is read field by field. The step is the trainer's own where it logs one (`train/global_step`), else W&B's.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from engine.imports.leveldb import Log
from engine.imports.protobuf import BYTES, VARINT, Torn, fields, signed
from engine.imports.told import MOST_IN_LINE, Found, Names, encoded, line, loads, plain_numbers

HEADER = b":W&B\xe1\xbe\x00"
HISTORY, CONFIG, RUN, EXIT = 2, 5, 17, 18
OUTPUT = (4, 13)
ITEM, NESTED, VALUE = 1, 2, 16
STEPS = ("train/global_step", "trainer/global_step", "global_step", "step", "_step")
"""Whose number is the step, the first that a row has."""
LINES = 512
MOST_PRINTED = 64 << 20
MOST_CONFIG = 1000
MOST_SHAPES = 256
_ITEM = re.compile(
    rb"\n[\x00-\x7f][\n\x12][\x00-\x7f]([ -~]+)\x82\x01[\x00-\x7f]([-+0-9.eE]+|NaN|-?Infinity)",
    re.DOTALL,
)
_AROUND = 7
"""Bytes of an item besides its key and its value."""
_WORDS = {b"NaN": b'"nan"', b"Infinity": b'"inf"', b"-Infinity": b'"-inf"'}
_STEP, _TIME, _HIDDEN = b"\0step", b"\0time", b"\0hidden"
"""What stands for a key that is no metric; the step's is followed by its rank among STEPS."""


class Shape(NamedTuple):
    """How the values of a row become its line. `time` is the place of its time, -1 where it has none."""

    pick: Callable[[tuple[bytes, ...]], Any]
    template: bytes
    time: int
    metrics: int


class History:
    """Turns history records into lines."""

    def __init__(self, found: Found) -> None:
        self._found, self._names = found, Names()
        self._prefixes: dict[bytes, bytes] = {}
        self._shapes: dict[tuple[bytes, ...], Shape] = {}
        self.newest = b""

    def line(self, data: bytes, begin: int, end: int) -> bytes:
        """The row of one history record; nothing where it has no number."""
        items = _ITEM.findall(data, begin, end)
        told = sum(map(len, chain.from_iterable(items))) + _AROUND * len(items)
        rest = end - begin - told
        if rest == 0 or (
            0 < rest <= 14 and data[end - rest] == 0x12 and data[end - rest + 1] == rest - 2
        ):
            return self._usual(items)
        return self._careful(data, begin, end)

    def _usual(self, items: list[tuple[bytes, bytes]]) -> bytes:
        """Rows of the same keys have the same shape, into which only the values go."""
        if not items:
            return b""
        keys, values = zip(*items, strict=True)
        shape = self._shapes.get(keys) or self._shape(keys)
        if not shape.metrics:
            return b""
        joined = b",".join(values)
        if b"N" in joined or b"y" in joined:  # NaN or Infinity, for a number has neither letter
            values = tuple(_WORDS.get(value, value) for value in values)
        self._found.rows += 1
        if shape.time >= 0:
            self.newest = values[shape.time]
        text = shape.template % shape.pick(values)
        return self._long(text) if shape.metrics > MOST_IN_LINE else text

    def _shape(self, keys: tuple[bytes, ...]) -> Shape:
        """Learned from the first row of these keys."""
        if len(self._shapes) >= MOST_SHAPES:
            self._shapes.clear()
        prefixes = [self._prefixes.get(key) or self._prefix(key) for key in keys]
        shown = [(at, prefix) for at, prefix in enumerate(prefixes) if prefix[0]]
        metrics = len(shown)
        time = prefixes.index(_TIME) if _TIME in prefixes else -1
        if time >= 0:
            shown.append((time, b'"t":'))
        ranked = [(one[5], at) for at, one in enumerate(prefixes) if one[:5] == _STEP]
        if ranked:
            shown.append((min(ranked)[1], b'"step":'))
        body = b",".join(prefix.replace(b"%", b"%%") + b"%b" for _, prefix in shown)
        places = [at for at, _ in shown]
        pick = operator.itemgetter(*places) if len(places) > 1 else _one(places)
        self._shapes[keys] = shape = Shape(pick, b"{" + body + b"}\n", time, metrics)
        return shape

    def _prefix(self, key: bytes) -> bytes:
        """How a key begins its place in the line; a key that is none of the metrics begins with NUL."""
        name = key.decode("ascii")
        if name in STEPS:
            prefix = _STEP + bytes((STEPS.index(name),))
        elif name == "_timestamp":
            prefix = _TIME
        elif name.startswith("_"):
            prefix = _HIDDEN
        else:
            prefix = json.dumps(self._names.of(name)).encode() + b":"
        self._prefixes[key] = prefix
        return prefix

    def _long(self, text: bytes) -> bytes:
        row: dict[str, Any] = loads(text) or {}
        values = {key: value for key, value in row.items() if key not in ("step", "t")}
        return line(row.get("step"), row.get("t"), values)

    def _careful(self, data: bytes, begin: int, end: int) -> bytes:
        """Nested keys, long keys, texts, objects: numbers inside objects are metrics by their path."""
        told: list[tuple[str, Any]] = []
        for number, kind, start, stop in fields(data, begin, end):
            if number == ITEM and kind == BYTES:
                key, value = item(data, start, stop)
                told += _flat(key, loads(value))
        numbers = plain_numbers(told)
        step = next((numbers[name] for name in STEPS if name in numbers), None)
        shown = {k: v for k, v in numbers.items() if k not in STEPS and not k.startswith("_")}
        if not shown:
            return b""
        self._found.rows += 1
        values = {self._names.of(key): value for key, value in shown.items()}
        whole = int(step) if step is not None and step == int(step) else None
        if len(values) > MOST_IN_LINE:
            return line(whole, numbers.get("_timestamp"), values)
        placed = {"step": whole, "t": numbers.get("_timestamp")}
        return encoded({**values, **{k: v for k, v in placed.items() if v is not None}})


def _one(places: list[int]) -> Callable[[tuple[bytes, ...]], Any]:
    """`itemgetter` of one place gives no tuple."""
    return lambda values: tuple(values[at] for at in places)


def lines(path: Path, found: Found, console: bytearray | None = None) -> Iterator[bytes]:
    """Blocks of lines of `trainer.jsonl`; what the run printed goes to `console`."""
    history, block = History(found), []
    with open(path, "rb") as file:
        if file.read(len(HEADER)) != HEADER:
            found.unread.append("it does not begin as W&B's logs do")
            return
        file.seek(0)
        log = Log(file, len(HEADER))
        for record in log.records():
            try:
                text = _record(record, history, found, console)
            except (Torn, UnicodeDecodeError):
                found.unread.append("a record that is no message")
                continue
            if text:
                block.append(text)
                if len(block) >= LINES:
                    yield b"".join(block)
                    block.clear()
    yield b"".join(block)
    if history.newest:
        found.at(float(history.newest))
    if log.lost:
        found.unread.append(f"{log.lost:,} damaged bytes")
    if log.torn:
        found.unread.append(f"{log.torn:,} bytes at the end: the last record is torn")


def _record(data: bytes, history: History, found: Found, console: bytearray | None) -> bytes:
    for number, kind, start, stop in fields(data, 0, len(data)):
        if kind != BYTES:
            continue
        if number == HISTORY:
            return history.line(data, start, stop)
        if number in OUTPUT and console is not None and len(console) < MOST_PRINTED:
            console += _printed(data, start, stop)
        elif number == RUN:
            _run(data, start, stop, found)
        elif number == CONFIG:
            _config(data, start, stop, found)
        elif number == EXIT:
            _exit(data, start, stop, found)
    return b""


def item(data: bytes, begin: int, end: int) -> tuple[str, bytes]:
    """Key, joined where it is nested, and JSON text."""
    keys: list[str] = []
    value = b"null"
    for number, kind, start, stop in fields(data, begin, end):
        if kind == BYTES and number in (ITEM, NESTED):
            keys.append(data[start:stop].decode())
        elif kind == BYTES and number == VALUE:
            value = data[start:stop]
    return "/".join(keys), value


def _flat(key: str, value: Any, depth: int = 0) -> list[tuple[str, Any]]:
    """W&B keeps histograms and media as objects with a `_type`; these hold no metric."""
    if not isinstance(value, dict) or depth > 8 or "_type" in value:
        return [(key, value)]
    return [pair for name, one in value.items() for pair in _flat(f"{key}/{name}", one, depth + 1)]


def _run(data: bytes, begin: int, end: int, found: Found) -> None:
    for number, kind, start, stop in fields(data, begin, end):
        if kind != BYTES:
            continue
        if number in (1, 3, 8, 13):
            name = {1: "run_id", 3: "project", 8: "name", 13: "host"}[number]
            found.facts[name] = data[start:stop].decode()
        elif number == 4:
            _config(data, start, stop, found)
        elif number == 17:
            seconds = [
                value for n, k, value, _ in fields(data, start, stop) if n == 1 and k == VARINT
            ]
            found.at(float(seconds[0]) if seconds else None)
    found.name = found.facts.get("name") or found.facts.get("project") or found.name


def _config(data: bytes, begin: int, end: int, found: Found) -> None:
    config = found.facts.setdefault("config", {})
    for number, kind, start, stop in fields(data, begin, end):
        if number == 1 and kind == BYTES and len(config) < MOST_CONFIG:
            key, value = item(data, start, stop)
            if not key.startswith("_wandb"):
                config[key] = loads(value)


def _exit(data: bytes, begin: int, end: int, found: Found) -> None:
    """An exit code of 0 is left out, as every 0 is."""
    told = {number: value for number, kind, value, _ in fields(data, begin, end) if kind == VARINT}
    found.code = signed(told.get(1, 0))
    if found.code and found.code > 1 << 31:
        found.code -= 1 << 32
    if found.started is not None:
        found.at(found.started + told.get(2, 0))


def _printed(data: bytes, begin: int, end: int) -> bytes:
    texts = [
        data[start:stop] for n, k, start, stop in fields(data, begin, end) if n == 3 and k == BYTES
    ]
    return b"".join(texts)
