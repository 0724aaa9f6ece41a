"""Several values a record as one flat column, and all combinations of two records' values."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Generic, TypeVar

import numpy as np

from matching.bulk.sounds import IntArray, within

T = TypeVar("T", bound=Hashable)


class Column(Generic[T]):
    """Distinct values by number, and which numbers each record has, in order."""

    def __init__(self, values: Iterable[Sequence[T]]) -> None:
        numbers: dict[T, int] = {}
        flat: list[int] = []
        first = [0]
        for of_record in values:
            flat.extend(numbers.setdefault(value, len(numbers)) for value in of_record)
            first.append(len(flat))
        self.values: list[T] = list(numbers)
        self.flat: IntArray = np.asarray(flat, dtype=np.int64)
        self.first: IntArray = np.asarray(first, dtype=np.int64)
        self.counts: IntArray = np.diff(self.first)

    @classmethod
    def of(cls, values: list[T], flat: IntArray, counts: IntArray) -> Column[T]:
        """A column whose values are numbered already.

        Args:
            values: By number.
            flat: Numbers of all records in order.
            counts: How many each record has, shape (records,).
        """
        column = cls(())
        column.values, column.flat, column.counts = values, flat, counts
        column.first = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)])
        return column

    def behind(self, values: Sequence[T]) -> Column[T]:
        """The same records behind one that has these values."""
        own = np.arange(len(values)) + len(self.values)
        return Column.of(
            [*self.values, *values],
            np.concatenate([own, self.flat]),
            np.concatenate([np.array([len(values)], dtype=np.int64), self.counts]),
        )

    def combinations(self, left: IntArray, right: IntArray) -> tuple[IntArray, IntArray, IntArray]:
        """Every value of the left record of a pair with every value of the right one.

        Args:
            left: Records, shape (pairs,).
            right: Records, shape (pairs,).

        Returns:
            Place of the pair, number of the left and of the right value; by rising place.
        """
        counts, others = self.counts[left], self.counts[right]
        sizes = counts * others
        pair = np.repeat(np.arange(len(left)), sizes)
        one, other = np.divmod(within(sizes), np.maximum(others[pair], 1))
        return (
            pair,
            self.flat[self.first[left[pair]] + one],
            self.flat[self.first[right[pair]] + other],
        )


def unique_pairs(left: IntArray, right: IntArray, size: int) -> tuple[IntArray, IntArray, IntArray]:
    """Distinct pairs of numbers below `size`, and the place of each given pair among them."""
    codes, inverse = np.unique(left * size + right, return_inverse=True)
    one, other = np.divmod(codes, size)
    return one, other, inverse
