"""Columns that are added to: room is made for more than is asked, so that it is made seldom."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Kind = TypeVar("Kind", bound=np.generic)


def with_room(column: NDArray[Kind], least: int) -> NDArray[Kind]:
    """A column with so many rows at least: itself, or a larger one with zeros behind its own.

    Args:
        column: Shape (rows, ...).
        least: Rows asked for.
    """
    if least <= len(column):
        return column
    room = np.zeros((least + least // 8, *column.shape[1:]), dtype=column.dtype)
    room[: len(column)] = column
    return room


class Growing:
    """A column that is added to at its end.

    Attributes:
        end: Rows that are taken.
    """

    def __init__(self, kind: Any) -> None:
        self._values: NDArray[Any] = np.zeros(0, dtype=kind)
        self.end = 0

    def add(self, values: NDArray[Any]) -> None:
        """Put rows behind the others."""
        end = self.end + len(values)
        self._values = with_room(self._values, end)
        self._values[self.end : end] = values
        self.end = end

    def keep(self, places: NDArray[np.int64]) -> None:
        """Give up all rows but these."""
        self._values = self._values[places]
        self.end = len(places)

    def at(self, places: NDArray[np.int64]) -> NDArray[Any]:
        """Some rows."""
        return self._values[places]
