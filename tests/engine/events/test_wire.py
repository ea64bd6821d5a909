"""Every event survives the wire; nothing a file can contain raises."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.events import Event, Row, Segment, decode, encode, keeper, runner, trainer
from engine.events.wire import KEY_CAP, METRICS_CAP

KINDS = [
    *((Segment.KEEPER, kind) for kind in keeper.KINDS),
    *((Segment.RUNNER, kind) for kind in runner.KINDS),
    *((Segment.TRAINER, kind) for kind in trainer.KINDS),
]
SAMPLES: dict[str, Any] = {
    "str": "words é \x1b[31m",
    "float": 1.5,
    "int": 7,
    "bool": True,
    "tuple[str, ...]": ("a", "b"),
    "tuple[int, ...]": (1, 2),
    "Table": {"i": 1, "name": "x"},
    "tuple[Table, ...]": ({"i": 1},),
    "Rows": ((0, 41, 512, None, 1),),
}


def filled(kind: type[Event]) -> Event:
    return kind(
        **{f.name: SAMPLES[str(f.type).removesuffix(" | None")] for f in dataclasses.fields(kind)}
    )


def bare(kind: type[Event]) -> Event:
    """Only what is required; everything else absent."""
    values = {}
    for field in dataclasses.fields(kind):
        optional = str(field.type).endswith(" | None")
        values[field.name] = None if optional else SAMPLES[str(field.type)]
    return kind(**values)


@pytest.mark.parametrize(
    ("segment", "kind"), KINDS, ids=lambda value: getattr(value, "name", value)
)
def test_every_event_survives_the_wire(segment: Segment, kind: type[Event]) -> None:
    for event in (filled(kind), bare(kind)):
        line = encode(event)
        assert line.endswith(b"\n") and line.count(b"\n") == 1
        assert decode(line, segment) == event


@pytest.mark.parametrize(
    ("segment", "kind"), KINDS, ids=lambda value: getattr(value, "name", value)
)
def test_an_event_in_a_foreign_segment_is_no_fact(segment: Segment, kind: type[Event]) -> None:
    line = encode(filled(kind))
    assert all(decode(line, other) is None for other in Segment if other is not segment)


def test_names_are_used_once() -> None:
    names = [kind.name for _, kind in KINDS]
    assert len(names) == len(set(names)) and all(names)


def test_unknown_fields_and_events_of_a_newer_version_are_passed_over() -> None:
    assert decode(
        b'{"e":"finished","t":1,"step":2,"new":[1]}', Segment.TRAINER
    ) == trainer.Finished(1.0, 2)
    assert decode(b'{"e":"invented","t":1}', Segment.TRAINER) is None


def test_a_field_of_the_wrong_type_makes_no_fact() -> None:
    assert decode(b'{"e":"finished","t":1,"step":"2"}', Segment.TRAINER) is None
    assert decode(b'{"e":"finished","t":1,"step":true}', Segment.TRAINER) is None
    assert decode(b'{"e":"finished","t":1}', Segment.TRAINER) is None


@pytest.mark.parametrize("word", ["nan", "inf", "-inf"])
def test_non_finite_numbers_survive_as_words(word: str) -> None:
    row = Row(1.0, 3, {"loss": float(word)})
    line = encode(row)
    assert json.loads(line)["loss"] == word
    back = decode(line, Segment.TRAINER)
    assert isinstance(back, Row) and repr(back.values["loss"]) == word


def test_python_writers_bare_nan_is_understood() -> None:
    row = decode(b'{"step":3,"loss":NaN,"x":Infinity,"y":-Infinity}', Segment.TRAINER)
    assert isinstance(row, Row) and math.isnan(row.values["loss"])
    assert (row.values["x"], row.values["y"]) == (math.inf, -math.inf)


def test_a_row_takes_numbers_only() -> None:
    line = b'{"t":5,"step":3.0,"loss":2,"lr":0.1,"ok":true,"note":"hi","none":null,"deep":{"a":1},"phase":"A","rank":0}'
    assert decode(line, Segment.TRAINER) == Row(
        5.0, 3, {"loss": 2.0, "learning_rate": 0.1}, None, "A", 0
    )


def test_a_row_without_step_or_number_is_no_fact() -> None:
    assert decode(b'{"note":"hi"}', Segment.TRAINER) is None
    assert decode(b'{"step":true}', Segment.TRAINER) is None


def test_a_row_is_bounded() -> None:
    table = {f"m{i}": i for i in range(METRICS_CAP + 50)} | {"k" * (KEY_CAP + 1): 1, "step": 1}
    row = decode(json.dumps(table).encode(), Segment.TRAINER)
    assert isinstance(row, Row) and len(row.values) == METRICS_CAP


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[1,2]",
        b"\xff\xfe",
        b"\0" * 100,
        b'{"step":' + b"9" * 6000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 20_000,
        b'"text"',
        b'{"e":["started"]}',
    ],
    ids=lambda line: line[:12],
)
def test_junk_is_no_fact(line: bytes) -> None:
    assert all(decode(line, segment) is None for segment in Segment)


@given(st.binary(max_size=300), st.sampled_from(list(Segment)))
def test_no_bytes_raise(line: bytes, segment: Segment) -> None:
    decode(line, segment)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=12,
)
NAMES = [kind.name for _, kind in KINDS]


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(st.sampled_from(["t", "step", "pid", "gpus", "path", "argv", "loss"]), JSON),
    st.sampled_from(NAMES),
)
def test_no_fields_raise(fields: dict[str, Any], name: str) -> None:
    line = json.dumps({"e": name, **fields}).encode()
    for segment in Segment:
        fact = decode(line, segment)
        if fact is not None:
            assert repr(decode(encode(fact), segment)) == repr(fact)
