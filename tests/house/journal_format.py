"""The journal's format, field by field, from the definitions themselves: what `engine/README.md` shows.

`python -m tests.house.journal_format` writes it into the README between its two marks.
"""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from types import ModuleType

from engine.events import Event, keeper, runner, trainer

README = Path(__file__).parents[2] / "engine" / "README.md"
BEGIN, END = "<!-- events: made from engine/events -->", "<!-- end of events -->"


def format_of(modules: tuple[ModuleType, ...] = (keeper, runner, trainer)) -> str:
    """A table of events for each segment."""
    return "\n".join(_segment(module) for module in modules)


def _segment(module: ModuleType) -> str:
    title = module.__name__.rpartition(".")[2]
    words = (module.__doc__ or "").strip().splitlines()[0]
    rows = [_row(kind) for kind in module.KINDS]
    return "\n".join(
        [
            f"### {title}.jsonl",
            "",
            words,
            "",
            "| event | says | fields |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _row(kind: type[Event]) -> str:
    words = " ".join((kind.__doc__ or "").split())
    return f"| `{kind.name}` | {words} | {'; '.join(_fields(kind))} |"


def _fields(kind: type[Event]) -> list[str]:
    """`name` type (optional): words."""
    body = ast.parse(inspect.getsource(kind)).body[0]
    assert isinstance(body, ast.ClassDef)
    found: list[str] = []
    for node in body.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            annotation = ast.unparse(node.annotation)
            if not annotation.startswith("ClassVar"):
                kind_of = annotation.replace(" | None", "?").replace("Table", "object")
                found.append(f"`{node.target.id}` {kind_of}")
        elif found and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found[-1] += f": {' '.join(str(node.value.value).split()).rstrip('.')}"
    return found


def written(text: str) -> str:
    """The README with the format as it is now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{format_of()}\n{END}{after}"


if __name__ == "__main__":
    README.write_text(written(README.read_text("utf-8")), "utf-8")
