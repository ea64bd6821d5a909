"""How large and how open the code may be. Each rule takes a module and gives its findings."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.house.source import Module

FILE_LINES = 300
FUNCTION_LINES = 40
PARAMETERS = 5

# Process edges: the only functions that may catch everything, each with the reason why nothing
# may get past it. "path::function" -> reason. An entry that catches nothing is itself a finding.
EDGES: dict[str, str] = {
    "engine/data/encoders.py::_loaded": "the tokenizers library raises nothing narrower for a bad file",
    "engine/cli/entry.py::main": "the command line's edge: a bug becomes one line and a crash file",
    "engine/runner/become.py::become": "a fork before its exec: whatever goes wrong is told to the nurse",
    "engine/runner/main.py::_edge": "the runner's edge: what it met is written down as runner_failed",
    "engine/runner/nurse.py::nurse": "a fork must end as itself and never run on as a second runner",
    "engine/runner/hook/sitecustomize.py::call": "a script of somebody else's must not notice that it is watched",
    "engine/keeper/__main__.py::_keep": "the keeper's edge: what it met is written down as keeper_failed",
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(source: Module) -> Iterator[Function]:
    return (node for node in ast.walk(source.tree) if isinstance(node, Function))


def parameters(function: Function) -> list[ast.arg]:
    """All of them, but for what a method is called on."""
    given = function.args
    named = [*given.posonlyargs, *given.args]
    if named and named[0].arg in ("self", "cls"):
        named = named[1:]
    stars = [star for star in (given.vararg, given.kwarg) if star]
    return [*named, *given.kwonlyargs, *stars]


def length(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def long_file(source: Module) -> list[str]:
    lines = len(source.text.splitlines())
    return [f"{source.path}: {lines} lines, {FILE_LINES} at most"] if lines > FILE_LINES else []


def long_functions(source: Module) -> list[str]:
    return [
        f"{source.path}:{function.lineno}: {function.name} has {length(function)} lines, "
        f"{FUNCTION_LINES} at most"
        for function in functions(source)
        if length(function) > FUNCTION_LINES
    ]


def many_parameters(source: Module) -> list[str]:
    return [
        f"{source.path}:{function.lineno}: {function.name} takes {len(parameters(function))} "
        f"parameters, {PARAMETERS} at most"
        for function in functions(source)
        if len(parameters(function)) > PARAMETERS
    ]


def missing_annotations(source: Module) -> list[str]:
    return [
        f"{source.path}:{function.lineno}: {function.name} lacks the annotation of {what}"
        for function in functions(source)
        for what in unannotated(function)
    ]


def unannotated(function: Function) -> list[str]:
    bare = [arg.arg for arg in parameters(function) if arg.annotation is None]
    return bare if function.returns else [*bare, "what it returns"]


def bare_excepts(source: Module) -> list[str]:
    return [
        f"{source.path}:{node.lineno}: a bare except catches Ctrl-C and exits too; name the errors"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ExceptHandler) and node.type is None
    ]


def broad_excepts(source: Module) -> list[str]:
    return [
        f"{source.path}:{line}: {where} catches everything; name the errors, "
        "or list it among the EDGES in tests/house/budgets.py"
        for where, line in catching_everything(source)
        if f"{source.path}::{where}" not in EDGES
    ]


def catching_everything(source: Module) -> Iterator[tuple[str, int]]:
    """The function (or "module") and line of each handler or suppress() that is this broad."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler) and node.type:
            caught = [node.type]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
            caught = node.args
        else:
            continue
        names = {
            name.id for part in caught for name in ast.walk(part) if isinstance(name, ast.Name)
        }
        if names & {"Exception", "BaseException"}:
            yield innermost(source, node.lineno), node.lineno


def innermost(source: Module, line: int) -> str:
    around = [f for f in functions(source) if f.lineno <= line <= (f.end_lineno or f.lineno)]
    return max(around, key=lambda function: function.lineno).name if around else "module"
