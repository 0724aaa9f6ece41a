"""What only the calendar can tell: no future births or events, no impossible ages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from matching.record import MAX_AGE_YEARS, PartialDate, Precision
from service.cases.schemas import BirthIn, Claims
from service.cases.values import number_range
from service.errors import BadInput, FieldError

EARLIEST_BIRTH_YEAR = 1900
"""Cases stay open for decades, so a birth may lie more than 120 years back, but not before this."""


def check_against_today(claims: Claims, today: date, *, prefix: str = "") -> None:
    """Refuse dates that cannot be.

    Args:
        claims: The draft, its forms already checked.
        today: The current day.
        prefix: Put before field names, for drafts inside another object.

    Raises:
        BadInput: Naming every wrong field.
    """
    errors = list(_birth_errors(claims, today, prefix))
    for place, event in enumerate(claims.events):
        reason = _event_error(event.date, claims, today)
        if reason:
            errors.append(FieldError(f"{prefix}events.{place}.date", reason))
    for place, photograph in enumerate(claims.photographs):
        if photograph.taken_on and reaches_future(PartialDate.parse(photograph.taken_on), today):
            errors.append(FieldError(f"{prefix}photographs.{place}.taken_on", "lies in the future"))
    if claims.stated_on and claims.stated_on > today:
        errors.append(FieldError(f"{prefix}stated_on", "lies in the future"))
    if errors:
        raise BadInput.of(*errors)


def check_birth(field: str, text: str | None, today: date) -> None:
    """Refuse a date on which nobody of a case can be born.

    Raises:
        BadInput: Naming the field.
    """
    reason = _date_error(PartialDate.parse(text), today) if text else ""
    if reason:
        raise BadInput.of(FieldError(field, reason))


def reaches_future(interval: PartialDate, today: date) -> bool:
    """Whether a date, or the end of a range, names a day, month or year to come."""
    if interval.earliest > today:
        return True
    end = interval.latest
    return interval.precision is Precision.RANGE and (
        end.year > today.year or (end > today and end != date(today.year, 12, 31))
    )


def _event_error(text: str | None, claims: Claims, today: date) -> str:
    if not text:
        return ""
    when = PartialDate.parse(text)
    if reaches_future(when, today):
        return "lies in the future"
    born = [PartialDate.parse(item.date).earliest for item in claims.births if item.date]
    return "lies before the birth" if born and min(born) > when.latest else ""


def _birth_errors(claims: Claims, today: date, prefix: str) -> Iterator[FieldError]:
    for place, birth in enumerate(claims.births):
        field = f"{prefix}births.{place}"
        if birth.age is not None:
            name, reason = "age", _age_error(birth, today)
        else:
            name, reason = "date", _date_error(PartialDate.parse(birth.date or ""), today)
        if reason:
            yield FieldError(f"{field}.{name}", reason)


def _age_error(birth: BirthIn, today: date) -> str:
    low, high = number_range(birth.age or "")
    if low < 0 or high > MAX_AGE_YEARS:
        return f"an age lies between 0 and {MAX_AGE_YEARS}"
    if birth.on and birth.on > today:
        return "the day of the age lies in the future"
    if birth.on and birth.on.year < EARLIEST_BIRTH_YEAR:
        return f"the day of the age lies before {EARLIEST_BIRTH_YEAR}"
    return ""


def _date_error(interval: PartialDate, today: date) -> str:
    if reaches_future(interval, today):
        return "lies in the future"
    if interval.latest.year < EARLIEST_BIRTH_YEAR:
        return f"lies before {EARLIEST_BIRTH_YEAR}"
    return ""


def age_text(earliest: date | None, latest: date | None, today: date) -> str | None:
    """The age as `15` or `15-17` full years, or None when no birth is known."""
    if earliest is None or latest is None:
        return None
    low, high = (max(_full_years(born, today), 0) for born in (latest, earliest))
    return str(low) if low == high else f"{low}-{high}"


def _full_years(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
