"""What long work needs: the store, who acts, the clock, matching, and somebody to tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Engine

from service.clock import Clock
from service.linkage import Linkage
from service.security.policy import Actor
from service.store.engine import let_others_write
from service.store.unit_of_work import UnitOfWork, unit_of_work

Progress = Callable[[str, int, int | None], None]
"""Told the stage, how many are done, and of how many where that is known."""


@dataclass(frozen=True, slots=True)
class JobContext:
    """Where a job runs; it commits in many units of work, each with its own audit rows.

    `carry` brings a server of the index up to what is stored, so that comparing meets it, or
    waits until another process has done so.
    """

    engine: Engine
    actor: Actor
    clock: Clock
    linkage: Linkage
    progress: Progress
    carry: Callable[[], object] = lambda: None

    @contextmanager
    def work(self) -> Iterator[UnitOfWork]:
        """One unit of work of the job; whoever waits to write comes between it and the next."""
        with unit_of_work(self.engine, self.actor, clock=self.clock) as work:
            yield work
        let_others_write()
