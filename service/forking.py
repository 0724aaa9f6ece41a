"""Work over shares in forked processes, in order, with as little read ahead as keeps them busy."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing.connection import wait
from typing import Any, TypeVar

from service.collecting import collect_seldom

Share = TypeVar("Share")
Result = TypeVar("Result")

AHEAD = 6
"""Shares under way for each process: enough to keep it busy while a batch of them is stored."""
_work: list[Callable[[Any], Any]] = []
"""What a forked process is there for; set when it begins."""


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(
    work: Callable[[Share], Result], shares: Iterable[Share], *, processes: int | None = None
) -> Iterator[Result]:
    """Results of the shares, in the order of the shares.

    Forked, not spawned: what the work refers to need not be copied to the processes.
    A single share, a single core and a system without fork are served in this process.

    Args:
        work: What to do with a share; it is not pickled, shares and results are.
        shares: Read a few ahead only, so that memory stays flat.
        processes: How many at most; left out, one a core.
    """
    count = cores() if processes is None else processes
    source = iter(shares)
    first = list(islice(source, 2))
    few = count <= 1 or len(first) <= 1
    if few or "fork" not in multiprocessing.get_all_start_methods():
        yield from map(work, chain(first, source))
        return
    executor = ProcessPoolExecutor(
        count,
        mp_context=multiprocessing.get_context("fork"),
        initializer=_begin,
        initargs=(work,),
    )
    try:
        yield from _ordered(executor, chain(first, source), count * AHEAD)
    finally:
        executor.shutdown(cancel_futures=True)


def _ordered(executor: ProcessPoolExecutor, shares: Iterable[Any], ahead: int) -> Iterator[Any]:
    under_way: deque[Future[Any]] = deque()
    for share in shares:
        under_way.append(executor.submit(_do, share))
        if len(under_way) >= ahead:
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()


def _do(share: Any) -> Any:
    return _work[0](share)


def _begin(work: Callable[[Any], Any]) -> None:
    _work[:] = [work]
    # Ctrl-C reaches the whole group: the parent ends the work, not each process for itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What was there before the fork lives on: the collector need not walk and copy it.
    gc.freeze()
    collect_seldom()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    """A parent that was killed leaves no process behind."""
    wait([sentinel])
    os._exit(1)
