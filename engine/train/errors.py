"""What a user can cause, told without a traceback: what happened, where, and what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from engine.errors import Problem


class TrainError(Problem):
    """A fault in the profile, the data or the machine; `status` is the exit status of the process."""

    status = 2


class ResumeError(TrainError):
    """A checkpoint that cannot be continued from."""

    status = 8


class SaveError(TrainError):
    """A checkpoint that could not be committed."""

    status = 1


def nearest(name: str, known: Iterable[str], count: int = 3) -> str:
    """`; nearest: a, b` or nothing, to be appended to an error about an unknown name."""
    found = difflib.get_close_matches(name, sorted(set(known)), n=count, cutoff=0.3)
    return f"; nearest: {', '.join(found)}" if found else ""


def located(name: str | None, key: str) -> str:
    """What a key names, as transformers takes it: a folder, or a name on the Hub."""
    if name is None:
        raise TrainError(f"this recipe needs {key}: a folder or the name of a model")
    scheme = name.partition("://")[0]
    if scheme != name:
        raise TrainError(
            f"{key} = {name!r}: the trainer fetches nothing from {scheme}://;"
            " copy it to the machine first and name its folder"
        )
    return name.removeprefix("hf:")
