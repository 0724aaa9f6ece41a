"""Ask for rows by thousands of values in one statement that the store plans once."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, Column, ColumnElement, any_, func, literal
from sqlmodel import Session

from service.json_writing import compact_json


def among(session: Session, column: Column[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """That a column of whole numbers or texts has one of the values.

    An IN list has a variable a value, and making the statement costs more than finding the
    rows; here all values are one: JSON for SQLite, an array for PostgreSQL.

    Args:
        session: The transaction.
        column: Which the store has an index on.
        values: Of the column's own type.
    """
    if session.get_bind().dialect.name == "sqlite":
        found = func.json_each(compact_json(list(values))).table_valued("value")
        return column.in_(found.select())
    return column == any_(literal(list(values), ARRAY(column.type)))
