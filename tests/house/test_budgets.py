"""The code stays small, typed and honest about errors."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

import pytest

from tests.house import budgets
from tests.house.source import PACKAGES, Module, module, read

RULES = [
    budgets.long_file,
    budgets.long_functions,
    budgets.many_parameters,
    budgets.missing_annotations,
    budgets.bare_excepts,
    budgets.broad_excepts,
]
Rule = Callable[[Module], list[str]]

BAD = [
    (budgets.long_file, "x = 1\n" * (budgets.FILE_LINES + 1)),
    (budgets.long_functions, "def f() -> None:\n" + "    g()\n" * budgets.FUNCTION_LINES),
    (budgets.many_parameters, "def f(a: A, /, b: B, *c: C, d: D, e: E, **g: G) -> None: ..."),
    (budgets.missing_annotations, "def f(a) -> None: ..."),
    (budgets.missing_annotations, "async def f(*a: A, **b) -> None: ..."),
    (budgets.missing_annotations, "class A:\n    def f(self, a: A): ..."),
    (budgets.bare_excepts, "try:\n    f()\nexcept:\n    pass"),
    (budgets.broad_excepts, "try:\n    f()\nexcept Exception as error:\n    pass"),
    (budgets.broad_excepts, "try:\n    f()\nexcept (OSError, BaseException):\n    pass"),
    (budgets.broad_excepts, "with contextlib.suppress(Exception):\n    f()"),
]
GOOD = """
class A:
    def f(self, a: A, b: B, *, c: C, d: D, e: E) -> None:
        try:
            f()
        except OSError:
            raise Exception("no") from None
"""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_code_keeps_the_rule(rule: Rule) -> None:
    assert [finding for source in read(*PACKAGES) for finding in rule(source)] == []


def test_a_test_file_is_no_longer_than_any_other() -> None:
    assert [finding for source in read("tests") for finding in budgets.long_file(source)] == []


@pytest.mark.parametrize(("rule", "text"), BAD)
def test_the_rule_catches_it(rule: Rule, text: str) -> None:
    assert rule(module("engine/x.py", text)) != []
    assert rule(module("engine/x.py", GOOD)) == []


def test_every_listed_edge_still_catches_everything() -> None:
    found = {
        f"{source.path}::{where}"
        for source in read(*PACKAGES)
        for where, _ in budgets.catching_everything(source)
    }
    assert set(budgets.EDGES) - found == set()


def test_a_listed_edge_may_catch_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(budgets.EDGES, "engine/x.py::main", "the last line of defence")
    body = "    try:\n        f()\n    except Exception:\n        pass\n"
    edge = module("engine/x.py", f"def main() -> None:\n{body}")
    other = module("engine/x.py", f"def helper() -> None:\n{body}")
    assert budgets.broad_excepts(edge) == []
    assert budgets.broad_excepts(other) != []


def test_most_files_and_functions_are_far_below_the_limit() -> None:
    sources = read(*PACKAGES)
    lengths = [budgets.length(f) for source in sources for f in budgets.functions(source)]
    assert median(len(source.text.splitlines()) for source in sources) <= 150
    assert not lengths or median(lengths) <= 12
