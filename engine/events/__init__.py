"""The closed set of facts a journal can hold, and their one wire format.

An event is an immutable fact named in the past tense; a row is a trainer's metrics at one step. This package
decodes and encodes them and nothing else: it never touches a file and never judges. It is standard library only,
because the runner's zipapp carries it. The fields are documented beside their definitions and in `engine/README.md`.
"""

from __future__ import annotations

from engine.events.base import Event, Row
from engine.events.lines import LINE_CAP, Lines
from engine.events.wire import SCHEMA, Segment, decode, encode

__all__ = ["LINE_CAP", "SCHEMA", "Event", "Lines", "Row", "Segment", "decode", "encode"]
