"""The project's own source as values: what the rules of the house are written against.

Nothing is imported here, so a rule holds for a module that could not even be loaded.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("engine", "cockpit")


@dataclass(frozen=True)
class Module:
    name: str  # "engine.profile", for engine/profile/__init__.py too
    path: str  # relative to the root
    text: str
    tree: ast.Module

    @property
    def package(self) -> str:
        """What a relative import starts from."""
        return self.name if self.path.endswith("__init__.py") else self.name.rpartition(".")[0]


def module(path: str, text: str) -> Module:
    parts = path.removesuffix(".py").split("/")
    return Module(".".join(parts).removesuffix(".__init__"), path, text, ast.parse(text, path))


@cache
def read(*folders: str) -> list[Module]:
    """Every module below these folders; a folder that is not there has none."""
    files = sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))
    return [module(file.relative_to(ROOT).as_posix(), file.read_text("utf-8")) for file in files]


def within(name: str, parts: Iterable[str]) -> bool:
    """Whether a module is one of the parts, or lies inside one."""
    return any(name == part or name.startswith(part + ".") for part in parts)


def imported(source: Module) -> Iterator[tuple[int, str]]:
    """The line and full name of everything that a module imports, wherever in it.

    `from a.b import c` gives `a.b.c`: whether that is a module or a thing in one is for the reader
    to know.
    """
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            above = source.package.rsplit(".", node.level - 1)[0] if node.level else ""
            start = ".".join(filter(None, (above, node.module)))
            for alias in node.names:
                yield node.lineno, f"{start}.{alias.name}"


def arrows(sources: Iterable[Module]) -> dict[str, set[str]]:
    """Which of these modules imports which other."""
    sources = list(sources)
    known = {source.name for source in sources}
    graph: dict[str, set[str]] = {name: set() for name in known}
    for source in sources:
        for _, name in imported(source):
            target = name if name in known else name.rpartition(".")[0]
            if target in known and target != source.name:
                graph[source.name].add(target)
    return graph


def reach(start: str, graph: Mapping[str, set[str]]) -> dict[str, str]:
    """Every module that one leads to, each with the module through which it is reached."""
    came: dict[str, str] = {}
    ahead = [start]
    while ahead:
        here = ahead.pop()
        for there in sorted(graph.get(here, ())):
            if there != start and there not in came:
                came[there] = here
                ahead.append(there)
    return came
