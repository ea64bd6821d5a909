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
from multiprocessing import get_context
from typing import Any, TypeVar

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
    count = workers or len(os.sched_getaffinity(0))
    if count == 1 or sum(unit.bytes for unit in parts) < SMALL:
        yield from map(open_worker(task), parts)
        return
    ahead, work = 2 * count, _portions(parts)
    with ProcessPoolExecutor(count, get_context("spawn"), _begin, (open_worker, task)) as pool:
        waiting: list[Future[list[Result]]] = [pool.submit(_do, one) for one in work[:ahead]]
        try:
            for index in range(len(work)):
                if index + ahead < len(work):
                    waiting.append(pool.submit(_do, work[index + ahead]))
                yield from waiting.pop(0).result()
        except BrokenProcessPool:
            raise Unusable(
                "a process that helped was killed, probably for memory",
                "do the same again with fewer workers",
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)


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
    signal.signal(signal.SIGINT, signal.SIG_IGN)
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
