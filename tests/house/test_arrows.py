"""Dependencies point one way, and the parts where correctness lives touch nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.house import arrows
from tests.house.arrows import HOUSE, Rules
from tests.house.source import PACKAGES, Module, module, read, within

Rule = Callable[[list[Module], Rules], list[str]]


def no_cycle(sources: list[Module], _: Rules) -> list[str]:
    return arrows.cycle(sources)


RULES = [arrows.forbidden, arrows.misplaced, arrows.scattered, arrows.impure, no_cycle]

# rule, and a tree that breaks it
BAD: list[tuple[Rule, dict[str, str]]] = [
    (arrows.forbidden, {"engine/cli.py": "from cockpit import app"}),
    (arrows.forbidden, {"engine/cli.py": "def f():\n    import textual.app"}),
    (arrows.forbidden, {"engine/train/loop.py": "from ..machines.ssh import run"}),
    (arrows.forbidden, {"engine/runner/main.py": "import numpy as np"}),
    (
        arrows.forbidden,
        {
            "engine/runner/main.py": "from engine import runs",
            "engine/runs.py": "from engine.keeper import wake",
        },
    ),
    (arrows.misplaced, {"engine/report.py": "from torch import nn"}),
    (arrows.misplaced, {"engine/view.py": "import textual"}),
    (arrows.scattered, {"engine/a.py": "import paramiko", "engine/b.py": "from paramiko import x"}),
    (arrows.impure, {"engine/view.py": "import os"}),
    (arrows.impure, {"engine/events.py": "from time import time"}),
    (arrows.impure, {"engine/dialects/csv.py": "def f(p):\n    return open(p)"}),
    (arrows.impure, {"engine/events.py": "def f():\n    sys.stderr.write('x')"}),
    (
        arrows.impure,
        {"engine/view.py": "from .runs import path", "engine/runs.py": "from pathlib import Path"},
    ),
    (
        no_cycle,
        {
            "engine/a.py": "from engine import b",
            "engine/b.py": "from .c import x",
            "engine/c.py": "def f():\n    from engine.a import y",
        },
    ),
    (no_cycle, {"engine/p/__init__.py": "from .q import x", "engine/p/q.py": "from . import y"}),
]
GOOD = {
    "engine/__init__.py": "",
    "engine/events.py": "import json\nfrom pathlib import PurePosixPath",
    "engine/view.py": "from engine import events\nfrom engine.events import decode",
    "engine/machines/ssh.py": "import paramiko\nimport os",
    "engine/runner/main.py": "import os\nfrom engine import events",
    "engine/train/loop.py": "import torch\nfrom engine.events import encode",
    "cockpit/app.py": "import textual\nfrom engine import view",
}


def tree(files: dict[str, str]) -> list[Module]:
    return [module(path, text) for path, text in files.items()]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_code_keeps_the_rule(rule: Rule) -> None:
    assert rule(read(*PACKAGES), HOUSE) == []


@pytest.mark.parametrize("part", sorted({*arrows.NEVER, *arrows.PURE}))
def test_the_rules_speak_of_something(part: str) -> None:
    """A part that was renamed would otherwise be free of its rule without a word."""
    if not any(within(source.name, [part]) for source in read(*PACKAGES)):
        pytest.skip(f"{part} is not there yet")


@pytest.mark.parametrize(("rule", "files"), BAD)
def test_the_rule_catches_it(rule: Rule, files: dict[str, str]) -> None:
    assert rule(tree(files), HOUSE) != []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rule_lets_the_right_thing_pass(rule: Rule) -> None:
    assert rule(tree(GOOD), HOUSE) == []


def test_a_finding_tells_the_way() -> None:
    files = {
        "engine/runner/main.py": "from engine import runs",
        "engine/runs.py": "import engine.keeper",
    }
    assert arrows.forbidden(tree(files), HOUSE) == [
        "engine.runner.main -> engine.runs -> engine.keeper: engine.runner.main must not"
    ]
