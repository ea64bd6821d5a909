"""What the files that travel to a host may use: the syntax and the standard library of Python 3.8, and each other.

It goes by names alone, so no method of ours may be called like a younger one of the library.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

from engine.runner import bundle
from tests.house.source import Module, imported, read, within

OURS = read("engine")
COPIED = "engine/emit.py"  # does not travel, but trainers of any age copy it
TRAVELS = {path for path, _ in bundle.sources()} | {COPIED}
STAYS = {source.name for source in OURS if source.path not in TRAVELS}
GOES = {source.name for source in OURS if source.path in TRAVELS}
OPTIONAL = {COPIED: "msgspec"}  # taken when it is there

YOUNGER = set(
    "aiter anext BaseExceptionGroup ExceptionGroup graphlib tomllib zoneinfo asyncio.TaskGroup asyncio.timeout"
    " asyncio.to_thread contextlib.chdir dataclasses.KW_ONLY datetime.UTC functools.cache hashlib.file_digest"
    " itertools.batched itertools.pairwise math.cbrt math.lcm math.nextafter math.ulp os.eventfd os.pidfd_open"
    " os.splice os.waitstatus_to_exitcode random.randbytes signal.pidfd_send_signal statistics.correlation"
    " sys.exception sys.orig_argv sys.stdlib_module_names types.NoneType types.UnionType typing.Annotated"
    " typing.Concatenate typing.LiteralString typing.Never typing.NotRequired typing.ParamSpec typing.Required"
    " typing.Self typing.TypeAlias typing.TypeGuard typing.Unpack typing.assert_never typing.override".split()
)
METHODS = set(
    "add_note bit_count hardlink_to is_junction is_relative_to readlink removeprefix removesuffix"
    " with_stem".split()
)
HOLDERS = {"os"}  # os.readlink is old, Path.readlink is not
KEYWORDS = {
    "Popen": {"group", "pipesize", "process_group", "umask", "user"},
    "bisect_left": {"key"},
    "bisect_right": {"key"},
    "dataclass": {"kw_only", "match_args", "slots", "weakref_slot"},
    "glob": {"include_hidden", "root_dir"},
    "rmtree": {"dir_fd", "onexc"},
    "run": {"group", "pipesize", "process_group", "umask", "user"},
    "zip": {"strict"},
}
TYPES = set("bool bytes dict float frozenset int list object set str tuple type".split())
GENERIC_HOMES = ("collections", "queue", "re")  # whose classes take no [...] yet


def young(source: Module) -> list[str]:
    """Everything in a file that Python 3.8 would refuse or not find."""
    try:
        ast.parse(source.text, source.path, feature_version=(3, 8))
    except SyntaxError as error:
        return [f"{source.path}:{error.lineno}: {error.msg}"]
    found = [*young_names(source), *young_calls(source), *young_types(source)]
    annotated = any(isinstance(node, (ast.arg, ast.AnnAssign)) for node in ast.walk(source.tree))
    if annotated and "__future__.annotations" not in {name for _, name in imported(source)}:
        found.append((1, "from __future__ import annotations is missing"))
    return [f"{source.path}:{line}: {what}" for line, what in sorted(found)]


def foreign(source: Module) -> list[str]:
    """Imports of anything that does not travel along."""
    return [
        f"{source.path}:{line}: {name} is not there on the host"
        for line, name in imported(source)
        if name.partition(".")[0] not in sys.stdlib_module_names
        and (name in STAYS or not {name, name.rpartition(".")[0]} & GOES)
        and name != OPTIONAL.get(source.path)
    ]


def young_names(source: Module) -> Iterator[tuple[int, str]]:
    for line, name in imported(source):
        if within(name, YOUNGER):
            yield line, f"{name} is younger than 3.8"
    asked = {ast.unparse(node) for node in ast.walk(source.tree) if isinstance(node, ast.Call)}
    for node in ast.walk(source.tree):
        if isinstance(node, (ast.Name, ast.Attribute)):
            name = ast.unparse(node)
            holder, _, method = name.rpartition(".")
            if f"hasattr({holder}, {method!r})" in asked:
                continue
            if name in YOUNGER or (method in METHODS and holder and holder not in HOLDERS):
                yield node.lineno, f"{name} is younger than 3.8"


def young_calls(source: Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func).rpartition(".")[2]
            for word in {keyword.arg for keyword in node.keywords} & KEYWORDS.get(called, set()):
                yield node.lineno, f"{called}({word}=…) is younger than 3.8"


def young_types(source: Module) -> Iterator[tuple[int, str]]:
    """`list[int]` and `int | None` where they are evaluated, which an annotation is not."""
    taken = {name.rpartition(".")[2] for _, name in imported(source) if within(name, GENERIC_HOMES)}
    for node in evaluated(source.tree):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            if node.value.id in TYPES | taken:
                yield node.lineno, f"{ast.unparse(node)} is evaluated; 3.8 cannot"
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            if {ast.unparse(node.left), ast.unparse(node.right)} & {"None", *TYPES}:
                yield node.lineno, f"{ast.unparse(node)} is evaluated; 3.8 cannot"


def evaluated(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run: all but annotations."""
    for field, value in ast.iter_fields(node):
        if field not in ("annotation", "returns"):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield child
                    yield from evaluated(child)
