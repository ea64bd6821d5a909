"""The runner starts on any host with Python 3.8, and nothing has to be installed there."""

from __future__ import annotations

import re
import shutil
import subprocess
from fnmatch import fnmatch

import pytest

from tests.house import python38
from tests.house.source import ROOT, module

TRAVELLING = [source for source in python38.OURS if source.path in python38.TRAVELS]
BAD = [
    "match x:\n    case 1: ...",
    "with (open(a) as b, open(c) as d): ...",
    "x.removeprefix('a')",
    "''.join(x).removesuffix('a')",
    "path.is_relative_to(other)",
    "path.readlink()",
    "import os\nos.pidfd_open(1)",
    "from functools import cache",
    "import functools\n@functools.cache\ndef f() -> None: ...",
    "import tomllib",
    "from typing import Self",
    "(5).bit_count()",
    "zip(a, b, strict=True)",
    "@dataclass(frozen=True, slots=True)\nclass A: ...",
    "@dataclasses.dataclass(kw_only=True)\nclass A: ...",
    "subprocess.Popen(a, process_group=0)",
    "Names = list[str]",
    "class A(dict[str, int]): ...",
    "x = cast(tuple[int, ...], y)",
    "from collections.abc import Callable\nF = Callable[[], None]",
    "isinstance(x, int | str)",
    "Maybe = Name | None",
]
GOOD = """
import os
from collections.abc import Iterator
from typing import Dict, NamedTuple
Names = Dict[str, int]
class A(NamedTuple):
    b: list[int] | None
def f(a: dict[str, int], /, b: int | None = None) -> Iterator[A]:
    c: list[int] = []
    if (d := os.readlink(a)) and a[1] | FLAGS:
        yield from zip(c, d)
    if hasattr(os, "pidfd_open"):
        os.pidfd_open(1)
"""
FUTURE = "from __future__ import annotations\n"


def test_what_travels_needs_no_more_than_python_38() -> None:
    assert [finding for source in TRAVELLING for finding in python38.young(source)] == []


def test_what_travels_needs_nothing_that_stays_behind() -> None:
    assert [finding for source in TRAVELLING for finding in python38.foreign(source)] == []


@pytest.mark.parametrize("text", BAD)
def test_something_younger_is_caught(text: str) -> None:
    assert python38.young(module("engine/procs.py", FUTURE + text)) != []


def test_annotations_must_not_be_evaluated() -> None:
    assert python38.young(module("engine/procs.py", "x: int = 1")) != []


def test_what_38_can_is_left_alone() -> None:
    assert python38.young(module("engine/procs.py", FUTURE + GOOD)) == []


@pytest.mark.parametrize(
    "text",
    ["import psutil", "from engine import keeper", "import msgspec", "from .bundle import build"],
)
def test_something_that_stays_behind_is_caught(text: str) -> None:
    assert python38.foreign(module("engine/runner/main.py", text)) != []
    assert python38.foreign(module("engine/runner/main.py", "import os, engine.events.base")) == []


def test_the_linter_knows_what_travels() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    told = re.findall(r'^"(\S+)" = "py38"$', text, re.MULTILINE)
    assert [p for p in python38.TRAVELS if not any(fnmatch(p, glob) for glob in told)] == []


def test_a_real_python_38_loads_it() -> None:
    python = shutil.which("python3.8")
    if python is None or subprocess.run([python, "-c", ""], check=False).returncode:
        pytest.skip("there is no python3.8 here")
    loaded = ", ".join(source.name for source in TRAVELLING)
    subprocess.run([python, "-B", "-c", f"import {loaded}"], cwd=ROOT, check=True)
