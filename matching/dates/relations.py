"""How two partial dates relate: the same, a known slip apart, or different."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from matching.record import PartialDate, Precision

PLACEHOLDER_DAYS = frozenset({(1, 1), (7, 1), (12, 31)})
"""Days that stand for an unknown one: 1 January in 14 to 28 % of records of this population."""
ETHIOPIAN_YEARS = frozenset({7, 8})
"""The Ethiopian year runs 7 or 8 behind: a date read as Gregorian comes out too early."""
_CENTURY = 100
_DAYS_PER_YEAR = 365.25
_NEAR_YEARS = 1
_APART_2, _APART_5 = 2.0, 5.0


class DateRelation(StrEnum):
    """How two dates relate; each has bits of its own in the profile."""

    EXACT = "exact"
    SWAPPED = "swapped"
    CALENDAR = "calendar"
    DIGIT = "digit"
    YEAR_SLIP = "year_slip"
    MONTH = "month"
    YEAR = "year"
    PLACEHOLDER = "placeholder"
    NEAR_YEAR = "near_year"
    OVERLAP = "overlap"
    SAME_YEAR_OTHER_DAY = "same_year_other_day"
    APART_2 = "apart_2"
    APART_5 = "apart_5"
    APART = "apart"


@dataclass(frozen=True, slots=True)
class Related:
    """A relation, and for intervals the years that they have in common with their union."""

    relation: DateRelation
    width_years: float = 0.0


def is_placeholder(value: PartialDate) -> bool:
    """Whether a full date is one that officers enter for an unknown day."""
    day = value.earliest
    return value.precision is Precision.DAY and (day.month, day.day) in PLACEHOLDER_DAYS


def relate(left: PartialDate, right: PartialDate) -> Related:
    """How two partial dates relate; symmetric."""
    if left.precision is Precision.DAY and right.precision is Precision.DAY:
        if is_placeholder(left) or is_placeholder(right):
            return _by_year(left.earliest, right.earliest, placeholder=True)
        return Related(_two_days(left.earliest, right.earliest))
    if Precision.RANGE in (left.precision, right.precision):
        return _intervals(left, right)
    if Precision.YEAR in (left.precision, right.precision):
        return _by_year(left.earliest, right.earliest, placeholder=False)
    return _months(left, right)


def _two_days(left: date, right: date) -> DateRelation:
    if left == right:
        return DateRelation.EXACT
    if left.year == right.year:
        return _same_year(left, right)
    years = abs(left.year - right.year)
    if (left.month, left.day) == (right.month, right.day):
        if years in ETHIOPIAN_YEARS:
            return DateRelation.CALENDAR
        if years <= _NEAR_YEARS or years == _CENTURY or _digits_apart(left, right) == 1:
            return DateRelation.YEAR_SLIP
    return _apart(abs((left - right).days) / _DAYS_PER_YEAR)


def _same_year(left: date, right: date) -> DateRelation:
    if (left.month, left.day) == (right.day, right.month):
        return DateRelation.SWAPPED
    if _digits_apart(left, right) == 1:
        return DateRelation.DIGIT
    if left.month == right.month:
        return DateRelation.NEAR_YEAR
    return DateRelation.SAME_YEAR_OTHER_DAY


def _digits_apart(left: date, right: date) -> int:
    one, other = left.strftime("%Y%m%d"), right.strftime("%Y%m%d")
    return sum(a != b for a, b in zip(one, other, strict=True))


def _by_year(left: date, right: date, *, placeholder: bool) -> Related:
    years = abs(left.year - right.year)
    if years == 0:
        return Related(DateRelation.PLACEHOLDER if placeholder else DateRelation.YEAR)
    if years <= _NEAR_YEARS:
        return Related(DateRelation.NEAR_YEAR)
    return Related(_apart(float(years)))


def _months(left: PartialDate, right: PartialDate) -> Related:
    one, other = left.earliest, right.earliest
    if (one.year, one.month) == (other.year, other.month):
        return Related(DateRelation.MONTH)
    return _by_year(one, other, placeholder=False)


def _intervals(left: PartialDate, right: PartialDate) -> Related:
    if left.earliest <= right.latest and right.earliest <= left.latest:
        union = max(left.latest, right.latest) - min(left.earliest, right.earliest)
        return Related(DateRelation.OVERLAP, union.days / _DAYS_PER_YEAR)
    gap = max(left.earliest - right.latest, right.earliest - left.latest)
    years = gap.days / _DAYS_PER_YEAR
    if years <= _NEAR_YEARS:
        return Related(DateRelation.NEAR_YEAR)
    return Related(_apart(years))


def _apart(years: float) -> DateRelation:
    if years <= _APART_2:
        return DateRelation.APART_2
    return DateRelation.APART_5 if years <= _APART_5 else DateRelation.APART
