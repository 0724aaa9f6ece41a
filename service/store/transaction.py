"""A transaction of upkeep that shows nobody a case: nothing to log, yet it commits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlmodel import Session

from service.store.unit_of_work import store_errors


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """Open a session, commit on success, roll back on any error.

    For projections only: whoever reads or changes a case needs a unit of work, which
    writes the trail.

    Raises:
        StoreBusy: If the database is locked or away.
    """
    with store_errors(), Session(engine) as session:
        yield session
        session.commit()
