"""What comparing reads of most candidates, as one short line of text a record.

Preparing a name costs more than comparing it: a line holds the written parts of names,
dates of birth, sex and nationality, and hundreds of lines are laid out as columns with a
handful of operations. What a line says follows from the record alone; a store keeps it
beside the record and makes it anew when `VERSION` changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from matching.bulk.sounds import IntArray
from matching.bulk.spoken import Spoken, take_apart
from matching.compare.attributes import codes
from matching.compare.dates import MOST_CLAIMS
from matching.compare.names import MAX_NAMES
from matching.record import KEPT_DATES, Basis, BirthDate, PartialDate, Person, Sex

VERSION = "1"
"""Of what a line says: it changes with its form, and when names are taken apart another way."""
_BETWEEN = "\t"
_CELLS = 6
"""Version, sex, nationalities, births, written parts of names, and what these parts are."""
_ESCAPED = {",": "%2C", _BETWEEN: "%09", "%": "%25"}
"""The percent sign last, for it stands in what stands for the others."""
_SIGNS = str.maketrans(_ESCAPED)
_BASES = {"c": Basis.CLAIMED, "d": Basis.DOCUMENTED, "a": Basis.ASSESSED}
_BASIS_LETTER = {basis: letter for letter, basis in _BASES.items()}


def line_of(record: Person) -> str:
    """The line of a record."""
    births = [claim.date.text + _BASIS_LETTER[claim.basis] for claim in record.births[:MOST_CLAIMS]]
    tokens: list[str] = []
    shape = ""
    for name in record.names[:MAX_NAMES]:
        more, what = take_apart(name)
        tokens += more
        shape += what
    cells = (
        VERSION,
        sex_key(record),
        nationality_key(record),
        " ".join(births),
        " ".join(tokens),
        shape,
    )
    return _BETWEEN.join(cells)


def is_line(text: str) -> bool:
    """Whether a text is a whole line as this version writes it: one that is not spoils others."""
    cells = text.split(_BETWEEN)
    if len(cells) != _CELLS or cells[0] != VERSION:
        return False
    tokens, shape = cells[-2:]
    return len(shape) == (tokens.count(" ") + 1 if tokens else 0)


def sex_key(record: Person) -> str:
    """What of the sex is compared; empty where it says nothing."""
    return "" if record.sex in {Sex.UNKNOWN, Sex.OTHER} else record.sex.value


def nationality_key(record: Person) -> str:
    """What of the nationalities is compared; empty where they say nothing."""
    return ",".join(map(_written, codes(record.nationalities)))


def nationalities_of(key: str) -> tuple[str, ...]:
    """The nationalities that a key stands for."""
    return tuple(map(_read, key.split(","))) if key else ()


def _written(code: str) -> str:
    """A code, which may be any text, without what divides codes and cells."""
    return code if code.isalpha() else code.translate(_SIGNS)


def _read(code: str) -> str:
    for sign, letters in _ESCAPED.items():
        code = code.replace(letters, sign)
    return code


class Lines:
    """Several lines as columns.

    Attributes:
        sexes: `sex_key` of each record.
        nationalities: `nationality_key` of each.
        births: Claims about birth of each.
        names: The names of all, one after the other.
        of_record: Record of each name, shape (names,), rising.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        """Lay out lines.

        Args:
            lines: As `line_of` gives them.
        """
        cells = _BETWEEN.join(lines).split(_BETWEEN) if lines else []
        _, self.sexes, self.nationalities, births, tokens, shapes = (
            cells[place::_CELLS] for place in range(_CELLS)
        )
        self.births = list(map(_births_of, births))
        self.names = Spoken(" ".join(filter(None, tokens)).split(), "".join(shapes))
        ends = np.cumsum([len(shape) for shape in shapes], dtype=np.int64)
        self.of_record: IntArray = np.searchsorted(ends, self.names.first, side="right")

    def __len__(self) -> int:
        return len(self.sexes)


@lru_cache(maxsize=KEPT_DATES)
def _births_of(cell: str) -> tuple[BirthDate, ...]:
    return tuple(BirthDate(PartialDate.parse(text[:-1]), _BASES[text[-1]]) for text in cell.split())
