"""Writes the key tables of `profiles/README.md` and `profiles/schema.json` from the descriptions of the keys.

python -m engine.profile.document --check     says what is out of date, with status 1
python -m engine.profile.document --write
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.profile.freeze import plain
from engine.profile.key import Key
from engine.profile.profile import Profile
from engine.profile.schema import schema
from engine.profile.shape import Kind, Spec, specs
from engine.profile.words import bounds, choices, spoken

FOLDER = Path(__file__).parents[2] / "profiles"
BEGIN, END = "<!-- keys: python -m engine.profile.document --write -->\n", "<!-- end of keys -->\n"
EXTENDS = "| `extends` | text | | Name or path of the profile that this one changes. |\n"


def keys() -> str:
    """Every key of every table, as Markdown."""
    return "\n".join([_section("Top level", Profile, extra=EXTENDS), *_tables(Profile, "")])


def readme(text: str) -> str:
    """The text with its generated part made anew."""
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{keys()}\n{END}{after}"


def stale() -> dict[Path, str]:
    """The files that are not what the descriptions say, with what they should be."""
    file, shape = FOLDER / "README.md", FOLDER / "schema.json"
    wanted = {
        file: readme(file.read_text("utf-8")),
        shape: json.dumps(schema(), indent=1, ensure_ascii=False) + "\n",
    }
    return {
        path: text
        for path, text in wanted.items()
        if not path.exists() or path.read_text("utf-8") != text
    }


def _tables(cls: type, at: str) -> Iterator[str]:
    for spec in specs(cls).values():
        inner = spec.kind.cls or (spec.kind.items[0].cls if spec.kind.items else None)
        if inner is None:
            continue
        name = f"{at}{spec.name}"
        form = {"table": f"[{name}]", "rows": f"[[{name}]]", "map": f"[{name}.NAME]"}[
            spec.kind.form
        ]
        yield _section(f"`{form}`", inner, spec.key.doc)
        yield from _tables(inner, f"{name}.")


def _section(title: str, cls: type, about: str = "", extra: str = "") -> str:
    rows = "".join(
        _row(spec) for spec in specs(cls).values() if spec.kind.form not in ("table", "rows")
    )
    head = f"### {title}\n\n" + (f"{about}\n\n" if about else "")
    return f"{head}| Key | Type | Default | Meaning |\n|---|---|---|---|\n{extra}{rows}"


def _row(spec: Spec) -> str:
    name = "any other name" if spec.key.rest else f"`{spec.name}`"
    if spec.key.aliases:
        name += f", `{'`, `'.join(spec.key.aliases)}`"
    cells = (name, _type(spec.kind, spec.key), _default(spec), spec.key.doc)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _type(kind: Kind, key: Key) -> str:
    if kind.form == "map":
        names = "name" if not key.names else "alarm"
        return f"{names} → {_type(kind.items[0], key)}"
    words = spoken(kind).removeprefix("a ")
    if key.many and kind.form == "list":
        words = f"{words}, or one"
    if key.choices:
        listed = f"`{choices(key)}`".replace(" or ", "`, `")
        return listed if kind.form in ("text", "whole") else f"{words}: {listed}"
    return f"{words}: {bounds(key)}" if bounds(key) else words


def _default(spec: Spec) -> str:
    if spec.required:
        return "required"
    value: Any = plain(spec.default)
    return "" if value in (None, [], {}) else f"`{json.dumps(value, ensure_ascii=False)}`"


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.profile.document")
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--check", action="store_true", help="say what is out of date")
    chosen.add_argument("--write", action="store_true", help="write it")
    wanted = stale()
    if parser.parse_args(argv).write:
        for path, text in wanted.items():
            path.write_text(text, "utf-8")
        return 0
    for path in wanted:
        print(f"{path} is out of date: python -m engine.profile.document --write", file=sys.stderr)
    return 1 if wanted else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
