"""`--set a.b=c`: one more layer over the files. The value is TOML; words that are not are text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.display import display
from engine.profile.faults import Faults, KeyPath, Where, shown
from engine.profile.layer import Layer, layer, merge
from engine.profile.leaks import holds_secret, is_secret
from engine.profile.nearest import close
from engine.profile.scan import TooMuch, split_key
from engine.profile.shape import Kind, specs
from engine.profile.toml import values

LONGEST = 8 * 1024
MOST = 256


def lay(cls: type, below: Layer, sets: Sequence[str], faults: Faults) -> Layer:
    """All of them, in their order, over what the files say."""
    if len(sets) > MOST:
        faults.add((), f"more than {MOST} --set", None, Where("--set"))
    for text in sets[:MOST]:
        where = Where(f"--set {display(_harmless(text), 60)}")
        split = _split(text, where, faults)
        if split is not None and _known(cls, below, split[0], where, faults):
            below = merge(cls, below, _layer(cls, below, split, where, faults))
    return below


def _harmless(text: str) -> str:
    """The words as they were given, unless they hold what must not be shown."""
    key, _, value = text.partition("=")
    secret = is_secret(text) or holds_secret(key.strip().rpartition(".")[2], value.strip())
    if is_secret(key):
        return "…"
    return f"{key}=…" if secret else text


def _split(text: str, where: Where, faults: Faults) -> tuple[tuple[str, ...], str] | None:
    try:
        split = split_key(text) if len(text) <= LONGEST else None
    except TooMuch as error:
        faults.add((), str(error), None, where)
        return None
    if split is None:
        faults.add((), "is not KEY=VALUE", "for example --set train.max_steps=60", where)
    elif split[0][0] == "extends":
        faults.add((), "extends is read before --set", "write it into the file", where)
        return None
    return split


def _known(cls: type, below: Layer, path: KeyPath, where: Where, faults: Faults) -> bool:
    """An entry of a list of tables must be there: `--set phase.D.rows=5` makes no phase of one key."""
    table: Any = below.table
    for end in range(1, len(path)):
        kind = _kind(cls, path[:end])
        table = table.get(path[end - 1]) if isinstance(table, Mapping) else None
        if kind is not None and kind.form == "rows":
            names = list(table) if isinstance(table, Mapping) else []
            if path[end] not in names:
                near = close(str(path[end]), names)
                there = ", ".join(map(shown, [near] if near else names[:8])) or "none"
                faults.add(path[: end + 1], f"no such {path[end - 1]}", f"there is {there}", where)
                return False
    return True


def _layer(
    cls: type, below: Layer, split: tuple[tuple[str, ...], str], where: Where, faults: Faults
) -> Layer:
    path, text = split
    value: Any = _value(_kind(cls, path), text)
    for part in reversed(path):
        value = {part: value}
    ends = range(1, len(path) + 1)
    places: dict[KeyPath, Where] = {
        path[:end]: where for end in ends if end == len(path) or _flat(below, path[:end])
    }
    return layer(cls, value, places, faults)


def _flat(below: Layer, path: KeyPath) -> bool:
    """Whether there is no table yet: a table on the way keeps the place where it was written."""
    table: Any = below.table
    for name in path:
        table = table.get(name) if isinstance(table, Mapping) else None
    return not isinstance(table, Mapping)


def _value(kind: Kind | None, text: str) -> Any:
    table = values(f"value = {text}")
    if table is None or set(table) != {"value"}:
        return text
    value = table["value"]
    plain = not isinstance(value, (str, list, dict))
    return text if plain and kind is not None and _wants_text(kind) else value


def _wants_text(kind: Kind) -> bool:
    """`--set command.env.CUDA_VISIBLE_DEVICES=0` and `--set model.revision=1e5` mean text."""
    return kind.form == "text" or (kind.form == "list" and _wants_text(kind.items[0]))


def _kind(cls: type, path: KeyPath) -> Kind | None:
    kind: Kind | None = Kind("table", cls=cls)
    for part in path:
        kind = _step(kind, str(part)) if kind else None
    return kind


def _step(kind: Kind, part: str) -> Kind | None:
    if kind.form in ("map", "rows"):
        return kind.items[0]
    if kind.form != "table":
        return None
    spec = specs(kind.cls).get(part)
    rest = next((spec for spec in specs(kind.cls).values() if spec.key.rest), None)
    return spec.kind if spec else rest.kind.items[0] if rest else None
