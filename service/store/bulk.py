"""Insert many rows at once, past what an ORM does for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table
from sqlmodel import Session

Row = tuple[Any, ...]
"""Values in the order of a table's columns, an identity that the database gives left out."""


def insert_rows(session: Session, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows with the driver's own means: executemany on SQLite, COPY on PostgreSQL.

    Args:
        session: The transaction.
        table: Where to.
        rows: Plain values; nothing is converted on the way.
    """
    if not rows:
        return
    columns = [column.name for column in table.columns if column.identity is None][-len(rows[0]) :]
    names = ", ".join(f'"{name}"' for name in columns)
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        cursor = connection.connection.driver_connection.cursor()  # type: ignore[union-attr]  # psycopg's own
        with cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join("?" for _ in columns)
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({names}) VALUES ({marks})",  # noqa: S608 - names of our own tables
        list(rows),
    )
