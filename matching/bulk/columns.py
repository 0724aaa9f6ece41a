"""The lines of a whole collection as columns, for who keeps them in memory.

Some 30 bytes a record, and the parts of names once for all. What is written anew of a record
goes behind the others; what it held before is given up when there is much of it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.bulk.growing import Growing, with_room
from matching.bulk.lexicon import Lexicon
from matching.bulk.lines import Cells, Lines, births_of, records_of
from matching.bulk.rows import Column
from matching.bulk.sounds import IntArray, within
from matching.bulk.spoken import Spoken, shape_codes
from matching.record import BirthDate, Sex

_RECORD = np.dtype(
    [
        ("held", "?"),
        ("sex", "u1"),
        ("nationalities", "<u4"),
        ("part", "<u4"),
        ("parts", "<u2"),
        ("birth", "<u4"),
        ("births", "u1"),
    ]
)
"""Of a record: whether it is held, numbers of its keys, where its parts and claims stand and how
many they are."""

_SPARE = 100_000
"""Places of parts that may stay unused beside as many as are used: half a megabyte."""
_AT_ONCE = 100
"""Parts worked out while others wait, some milliseconds."""


class LineColumns:
    """Lines by record number; numbers are small, and most of them are taken."""

    def __init__(self) -> None:
        self._lexicon = Lexicon(lasting=True)
        # The sexes first: their numbers are small.
        self._keys: list[str] = ["", *Sex]
        self._key_numbers = {key: number for number, key in enumerate(self._keys)}
        self._claims: list[BirthDate] = []
        self._cells: dict[str, range] = {}
        self._records: NDArray[np.void] = np.zeros(0, dtype=_RECORD)
        self._parts = Growing(np.uint32)
        self._codes = Growing(np.uint8)
        self._births = Growing(np.uint32)
        self._live = 0
        """Written parts of the records held."""

    def put(self, numbers: Sequence[int], lines: Sequence[str]) -> None:
        """Hold lines of records, in place of what was held of them.

        Args:
            numbers: Of the records, each once.
            lines: As `line_of` gives them.
        """
        if not numbers:
            return
        cells = Cells.of(lines)
        claims = [self._claims_in(cell) for cell in cells.births]
        records = np.zeros(len(lines), dtype=_RECORD)
        records["held"] = True
        records["sex"] = self._keys_of(cells.sexes)
        records["nationalities"] = self._keys_of(cells.nationalities)
        records["parts"] = cells.written
        records["births"] = [len(found) for found in claims]
        records["part"] = self._parts.end + _starts(records["parts"])
        records["birth"] = self._births.end + _starts(records["births"])
        self._parts.add(self._lexicon.numbers(cells.tokens))
        self._codes.add(shape_codes(cells.shape))
        self._births.add(np.array([n for found in claims for n in found], dtype=np.uint32))
        self._records = with_room(self._records, max(numbers) + 1)
        self.forget(numbers)
        self._records[np.asarray(numbers)] = records
        self._live += int(cells.written.sum())
        if self._parts.end > 2 * self._live + _SPARE:
            self._write_together()

    def forget(self, numbers: Collection[int]) -> None:
        """Hold no line of records any more; unknown numbers are no error."""
        known = [number for number in numbers if number < len(self._records)]
        held = [number for number in known if self._records["held"][number]]
        self._live -= int(self._records["parts"][held].sum())
        self._records["held"][held] = False

    def _write_together(self) -> None:
        """Give up the places of what is not held any more."""
        held = np.flatnonzero(self._records["held"])
        records = self._records[held]
        for start, count, columns in (
            ("part", "parts", (self._parts, self._codes)),
            ("birth", "births", (self._births,)),
        ):
            counts = records[count].astype(np.int64)
            places = _places(records[start], counts)
            for column in columns:
                column.keep(places)
            records[start] = _starts(counts)
        self._records[held] = records

    def work_out_parts(self) -> None:
        """Have all parts of names ready; others may ask meanwhile."""
        for start in range(0, len(self._lexicon), _AT_ONCE):
            numbers = np.arange(start, min(start + _AT_ONCE, len(self._lexicon)))
            self._lexicon.work_out(numbers)

    def rows(self, numbers: Collection[int]) -> Lines | None:
        """The lines of records in the order given; None if one of them is not held."""
        wanted = np.fromiter(numbers, np.int64, len(numbers))
        if not len(wanted) or int(wanted.max()) >= len(self._records):
            return None
        records = self._records[wanted]
        if not records["held"].all():
            return None
        written = records["parts"].astype(np.int64)
        parts = _places(records["part"], written)
        names = Spoken(self._lexicon, self._parts.at(parts).astype(np.int64), self._codes.at(parts))
        keys = self._keys
        return Lines(
            [keys[number] for number in records["sex"].tolist()],
            [keys[number] for number in records["nationalities"].tolist()],
            self._births_of(records),
            names,
            records_of(written, names),
        )

    def _births_of(self, records: NDArray[np.void]) -> Column[BirthDate]:
        counts = records["births"].astype(np.int64)
        found = self._births.at(_places(records["birth"], counts))
        distinct, flat = np.unique(found, return_inverse=True)
        return Column.of([self._claims[number] for number in distinct.tolist()], flat, counts)

    def _claims_in(self, cell: str) -> range:
        """Numbers of the claims that stand in a cell."""
        found = self._cells.get(cell)
        if found is None:
            start = len(self._claims)
            self._claims.extend(births_of(cell))
            found = self._cells[cell] = range(start, len(self._claims))
        return found

    def _keys_of(self, keys: Sequence[str]) -> IntArray:
        for key in keys:
            if key not in self._key_numbers:
                self._key_numbers[key] = len(self._keys)
                self._keys.append(key)
        return np.fromiter(map(self._key_numbers.__getitem__, keys), np.int64, len(keys))


def _starts(counts: NDArray[Any]) -> IntArray:
    found: IntArray = np.cumsum(counts, dtype=np.int64) - counts
    return found


def _places(starts: NDArray[Any], counts: IntArray) -> IntArray:
    """Places of so many items from each start."""
    found: IntArray = np.repeat(starts.astype(np.int64), counts) + within(counts)
    return found
