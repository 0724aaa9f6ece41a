"""Compare many pairs in one field at once, each field by the way that suits its values.

Every table gives the level that each pair of records reaches, and its bits: the same
as the comparison that explains.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from rapidfuzz.distance import OSA
from rapidfuzz.process import cpdist

from matching.bulk.rows import Column, unique_pairs
from matching.bulk.sounds import FloatArray, IntArray, threads_for
from matching.bulk.spoken import BoolArray
from matching.compare.appearance import (
    GROWTH_CM_A_YEAR,
    GROWTH_KG_A_YEAR,
    HEIGHT_TOLERANCE_CM,
    MOST_YEARS,
    WEIGHT_TOLERANCE_KG,
    may_grow,
    seen_on,
)
from matching.compare.events import BEFORE_DAYS, FAR_KM, days
from matching.compare.identifiers import (
    CONFUSED,
    MIN_LENGTH,
    contacts,
    is_number,
    local,
    normal_number,
    numbered,
    same_line,
)
from matching.compare.texts import LEVELS, TextField, numbers_fit
from matching.dates.relations import DAYS_PER_YEAR
from matching.evidence import Evidence
from matching.places.gazetteer import kilometres
from matching.profile import Profile
from matching.record import Document, Event, Person

Compare = Callable[[Person, Person, Profile], Evidence]
Records = Sequence[Person]


NOT_COMPARED = -1
"""The level of a pair in which a side says nothing."""


class LevelTable(ABC):
    """A field whose levels each have bits of their own.

    Attributes:
        levels: Names of the levels, as in the profile.
        bits: Of each level.
    """

    def __init__(self, levels: Sequence[str], bits: Sequence[float]) -> None:
        self.levels = tuple(levels)
        self.bits = np.array(bits, dtype=np.float64)

    @abstractmethod
    def codes(self, left: IntArray, right: IntArray) -> IntArray:
        """Place in `levels` of each pair of records, or `NOT_COMPARED`; shape (pairs,)."""

    def weights(self, left: IntArray, right: IntArray) -> FloatArray:
        """Bits of each pair of records, shape (pairs,)."""
        codes = self.codes(left, right)
        return np.where(codes < 0, 0.0, self.bits[codes])


def _weights_of(profile: Profile, field: str, levels: Sequence[str]) -> list[float]:
    return [profile.weights.get(f"{field}.{level}", 0.0) for level in levels]


@dataclass(frozen=True, slots=True)
class Coded:
    """A field with few distinct values.

    Attributes:
        name: Of the field.
        compare: Its explained comparison.
        key: What a record says in it; something empty where it says nothing.
        said: A record that says in it what a key stands for.
    """

    name: str
    compare: Compare
    key: Callable[[Person], Any]
    said: Callable[[Any], Person]


class CodedTable(LevelTable):
    """Each pair of distinct values is compared once, by the comparison that explains."""

    def __init__(self, keys: Sequence[Any], profile: Profile, field: Coded) -> None:
        """Number the values.

        Args:
            keys: Of each record.
            profile: Bits of the levels.
            field: Whose keys they are.
        """
        super().__init__(LEVELS, _weights_of(profile, field.name, LEVELS))
        self._field, self._profile = field, profile
        numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        self._keys = list(numbers)
        self._codes: IntArray = np.fromiter(map(numbers.__getitem__, keys), np.int64, len(keys))
        self._said = np.array([bool(key) for key in numbers], dtype=bool)

    def codes(self, left: IntArray, right: IntArray) -> IntArray:
        """Levels of pairs of records."""
        found = np.full(len(left), NOT_COMPARED, dtype=np.int64)
        one, other = self._codes[left], self._codes[right]
        said = np.flatnonzero(self._said[one] & self._said[other])
        first, second, place = unique_pairs(one[said], other[said], len(self._keys))
        levels = [self._level(a, b) for a, b in zip(first.tolist(), second.tolist(), strict=True)]
        found[said] = np.array(levels, dtype=np.int64)[place]
        return found

    def _level(self, one: int, other: int) -> int:
        both = self._field.said(self._keys[one]), self._field.said(self._keys[other])
        outcome = self._field.compare(*both, self._profile).outcome
        return self.levels.index(outcome.value)


class TextTable(LevelTable):
    """Fields of free text, compared by rapidfuzz over arrays."""

    def __init__(self, records: Records, profile: Profile, field: TextField) -> None:
        super().__init__(LEVELS, _weights_of(profile, field.name, LEVELS))
        self._field = field
        self._column: Column[str] = Column([field.said(record) for record in records])
        self._normal = [field.normal(value) for value in self._column.values]
        self._special = np.array([field.is_special(v) for v in self._column.values], dtype=bool)

    def codes(self, left: IntArray, right: IntArray) -> IntArray:
        """Levels of pairs of records."""
        pair, one, other = self._column.combinations(left, right)
        first, second, place = unique_pairs(one, other, max(len(self._normal), 1))
        best = np.full(len(left), NOT_COMPARED, dtype=np.int64)
        np.maximum.at(best, pair, self._levels(first, second)[place])
        return best

    def _levels(self, one: IntArray, other: IntArray) -> IntArray:
        field = self._field
        if len(one) == 0:
            return np.zeros(0, dtype=np.int64)
        alike = cpdist(
            [self._normal[number] for number in one.tolist()],
            [self._normal[number] for number in other.tolist()],
            scorer=field.scorer,
            dtype=np.float64,
            workers=threads_for(len(one)),
        )
        levels = (alike >= field.close).astype(np.int64) + (alike >= field.agree)
        if field.numbers:
            for place in np.flatnonzero(levels == 2).tolist():  # noqa: PLR2004 - the best level
                texts = self._column.values
                levels[place] = 2 if numbers_fit(texts[one[place]], texts[other[place]]) else 1
        may = (levels == 0) & self._special[one] & self._special[other]
        for place in np.flatnonzero(may).tolist():
            texts = self._column.values
            levels[place] = field.special(texts[one[place]], texts[other[place]])
        return levels


class ContactTable(LevelTable):
    """Telephone numbers and e-mail addresses: bits only where both have one in common."""

    def __init__(self, records: Records, profile: Profile, kind: str) -> None:
        levels = ("other", "close", "agree")
        super().__init__(levels, _weights_of(profile, kind, levels))
        found = [sorted(contacts(record, kind)) for record in records]
        self._said = found
        self._whole: Column[str] = Column(found)
        self._local: Column[str] = Column(
            [
                sorted({local(v) for v in values} - {""}) if kind == "phone" else ()
                for values in found
            ]
        )

    def codes(self, left: IntArray, right: IntArray) -> IntArray:
        """Levels of pairs of records."""
        both = (self._whole.counts[left] > 0) & (self._whole.counts[right] > 0)
        found = np.where(both, 0, NOT_COMPARED)
        pair, one, other = self._local.combinations(left, right)
        for place in np.unique(pair[one == other]).tolist():
            if same_line(self._said[left[place]], self._said[right[place]]):
                found[place] = 1
        pair, one, other = self._whole.combinations(left, right)
        found[pair[one == other]] = 2
        return found


class DocumentTable(LevelTable):
    """Document numbers: the same, a slip apart, or two of one series."""

    def __init__(self, records: Records, profile: Profile) -> None:
        levels = ("other_kind", *LEVELS)
        super().__init__(levels, _weights_of(profile, "document", levels))
        self._column: Column[Document] = Column([numbered(record) for record in records])
        documents = self._column.values
        self._number = [normal_number(item.number) for item in documents]
        self._length = np.array([len(number) for number in self._number], dtype=np.int64)
        self._code = _codes(self._number)
        self._is_number = np.array([is_number(number) for number in self._number], dtype=bool)
        self._read = _codes([number.translate(CONFUSED) for number in self._number])
        self._series = _codes([(item.kind, item.country) for item in documents])
        self._kinds = _codes([item.kind for item in documents])
        self._kind = np.array([bool(item.kind) for item in documents], dtype=bool)

    def codes(self, left: IntArray, right: IntArray) -> IntArray:
        """Levels of pairs of records."""
        pair, one, other = self._column.combinations(left, right)
        series = (self._series[one] == self._series[other]) & self._kind[one]
        levels = series.astype(np.int64)
        long = np.minimum(self._length[one], self._length[other]) > MIN_LENGTH
        levels[long & (self._read[one] == self._read[other])] = 2
        kinds = self._kinds
        other_kind = self._kind[one] & self._kind[other] & (kinds[one] != kinds[other])
        levels[other_kind & (levels == 2)] = 0  # noqa: PLR2004 - the level of a slip
        long &= ~other_kind
        unlike = np.flatnonzero(long & (levels < 2) & self._near(one, other))  # noqa: PLR2004 - the level of a slip
        levels[unlike[self._slips(one[unlike], other[unlike])]] = 2
        same = (self._code[one] == self._code[other]) & self._is_number[one]
        levels[same] = 3
        best = np.full(len(left), NOT_COMPARED, dtype=np.int64)
        np.maximum.at(best, pair, levels)
        return best

    def _near(self, one: IntArray, other: IntArray) -> BoolArray:
        near: BoolArray = abs(self._length[one] - self._length[other]) <= 1
        return near

    def _slips(self, one: IntArray, other: IntArray) -> BoolArray:
        if len(one) == 0:
            return np.zeros(0, dtype=bool)
        distance = cpdist(
            [self._number[number] for number in one.tolist()],
            [self._number[number] for number in other.tolist()],
            scorer=OSA.distance,
            dtype=np.int64,
            workers=threads_for(len(one)),
        )
        slips: BoolArray = distance == 1
        return slips


def _codes(values: Sequence[Hashable]) -> IntArray:
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(v, len(numbers)) for v in values], dtype=np.int64)


class RangeTable(LevelTable):
    """Height or weight as ranges that growth may move apart."""

    def __init__(self, records: Records, profile: Profile, field: str) -> None:
        levels = ("disagree", "agree")
        super().__init__(levels, _weights_of(profile, field, levels))
        is_height = field == "height"
        ranges = [
            record.description.height_cm if is_height else record.description.weight_kg
            for record in records
        ]
        self._said = np.array([found is not None for found in ranges], dtype=bool)
        self._low = np.array([found[0] if found else 0 for found in ranges], dtype=np.float64)
        self._high = np.array([found[1] if found else 0 for found in ranges], dtype=np.float64)
        seen = [seen_on(record) for record in records]
        self._day = np.array([day.toordinal() if day else 0 for day in seen], dtype=np.float64)
        self._grows = np.array([may_grow(record) for record in records], dtype=bool)
        self._grows &= self._day > 0
        self._tolerance = HEIGHT_TOLERANCE_CM if is_height else WEIGHT_TOLERANCE_KG
        self._a_year = GROWTH_CM_A_YEAR if is_height else GROWTH_KG_A_YEAR

    def codes(self, left: IntArray, right: IntArray) -> IntArray:
        """Levels of pairs of records."""
        grow = self._grows[left] & self._grows[right]
        years = np.where(grow, (self._day[right] - self._day[left]) / DAYS_PER_YEAR, 0.0)
        years = np.clip(years, -MOST_YEARS, MOST_YEARS)
        left_more = self._low[left] - self._high[right] - np.maximum(0.0, -years) * self._a_year
        right_more = self._low[right] - self._high[left] - np.maximum(0.0, years) * self._a_year
        agree = np.maximum(left_more, right_more) - self._tolerance <= 0
        return np.where(self._said[left] & self._said[right], agree.astype(np.int64), NOT_COMPARED)


class EventTable(LevelTable):
    """Whether encounters fit disappearances, and nobody is at two places on one day."""

    def __init__(self, records: Records, profile: Profile) -> None:
        levels = ("impossible", "possible", "two_places")
        super().__init__(levels, _weights_of(profile, "events", levels))
        events = [record.events for record in records]
        self._lost = np.array([_first_day(found, "disappearance") for found in events])
        self._met = np.array([_last_day(found, "encounter") for found in events])
        self._days: Column[tuple[date, str]] = Column([tuple(days(found)) for found in events])
        self._day = np.array([day.toordinal() for day, _ in self._days.values], dtype=np.int64)
        self._country = [country for _, country in self._days.values]

    def codes(self, left: IntArray, right: IntArray) -> IntArray:
        """Levels of pairs of records."""
        gap = np.minimum(self._lost[left] - self._met[right], self._lost[right] - self._met[left])
        found: IntArray = (gap <= BEFORE_DAYS).astype(np.int64)
        found[np.isposinf(gap)] = NOT_COMPARED
        pair, one, other = self._days.combinations(left, right)
        for place in np.flatnonzero(self._day[one] == self._day[other]).tolist():
            countries = self._country[one[place]], self._country[other[place]]
            if kilometres(*countries) > FAR_KM:
                found[pair[place]] = 2
        return found


def _first_day(events: Sequence[Event], kind: str) -> float:
    found = (e.date.earliest.toordinal() for e in events if e.kind == kind and e.date)
    return min(found, default=np.inf)


def _last_day(events: Sequence[Event], kind: str) -> float:
    found = (e.date.latest.toordinal() for e in events if e.kind == kind and e.date)
    return max(found, default=-np.inf)
