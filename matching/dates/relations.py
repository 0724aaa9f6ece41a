"""How two partial dates relate: the same, a known slip apart, or different."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from matching.dates.calendars import ethiopian_day, islamic_day, solar_hijri_day
from matching.record import PartialDate, Precision

PLACEHOLDER_DAYS = frozenset({(1, 1), (7, 1), (12, 31)})
"""Days that stand for an unknown one: 1 January in 14 to 28 % of records of this population."""
OBSERVED_DAYS = 1
"""The observed Islamic month begins up to a day beside the tabular one."""
ETHIOPIAN_YEARS = frozenset({7, 8})
"""The Ethiopian year runs 7 or 8 behind: a date read as Gregorian comes out too early."""
SOLAR_HIJRI_YEARS = frozenset({621, 622})
"""A year of the Solar Hijri calendar written down as it was said."""
CENTURY = 100
DAYS_PER_YEAR = 365.25
NEAR_YEARS = 1
NEAR_DAYS = 31
"""Days of neighbouring years that are as near as days of one month."""
APART_2_YEARS, APART_5_YEARS = 2.0, 5.0


class DateRelation(StrEnum):
    """How two dates relate; each has bits of its own in the profile."""

    EXACT = "exact"
    SWAPPED = "swapped"
    CALENDAR = "calendar"
    CALENDAR_YEARS = "calendar_years"
    DIGIT = "digit"
    YEAR_SLIP = "year_slip"
    MONTH = "month"
    YEAR = "year"
    PLACEHOLDER = "placeholder"
    NEAR_YEAR = "near_year"
    CALENDAR_YEAR = "calendar_year"
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
    if is_placeholder(left) or is_placeholder(right):
        return _by_year(left.earliest, right.earliest, placeholder=True)
    return _months(left, right)


def _two_days(left: date, right: date) -> DateRelation:
    if left == right:
        return DateRelation.EXACT
    days = abs((left - right).days)
    if days == 1:
        return DateRelation.DIGIT
    if left.year == right.year:
        return _same_year(left, right)
    return _other_year(left, right, days)


def _other_year(left: date, right: date, days: int) -> DateRelation:
    if _copied(left, right) or _copied(right, left):
        return DateRelation.CALENDAR
    years = abs(left.year - right.year)
    if (left.month, left.day) == (right.month, right.day):
        if years in ETHIOPIAN_YEARS:
            return DateRelation.CALENDAR_YEARS
        if years <= NEAR_YEARS or years == CENTURY or is_slip(left, right):
            return DateRelation.YEAR_SLIP
    if days <= NEAR_DAYS:
        return DateRelation.NEAR_YEAR
    return _apart(days / DAYS_PER_YEAR)


def _same_year(left: date, right: date) -> DateRelation:
    if (left.month, left.day) == (right.day, right.month):
        return DateRelation.SWAPPED
    if is_slip(left, right):
        return DateRelation.DIGIT
    if left.month == right.month:
        return DateRelation.NEAR_YEAR
    return DateRelation.SAME_YEAR_OTHER_DAY


def readings(day: date) -> tuple[int, int, int]:
    """Ordinals of the day that the same numbers name in the other calendars; 0 for none."""
    numbers = (day.year, day.month, day.day)
    return ethiopian_day(*numbers), solar_hijri_day(*numbers), islamic_day(*numbers)


def _copied(copy: date, day: date) -> bool:
    ethiopian, solar, islamic = readings(copy)
    found = day.toordinal()
    return found in {ethiopian, solar} or abs(islamic - found) <= OBSERVED_DAYS


def is_slip(left: date, right: date) -> bool:
    """Whether one digit differs, or two neighbours are exchanged."""
    one, other = _digits(left), _digits(right)
    places = [place for place in range(len(one)) if one[place] != other[place]]
    if len(places) != 2:  # noqa: PLR2004 - the two that would be exchanged
        return len(places) == 1
    first, second = places
    return second == first + 1 and (one[first], one[second]) == (other[second], other[first])


def _digits(day: date) -> str:
    return f"{day.year:04}{day.month:02}{day.day:02}"


def _by_year(left: date, right: date, *, placeholder: bool) -> Related:
    years = abs(left.year - right.year)
    if years == 0 or years in SOLAR_HIJRI_YEARS:
        return Related(DateRelation.PLACEHOLDER if placeholder else DateRelation.YEAR)
    if years <= NEAR_YEARS:
        return Related(DateRelation.NEAR_YEAR)
    if years in ETHIOPIAN_YEARS:
        return Related(DateRelation.CALENDAR_YEAR)
    return Related(_apart(float(years)))


def _months(left: PartialDate, right: PartialDate) -> Related:
    one, other = left.earliest, right.earliest
    if (one.year, one.month) == (other.year, other.month):
        return Related(DateRelation.MONTH)
    if one.year == other.year:
        return Related(DateRelation.SAME_YEAR_OTHER_DAY)
    return _by_year(one, other, placeholder=False)


def _intervals(left: PartialDate, right: PartialDate) -> Related:
    if left.earliest <= right.latest and right.earliest <= left.latest:
        union = max(left.latest, right.latest) - min(left.earliest, right.earliest)
        return Related(DateRelation.OVERLAP, union.days / DAYS_PER_YEAR)
    gap = max(left.earliest - right.latest, right.earliest - left.latest)
    years = gap.days / DAYS_PER_YEAR
    if years <= NEAR_YEARS:
        return Related(DateRelation.NEAR_YEAR)
    return Related(_apart(years))


def _apart(years: float) -> DateRelation:
    if years <= APART_2_YEARS:
        return DateRelation.APART_2
    return DateRelation.APART_5 if years <= APART_5_YEARS else DateRelation.APART
