"""Read rows of many ids at once, without what a general statement costs a value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BindParameter, Table, bindparam
from sqlmodel import Session

ASKED: BindParameter[Any] = bindparam("ids", expanding=True)
"""The values of one IN list, in statements that are put together once."""
AT_ONCE = 1_000
"""Ids of one statement: its text stays within some kilobytes."""


def rows_by_id(
    session: Session, table: Table, columns: Sequence[str], ids: Iterable[int]
) -> list[Any]:
    """Rows of a table by its integer primary key, in no order; unknown ids are left out.

    Binding hundreds of values takes longer than finding the rows: the ids stand in the
    statement as the integers they are.

    Args:
        session: The transaction.
        table: With a primary key of one integer.
        columns: To read, whose values need no conversion on their way.
        ids: Of the rows.
    """
    connection = session.connection()
    quote = connection.dialect.identifier_preparer.quote
    (key,) = table.primary_key.columns
    names = ", ".join(map(quote, columns))
    wanted = [int(row_id) for row_id in ids]
    found: list[Any] = []
    for start in range(0, len(wanted), AT_ONCE):
        some = ",".join(map(str, wanted[start : start + AT_ONCE]))
        # Names come from our own tables, the rest is integers.
        statement = f"SELECT {names} FROM {quote(table.name)} WHERE {quote(key.name)} IN ({some})"  # noqa: S608
        found += connection.exec_driver_sql(statement).all()
    return found
