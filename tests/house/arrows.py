"""Which part may know which other, and which parts touch nothing outside themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from tests.house.source import Module, arrows, imported, reach, within

SCREENS = ("cockpit", "textual")
HOSTS = ("engine.machines", "engine.leases", "engine.keeper")

# who -> what none of it may reach, not even through others
NEVER = {
    "engine": SCREENS,
    "engine.train": (*SCREENS, *HOSTS),
    "engine.runner": (*SCREENS, *HOSTS, "numpy", "msgspec", "tomli", "pynvml"),
}

# library -> the only parts that may import it
ONLY = {
    "textual": ("cockpit",),
    "torch": ("engine.train", "engine.evaluate"),
    "transformers": ("engine.train", "engine.evaluate"),
    "peft": ("engine.train", "engine.evaluate"),
    "accelerate": ("engine.train", "engine.evaluate"),
    "bitsandbytes": ("engine.train", "engine.evaluate"),
    "safetensors": ("engine.train", "engine.evaluate"),
}
ONE_FILE = "paramiko"  # imported by a single file, whichever it is

PURE = (
    "engine.events",
    "engine.scalars",
    "engine.view",
    "engine.alarms",
    "engine.dialects",
    "engine.identity",
    "engine.profile.check",
    "engine.profile.freeze",
    "engine.profile.profile",
    "engine.profile.rules",
    "engine.profile.sets",
    "engine.profile.tables",
    "engine.state",
    "engine.frame",
    "engine.estimate",
    "engine.display",
    "engine.data.curriculum",
    "cockpit.plot",
)
# A pure part that reads the clock could not be replayed, so the clock counts as input and output.
EFFECTS = (
    "asyncio ctypes fcntl glob http logging mmap multiprocessing os pathlib random select shutil"
    " socket sqlite3 ssl subprocess tempfile threading time urllib.request paramiko"
).split()
HARMLESS = ("pathlib.PurePath", "pathlib.PurePosixPath")
CALLS = (
    "open io.open print input datetime.now datetime.datetime.now signal.signal sys.stdin sys.stdout sys.stderr"
).split()


@dataclass(frozen=True)
class Rules:
    """The tables above, so that a test can try the same code on tables of its own."""

    never: dict[str, tuple[str, ...]]
    only: dict[str, tuple[str, ...]]
    one_file: str
    pure: tuple[str, ...]


HOUSE = Rules(NEVER, ONLY, ONE_FILE, PURE)


def forbidden(sources: list[Module], rules: Rules) -> list[str]:
    """Parts that reach what they must not, with the way they reach it."""
    graph = arrows(sources)
    for source in sources:
        graph[source.name] |= {name for _, name in imported(source)}
    return [
        path
        for who, never in rules.never.items()
        for source in sources
        if within(source.name, [who])
        for path in ways(source.name, never, graph)
    ]


def ways(start: str, never: Iterable[str], graph: dict[str, set[str]]) -> Iterator[str]:
    came = reach(start, graph)
    for target in came:
        if within(target, never):
            way = [target]
            while way[-1] != start:
                way.append(came[way[-1]])
            yield f"{' -> '.join(reversed(way))}: {start} must not"


def misplaced(sources: list[Module], rules: Rules) -> list[str]:
    """Libraries imported outside the part that has them to itself."""
    return [
        f"{source.path}:{line}: {library} belongs to {' and '.join(homes)}"
        for library, homes in rules.only.items()
        for source in sources
        if not within(source.name, homes)
        for line, name in imported(source)
        if within(name, [library])
    ]


def scattered(sources: list[Module], rules: Rules) -> list[str]:
    """The files that import what only one file may, when there are more."""
    users = [s.path for s in sources for _, name in imported(s) if within(name, [rules.one_file])]
    return sorted(set(users)) if len(set(users)) > 1 else []


def cycle(sources: list[Module]) -> list[str]:
    try:
        TopologicalSorter(arrows(sources)).prepare()
    except CycleError as error:
        return [" -> ".join(error.args[1])]
    return []


def impure(sources: list[Module], rules: Rules) -> list[str]:
    """Effects in the pure parts and in whatever of ours they stand on."""
    by_name = {source.name: source for source in sources}
    graph = arrows(sources)
    starts = [name for name in by_name if within(name, rules.pure)]
    standing = set(starts).union(*(reach(name, graph) for name in starts))
    return [finding for name in sorted(standing) for finding in effects(by_name[name])]


def effects(source: Module) -> list[str]:
    found = [
        (line, f"imports {name}")
        for line, name in imported(source)
        if within(name, EFFECTS) and not within(name, HARMLESS)
    ]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and within(ast.unparse(node.func), CALLS):
            found.append((node.lineno, f"calls {ast.unparse(node.func)}"))
    return [f"{source.path}:{line}: a pure part {what}" for line, what in sorted(found)]
