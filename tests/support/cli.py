"""The command line called as a user calls it, in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

import engine
from engine.cli import main

SCHEMAS = Path(engine.__file__).parent / "schemas"


class Answer(NamedTuple):
    """What a verb said."""

    status: int
    out: str
    err: str

    def values(self) -> list[Any]:
        """Each line of stdout as JSON: nothing else may be there."""
        return [json.loads(line) for line in self.out.splitlines()]

    def valid(self, schema: str) -> list[Any]:
        """The values, each checked by a schema of the product."""
        values = self.values()
        for value in values:
            validator(schema).validate(value)
        return values


Engine = Callable[..., Answer]


def validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((SCHEMAS / f"{schema}.json").read_text()))


def caller(capsys: pytest.CaptureFixture[str]) -> Engine:
    """`engine("status", "@")`."""

    def call(*words: str) -> Answer:
        capsys.readouterr()
        status = main(words)
        return Answer(status, *capsys.readouterr())

    return call
