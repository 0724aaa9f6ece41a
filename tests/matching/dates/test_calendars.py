"""Other calendars against days that are known, and their own shape."""

from __future__ import annotations

from datetime import date

import pytest

from matching.dates.calendars import ethiopian_day, islamic_day, solar_hijri_day


@pytest.mark.parametrize(
    ("found", "known"),
    [
        (ethiopian_day(2000, 1, 1), date(2007, 9, 12)),
        (ethiopian_day(2016, 1, 1), date(2023, 9, 12)),
        (ethiopian_day(2001, 9, 5), date(2009, 5, 13)),
        (ethiopian_day(2017, 1, 1), date(2024, 9, 11)),
        (solar_hijri_day(1400, 1, 1), date(2021, 3, 21)),
        (solar_hijri_day(1399, 1, 1), date(2020, 3, 20)),
        (solar_hijri_day(1403, 12, 30), date(2025, 3, 20)),
        (solar_hijri_day(1388, 2, 27), date(2009, 5, 17)),
        (islamic_day(1430, 1, 1), date(2008, 12, 29)),
        (islamic_day(1445, 1, 1), date(2023, 7, 19)),
    ],
)
def test_known_days(found: int, known: date) -> None:
    assert date.fromordinal(found) == known


@pytest.mark.parametrize("calendar", [ethiopian_day, solar_hijri_day, islamic_day])
def test_days_follow_one_another(calendar: object) -> None:
    assert callable(calendar)
    found = [
        ordinal
        for year in range(1340, 1460)
        for month in range(1, 14)
        for day in range(1, 32)
        if (ordinal := calendar(year, month, day))
    ]
    assert found == list(range(found[0], found[-1] + 1))


@pytest.mark.parametrize(
    "numbers", [(0, 1, 1), (1400, 0, 1), (1400, 14, 1), (1400, 1, 32), (1400, 13, 7)]
)
def test_no_such_day(numbers: tuple[int, int, int]) -> None:
    for calendar in (ethiopian_day, solar_hijri_day, islamic_day):
        assert calendar(*numbers) == 0
