"""Work shared among processes, its results in the order of the work. What is little is done here and now.

A helper only computes: it ends with the process that started it, and Ctrl-C is that one's business.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context
from typing import Any, TypeVar

from engine import system
from engine.data.units import Unit
from engine.errors import Unusable

SMALL = 8 << 20
"""Bytes below which other processes cost more than they bring."""
PORTION = 1 << 20
ORPHAN_S = 1.0

Result = TypeVar("Result")
Open = Callable[[Any], Callable[[Unit], Result]]
"""A task → what does one unit of it. A name at the top of a module, so that any process can find it."""


def shared(
    open_worker: Open[Result], task: Any, parts: Sequence[Unit], workers: int = 0
) -> Iterator[Result]:
    """What a worker makes of each unit, in their order, by as many processes as there are cores."""
    count = workers or system.cores()
    if count == 1 or sum(unit.bytes for unit in parts) < SMALL:
        yield from map(open_worker(task), parts)
        return
    ahead, work, others, index = 2 * count, _portions(parts), set(active_children()), 0
    with ProcessPoolExecutor(count, get_context("spawn"), _begin, (open_worker, task)) as pool:
        waiting: list[Future[list[Result]]] = []
        try:
            waiting += (_hand(pool, one) for one in work[:ahead])
            while index < len(work):
                if index + ahead < len(work):
                    waiting.append(_hand(pool, work[index + ahead]))
                yield from waiting.pop(0).result()
                index += 1
        except BrokenProcessPool:
            raise Unusable(
                "a process that helped was killed, probably for memory",
                "do the same again with fewer workers",
            ) from None
        finally:
            if index < len(work):  # Ctrl-C, or enough was seen: nobody waits for what is half done
                for helper in set(active_children()) - others:
                    helper.terminate()
            pool.shutdown(cancel_futures=True)


def _hand(pool: ProcessPoolExecutor, portion: list[Unit]) -> Future[list[Any]]:
    """A helper that is started for it is deaf to Ctrl-C from its first moment on."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        return pool.submit(_do, portion)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.submit(_do, portion)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _portions(parts: Sequence[Unit]) -> list[list[Unit]]:
    """Small units together: to hand one over costs as much as to look at a hundred rows."""
    found: list[list[Unit]] = []
    room = 0
    for unit in parts:
        if room < unit.bytes or not found:
            found.append([])
            room = PORTION
        found[-1].append(unit)
        room -= unit.bytes
    return found


_worker: Callable[[Unit], Any] | None = None


def _begin(open_worker: Open[Any], task: Any) -> None:
    """The start of a helper: it opens what it needs once."""
    global _worker
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["RAYON_NUM_THREADS"] = "1"
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    _worker = open_worker(task)


def _do(portion: list[Unit]) -> list[Any]:
    assert _worker is not None
    return [_worker(unit) for unit in portion]


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(ORPHAN_S)
    os._exit(1)
