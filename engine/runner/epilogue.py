"""The last words of an attempt: how the trainer ended, its last step, and the console's last lines, redacted."""

from __future__ import annotations

import os
from typing import Sequence

from engine.events import runner as say
from engine.redact import redact
from engine.runner import clock
from engine.runner.post import Post
from engine.runner.records import Ending, Failure

LINES = 20
BYTES = 32 * 1024
WIDTH = 400


def exited(post: Post, ending: Ending) -> None:
    """Record the end, once for all runners of an attempt."""
    if post.fold.facts().runner.exit is not None:
        return
    post.ledger.tell(
        say.Exited(
            t=clock.wall(),
            code=ending.code,
            signal=ending.signal,
            oom=ending.oom,
            duration_s=ending.duration_s,
            step=post.fold.facts().tally.step,
            tail=tail(post.folder.console, post.secrets),
        )
    )


def start_failed(post: Post, failure: Failure) -> None:
    """The command could not be executed; nothing of it ran."""
    if post.fold.facts().runner.start_failed is None:
        reason = redact(failure.reason, post.secrets or ())
        post.ledger.tell(say.StartFailed(clock.wall(), reason, failure.errno))
    exited(post, Ending(failure.code, None))


def tail(path: str, secrets: Sequence[str] | None) -> tuple[str, ...]:
    """The last lines; none at all where the secrets' values are not known, because then they could be among them."""
    if secrets is None:
        return ()
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - BYTES))
            data = file.read(BYTES)
    except OSError:
        return ()
    # Redacted before it is cut into lines: a secret may have several, and the first line may be half of one.
    text = redact(data.decode("utf-8", "backslashreplace"), secrets)
    lines = text.replace("\r\n", "\n").split("\n")
    if size > BYTES and len(lines) > 1:
        lines = lines[1:]
    shown = [line.rstrip("\r").rpartition("\r")[2][:WIDTH] for line in lines]
    return tuple([line for line in shown if line.strip("\0 \t")][-LINES:])
