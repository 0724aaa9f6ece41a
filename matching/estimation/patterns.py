"""The level of every field of many pairs, as one matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from matching.bulk.scorer import RecordTable
from matching.bulk.sounds import FloatArray, IntArray
from matching.bulk.spoken import BoolArray
from matching.dates.relations import DateRelation

NAME_EDGES = (-6.0, -2.0, 1.0, 4.0, 7.0, 10.0, 13.0, 16.0)
"""Bits between which the agreement of names counts as one level, for estimating only."""
NAME, BIRTH = "name", "date_of_birth"


@dataclass(frozen=True, slots=True)
class Patterns:
    """Levels of pairs.

    Attributes:
        fields: Name of each column and of its levels.
        codes: Level of each pair and field, -1 where a side says nothing; shape (pairs, fields).
    """

    fields: Mapping[str, tuple[str, ...]]
    codes: IntArray

    @property
    def sizes(self) -> list[int]:
        """Number of levels of each field."""
        return [len(levels) for levels in self.fields.values()]

    def columns(self, names: Sequence[str]) -> list[int]:
        """Places of fields by name."""
        order = list(self.fields)
        return [order.index(name) for name in names]


def patterns(table: RecordTable, left: IntArray, right: IntArray) -> Patterns:
    """The levels that pairs of records reach.

    Args:
        table: The records.
        left: Places of the left records, shape (pairs,).
        right: Places of the right ones.
    """
    fields: dict[str, tuple[str, ...]] = {
        NAME: tuple(f"bits_{place}" for place in range(len(NAME_EDGES) + 1)),
        BIRTH: tuple(relation.value for relation in DateRelation),
    }
    bits, _ = table.names.weights(left, right)
    columns = [_name_levels(bits, table.names.known(left, right)), table.births.codes(left, right)]
    for name, field in table.fields.items():
        fields[name] = field.levels
        columns.append(field.codes(left, right))
    return Patterns(fields, np.stack(columns, axis=1))


def _name_levels(bits: FloatArray, known: BoolArray) -> IntArray:
    levels = np.searchsorted(np.array(NAME_EDGES), bits, side="right").astype(np.int64)
    return np.where(known, levels, -1)
