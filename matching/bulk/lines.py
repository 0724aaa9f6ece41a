"""What comparing reads of most candidates, as one short line of text a record.

Preparing a name costs more than comparing it: a line holds the written parts of names,
dates of birth, sex and nationality, and hundreds of lines are laid out as columns with a
handful of operations. What a line says follows from the record alone; a store keeps it
beside the record and makes it anew when `VERSION` changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from matching.bulk.lexicon import Lexicon
from matching.bulk.rows import Column
from matching.bulk.sounds import IntArray
from matching.bulk.spoken import Spoken, can_be_laid_out, shape_codes, take_apart
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
    _, sex, _, births, tokens, shape = cells
    return (
        sex in _SEX_KEYS
        and can_be_laid_out(shape)
        and len(shape) == (tokens.count(" ") + 1 if tokens else 0)
        and _can_be_read(births)
    )


def _can_be_read(births: str) -> bool:
    try:
        births_of(births)
    except (ValueError, KeyError):
        return False
    return True


_SEX_KEYS = frozenset({"", *Sex})


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


@dataclass(frozen=True, slots=True)
class Lines:
    """Several lines as columns.

    Attributes:
        sexes: `sex_key` of each record.
        nationalities: `nationality_key` of each.
        births: Claims about birth of each.
        names: The names of all, one after the other.
        of_record: Record of each name, shape (names,), rising.
    """

    sexes: Sequence[str]
    nationalities: Sequence[str]
    births: Column[BirthDate]
    names: Spoken
    of_record: IntArray

    @classmethod
    def read(cls, lines: Sequence[str]) -> Lines:
        """Lay out lines as `line_of` gives them."""
        cells = Cells.of(lines)
        lexicon = Lexicon()
        names = Spoken(lexicon, lexicon.numbers(cells.tokens), shape_codes(cells.shape))
        births = Column(map(births_of, cells.births))
        return cls(
            cells.sexes, cells.nationalities, births, names, records_of(cells.written, names)
        )

    def __len__(self) -> int:
        return len(self.sexes)


class Cells(NamedTuple):
    """What stands in lines, cell by cell.

    Attributes:
        sexes: Of each record.
        nationalities: Of each.
        births: Of each.
        tokens: Written parts of all names, one after the other.
        shape: What each of them is, a character each.
        written: How many parts each record has, shape (records,).
    """

    sexes: list[str]
    nationalities: list[str]
    births: list[str]
    tokens: list[str]
    shape: str
    written: IntArray

    @classmethod
    def of(cls, lines: Sequence[str]) -> Cells:
        """Take lines apart."""
        cells = _BETWEEN.join(lines).split(_BETWEEN) if lines else []
        _, sexes, nationalities, births, tokens, shapes = (
            cells[place::_CELLS] for place in range(_CELLS)
        )
        written = np.fromiter(map(len, shapes), np.int64, len(shapes))
        parts = " ".join(filter(None, tokens)).split()
        return cls(sexes, nationalities, births, parts, "".join(shapes), written)


def records_of(written: IntArray, names: Spoken) -> IntArray:
    """Which record each name belongs to, where each record has so many written parts."""
    found: IntArray = np.searchsorted(np.cumsum(written), names.first, side="right")
    return found


@lru_cache(maxsize=KEPT_DATES)
def births_of(cell: str) -> tuple[BirthDate, ...]:
    """The claims that stand in a cell."""
    return tuple(BirthDate(PartialDate.parse(text[:-1]), _BASES[text[-1]]) for text in cell.split())
