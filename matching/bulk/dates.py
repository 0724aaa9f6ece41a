"""Compare many pairs of dates of birth at once: `relate` and its bits over arrays."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from matching.bulk.rows import Column
from matching.bulk.sounds import FloatArray, IntArray
from matching.bulk.spoken import BoolArray
from matching.dates.relations import (
    APART_2_YEARS,
    APART_5_YEARS,
    CENTURY,
    DAYS_PER_YEAR,
    ETHIOPIAN_YEARS,
    NEAR_DAYS,
    NEAR_YEARS,
    OBSERVED_DAYS,
    SOLAR_HIJRI_YEARS,
    DateRelation,
    is_placeholder,
    readings,
)
from matching.profile import Profile
from matching.record import KEPT_DATES, Basis, BirthDate, Precision

_RELATIONS = list(DateRelation)
_CODE = {relation: number for number, relation in enumerate(_RELATIONS)}
_PRECISIONS = {precision: number for number, precision in enumerate(Precision)}
_DAY, _YEAR = _PRECISIONS[Precision.DAY], _PRECISIONS[Precision.YEAR]
_RANGE = _PRECISIONS[Precision.RANGE]
_FACTS = 11
"""Columns of a claim."""
_DIGITS = 10 ** np.arange(7, -1, -1)
_ETHIOPIAN, _SOLAR = np.array(sorted(ETHIOPIAN_YEARS)), np.array(sorted(SOLAR_HIJRI_YEARS))


class BirthTable:
    """Claims about birth as columns, one row a distinct claim."""

    def __init__(self, births: Column[BirthDate], profile: Profile) -> None:
        """Lay out claims.

        Args:
            births: Of each record, `MOST_CLAIMS` at most.
            profile: Bits of the relations between two dates.
        """
        self._profile = profile
        self.column = births
        facts = np.array([_facts_of(claim) for claim in self.column.values], dtype=np.int64)
        columns = facts.reshape(-1, _FACTS).T
        self.precision, self.earliest, self.latest, self.year, self.month, self.day = columns[:6]
        self.placeholder, self.assessed = columns[6:8].astype(bool)
        self.readings = columns[8:].T
        numbers = self.year * 10_000 + self.month * 100 + self.day
        self.digits = numbers[:, None] // _DIGITS % 10
        self._bits = np.array([profile.dates.get(r.value, 0.0) for r in _RELATIONS])

    def weights(self, left: IntArray, right: IntArray) -> FloatArray:
        """Bits of pairs of records, shape (pairs,); 0 where a side has no claim."""
        pair, one, other = self.column.combinations(left, right)
        found = np.full(len(left), -np.inf)
        np.maximum.at(found, pair, self._claims(one, other))
        return np.where(np.isneginf(found), 0.0, found)

    def codes(self, left: IntArray, right: IntArray) -> IntArray:
        """Place in `DateRelation` of the claims that decide, -1 where a side has none."""
        pair, one, other = self.column.combinations(left, right)
        order = np.lexsort((self._claims(one, other), pair))
        best = order[np.flatnonzero(np.diff(pair[order], append=-1))]
        found = np.full(len(left), -1, dtype=np.int64)
        found[pair[best]] = self.relations(one[best], other[best])
        return found

    def _claims(self, one: IntArray, other: IntArray) -> FloatArray:
        codes = self.relations(one, other)
        bits = self._bits[codes]
        overlap = codes == _CODE[DateRelation.OVERLAP]
        a, b = one[overlap], other[overlap]
        union = np.maximum(self.latest[a], self.latest[b]) - np.minimum(
            self.earliest[a], self.earliest[b]
        )
        dates = self._profile.dates
        wide = dates["overlap_day"] - np.log2(1.0 + union / DAYS_PER_YEAR)
        bits[overlap] = np.maximum(wide, 0.0)
        assessed = self.assessed[one] | self.assessed[other]
        floored: FloatArray = np.where(assessed, np.maximum(bits, dates["assessed_floor"]), bits)
        return floored

    def relations(self, one: IntArray, other: IntArray) -> IntArray:
        """Place of each pair of claims in `DateRelation`."""
        a, b = self.precision[one], self.precision[other]
        days = (a == _DAY) & (b == _DAY)
        ranges = ~days & ((a == _RANGE) | (b == _RANGE))
        years = ~days & ~ranges & ((a == _YEAR) | (b == _YEAR))
        placeholder = ~ranges & ~years & (self.placeholder[one] | self.placeholder[other])
        months = ~days & ~ranges & ~years & ~placeholder
        found = np.zeros(len(one), dtype=np.int64)
        for where, relate in (
            (days & ~placeholder, self._two_days),
            (placeholder, self._placeholders),
            (ranges, self._intervals),
            (years, self._years),
            (months, self._months),
        ):
            places = np.flatnonzero(where)
            if len(places):
                found[places] = relate(one[places], other[places])
        return found

    def _two_days(self, one: IntArray, other: IntArray) -> IntArray:
        days = abs(self.earliest[one] - self.earliest[other])
        years = abs(self.year[one] - self.year[other])
        same_month = self.month[one] == self.month[other]
        same_day = same_month & (self.day[one] == self.day[other])
        crossed = (self.month[one] == self.day[other]) & (self.day[one] == self.month[other])
        slip = self._slips(one, other)
        copied = self._copied(one, other) | self._copied(other, one)
        near = (years <= NEAR_YEARS) | (years == CENTURY) | slip
        return _first(
            (days == 0, DateRelation.EXACT),
            (days == 1, DateRelation.DIGIT),
            ((years == 0) & crossed, DateRelation.SWAPPED),
            ((years == 0) & slip, DateRelation.DIGIT),
            ((years == 0) & same_month, DateRelation.NEAR_YEAR),
            (years == 0, DateRelation.SAME_YEAR_OTHER_DAY),
            (copied, DateRelation.CALENDAR),
            (same_day & np.isin(years, _ETHIOPIAN), DateRelation.CALENDAR_YEARS),
            (same_day & near, DateRelation.YEAR_SLIP),
            (days <= NEAR_DAYS, DateRelation.NEAR_YEAR),
            *_apart(days / DAYS_PER_YEAR),
        )

    def _slips(self, one: IntArray, other: IntArray) -> BoolArray:
        a, b = self.digits[one], self.digits[other]
        differ = a != b
        count = differ.sum(axis=1)
        crossed = differ[:, :-1] & differ[:, 1:] & (a[:, :-1] == b[:, 1:]) & (a[:, 1:] == b[:, :-1])
        slips: BoolArray = (count == 1) | ((count == 2) & crossed.any(axis=1))  # noqa: PLR2004 - both exchanged digits
        return slips

    def _copied(self, copy: IntArray, day: IntArray) -> BoolArray:
        found = self.readings[copy] - self.earliest[day][:, None]
        copied: BoolArray = (
            (found[:, 0] == 0) | (found[:, 1] == 0) | (abs(found[:, 2]) <= OBSERVED_DAYS)
        )
        return copied

    def _placeholders(self, one: IntArray, other: IntArray) -> IntArray:
        return self._by_year(one, other, DateRelation.PLACEHOLDER)

    def _years(self, one: IntArray, other: IntArray) -> IntArray:
        return self._by_year(one, other, DateRelation.YEAR)

    def _by_year(self, one: IntArray, other: IntArray, same: DateRelation) -> IntArray:
        years = abs(self.year[one] - self.year[other])
        return _first(
            ((years == 0) | np.isin(years, _SOLAR), same),
            (years <= NEAR_YEARS, DateRelation.NEAR_YEAR),
            (np.isin(years, _ETHIOPIAN), DateRelation.CALENDAR_YEAR),
            *_apart(years.astype(float)),
        )

    def _months(self, one: IntArray, other: IntArray) -> IntArray:
        same_year = self.year[one] == self.year[other]
        same = same_year & (self.month[one] == self.month[other])
        other_month = np.where(
            same_year, _CODE[DateRelation.SAME_YEAR_OTHER_DAY], self._years(one, other)
        )
        months: IntArray = np.where(same, _CODE[DateRelation.MONTH], other_month)
        return months

    def _intervals(self, one: IntArray, other: IntArray) -> IntArray:
        gap = np.maximum(
            self.earliest[one] - self.latest[other], self.earliest[other] - self.latest[one]
        )
        years = gap / DAYS_PER_YEAR
        return _first(
            (gap <= 0, DateRelation.OVERLAP),
            (years <= NEAR_YEARS, DateRelation.NEAR_YEAR),
            *_apart(years),
        )


@lru_cache(maxsize=KEPT_DATES)
def _facts_of(claim: BirthDate) -> tuple[int, ...]:
    """Precision, first and last day, year, month, day, placeholder, assessed, readings."""
    born, day = claim.date, claim.date.earliest
    return (
        _PRECISIONS[born.precision],
        day.toordinal(),
        born.latest.toordinal(),
        day.year,
        day.month,
        day.day,
        is_placeholder(born),
        claim.basis is Basis.ASSESSED,
        *readings(day),
    )


def _apart(years: FloatArray) -> tuple[tuple[BoolArray, DateRelation], ...]:
    return (
        (years <= APART_2_YEARS, DateRelation.APART_2),
        (years <= APART_5_YEARS, DateRelation.APART_5),
        (np.ones(len(years), dtype=bool), DateRelation.APART),
    )


def _first(*cases: tuple[BoolArray, DateRelation]) -> IntArray:
    """The code of the first condition that holds."""
    found: IntArray = np.select(
        [condition for condition, _ in cases], [_CODE[relation] for _, relation in cases]
    ).astype(np.int64)
    return found
