"""Days of other calendars, for dates that were copied without converting them.

Each function reads year, month and day in its calendar and gives the day's
proleptic Gregorian ordinal as `date.toordinal` does, or 0 where there is no such day.
"""

from __future__ import annotations

from datetime import date

_ETHIOPIAN_EPOCH = date(8, 8, 27).toordinal()
"""1 Meskerem of year 1: 29 August of the year 8 in the Julian calendar."""
_SOLAR_HIJRI_EPOCH = date(622, 3, 21).toordinal()
"""1 Farvardin of year 1."""
_ISLAMIC_EPOCH = date(622, 7, 19).toordinal()
"""1 Muharram of year 1 in the civil tabular calendar: 16 July 622 in the Julian calendar."""
_MONTH_DAYS = 30
_MONTHS, _ETHIOPIAN_MONTHS = 12, 13
_LONG_MONTHS = 6
"""The first six months of a Solar Hijri year have 31 days."""
_ISLAMIC_CYCLE, _ISLAMIC_CYCLE_DAYS = 30, 10_631


def ethiopian_day(year: int, month: int, day: int) -> int:
    """Twelve months of 30 days and Pagume of five or six (every fourth year)."""
    leap = year % 4 == 3  # noqa: PLR2004 - the year before one that four divides
    days = (6 if leap else 5) if month == _ETHIOPIAN_MONTHS else _MONTH_DAYS
    if not (1 <= month <= _ETHIOPIAN_MONTHS and 1 <= day <= days and year >= 1):
        return 0
    return _ETHIOPIAN_EPOCH + 365 * (year - 1) + year // 4 + _MONTH_DAYS * (month - 1) + day - 1


def solar_hijri_day(year: int, month: int, day: int) -> int:
    """Leap years by the cycle of 33, which fits the official calendar from 1342 to 1502."""
    days = 31 if month <= _LONG_MONTHS else _MONTH_DAYS
    if month == _MONTHS and not _solar_leap(year):
        days = 29
    if not (1 <= month <= _MONTHS and 1 <= day <= days and year >= 1):
        return 0
    before = _MONTH_DAYS * (month - 1) + min(month - 1, _LONG_MONTHS)
    return _SOLAR_HIJRI_EPOCH + 365 * (year - 1) + (8 * year + 21) // 33 + before + day - 1


def _solar_leap(year: int) -> bool:
    return (25 * year + 11) % 33 < 8  # noqa: PLR2004 - eight leap years in 33


def islamic_day(year: int, month: int, day: int) -> int:
    """The civil tabular calendar; the observed one differs by a day or two."""
    leap = (11 * year + 14) % _ISLAMIC_CYCLE < 11  # noqa: PLR2004 - eleven leap years in 30
    days = 30 if month % 2 or (month == _MONTHS and leap) else 29
    if not (1 <= month <= _MONTHS and 1 <= day <= days and year >= 1):
        return 0
    years = 354 * (year - 1) + (3 + 11 * year) // _ISLAMIC_CYCLE
    return _ISLAMIC_EPOCH + years + (59 * (month - 1) + 1) // 2 + day - 1
