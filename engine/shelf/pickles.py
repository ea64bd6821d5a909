"""What a pickle would make, without making it: its operations are followed with names in the place of objects.

Nothing is imported, called or built, so a pickle from anywhere can be looked into. Numbers, texts, lists and dicts come
out as they are; everything else is a `Thing` that says what it would have been.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

MOST = 4_000_000
"""Operations; a checkpoint's index has a few for each tensor."""
_MARK = object()


class Unreadable(ValueError):
    """It is no pickle, or one that is not followed."""


@dataclass(eq=False)
class Thing:
    """Something that was not made: the callable's name, what it was called with, its state and items."""

    name: str
    args: Any = ()
    state: Any = None
    items: dict[Any, Any] = field(default_factory=dict)


def outline(data: bytes) -> Any:
    """The value, as far as names, numbers and texts say it."""
    machine = _Machine()
    try:
        for count, (op, argument, _) in enumerate(pickletools.genops(data)):
            if count > MOST:
                raise Unreadable("it has more operations than any index of tensors")
            if op.name == "STOP":
                return machine.pop()
            machine.follow(op.name, argument)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable(f"not a pickle that can be followed: {error}") from None
    raise Unreadable("it ends before its last operation")


class _Machine:
    """The stack and the memo of an unpickler."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def pop(self) -> Any:
        return self._stack.pop()

    def follow(self, name: str, argument: Any) -> None:
        if name in _NOTHING:
            return
        if name in _LITERALS:
            self._stack.append(
                _LITERALS[name]() if name in _MADE else _CONSTANT.get(name, argument)
            )
            return
        getattr(self, "_" + name.lower())(argument)

    def _marked(self) -> list[Any]:
        """What was pushed since the last mark."""
        found = []
        while (top := self._stack.pop()) is not _MARK:
            found.append(top)
        return found[::-1]

    def _mark(self, _: Any) -> None:
        self._stack.append(_MARK)

    def _pop(self, _: Any) -> None:
        self._stack.pop()

    def _pop_mark(self, _: Any) -> None:
        self._marked()

    def _dup(self, _: Any) -> None:
        self._stack.append(self._stack[-1])

    def _put(self, number: Any) -> None:
        self._memo[int(number)] = self._stack[-1]

    _binput = _long_binput = _put

    def _memoize(self, _: Any) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def _get(self, number: Any) -> None:
        self._stack.append(self._memo[int(number)])

    _binget = _long_binget = _get

    def _tuple(self, _: Any) -> None:
        self._stack.append(tuple(self._marked()))

    def _tuple1(self, _: Any) -> None:
        self._last(1)

    def _tuple2(self, _: Any) -> None:
        self._last(2)

    def _tuple3(self, _: Any) -> None:
        self._last(3)

    def _last(self, count: int) -> None:
        made = tuple(self._stack[-count:])
        del self._stack[-count:]
        self._stack.append(made)

    def _list(self, _: Any) -> None:
        self._stack.append(self._marked())

    _frozenset = _list

    def _dict(self, _: Any) -> None:
        self._stack.append({})
        self._fill(self._marked())

    def _append(self, _: Any) -> None:
        item = self._stack.pop()
        self._extend([item])

    def _appends(self, _: Any) -> None:
        self._extend(self._marked())

    _additems = _appends

    def _extend(self, items: list[Any]) -> None:
        if isinstance(self._stack[-1], list):
            self._stack[-1].extend(items)

    def _setitem(self, _: Any) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._fill([key, value])

    def _setitems(self, _: Any) -> None:
        self._fill(self._marked())

    def _fill(self, flat: list[Any]) -> None:
        target = self._stack[-1]
        table = target.items if isinstance(target, Thing) else target
        for key, value in zip(flat[::2], flat[1::2]):
            if not isinstance(key, (list, dict)):
                table[key] = value

    def _global(self, argument: Any) -> None:
        self._stack.append(Thing(str(argument).replace(" ", ".")))

    def _stack_global(self, _: Any) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        self._stack.append(Thing(f"{module}.{name}"))

    def _reduce(self, _: Any) -> None:
        args, what = self._stack.pop(), self._stack.pop()
        self._stack.append(Thing(what.name if isinstance(what, Thing) else "?", args))

    _newobj = _reduce

    def _newobj_ex(self, _: Any) -> None:
        self._stack.pop()
        self._reduce(None)

    def _build(self, _: Any) -> None:
        state = self._stack.pop()
        if isinstance(self._stack[-1], Thing):
            self._stack[-1].state = state

    def _binpersid(self, _: Any) -> None:
        self._stack.append(Thing("storage", self._stack.pop()))

    def _persid(self, argument: Any) -> None:
        self._stack.append(Thing("storage", argument))


_NOTHING = frozenset(("PROTO", "FRAME"))
_MADE: dict[str, Callable[[], Any]] = {
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_SET": list,
    "EMPTY_TUPLE": tuple,
}
_CONSTANT = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_TOLD = (
    "INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING SHORT_BINSTRING"
    " BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8 UNICODE SHORT_BINUNICODE BINUNICODE BINUNICODE8"
).split()
_LITERALS: dict[str, Any] = {**_MADE, **_CONSTANT, **dict.fromkeys(_TOLD)}
