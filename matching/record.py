"""The person record that matching compares, and its value objects.

Everything here is frozen data: no web, no database, no clock. A field that is
not known is empty or None, and stays so: nobody has to invent a value.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

MAX_AGE_YEARS = 120
"""Ages above this are taken for slips of the pen (oldest verified person: 122)."""

KEPT_DATES = 32_768
"""Dates kept as read: every day of fifty years and many ranges, a few megabytes."""

_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


class CaseKind(StrEnum):
    """What kind of case a record stands for."""

    MISSING = "missing"
    ENCOUNTERED = "encountered"
    UNIDENTIFIED = "unidentified"


class Sex(StrEnum):
    """Sex as recorded; UNKNOWN never counts as disagreement."""

    FEMALE = "F"
    MALE = "M"
    OTHER = "X"
    UNKNOWN = "U"


class Basis(StrEnum):
    """What a claim rests on."""

    CLAIMED = "claimed"
    DOCUMENTED = "documented"
    ASSESSED = "assessed"


class NamePartKind(StrEnum):
    """The part's role in the name where it is known."""

    UNSPECIFIED = "unspecified"
    GIVEN = "given"
    FAMILY = "family"
    FATHER = "father"
    GRANDFATHER = "grandfather"


class NameKind(StrEnum):
    """How a whole name is used."""

    PRIMARY = "primary"
    ALIAS = "alias"
    NICKNAME = "nickname"
    BIRTH = "birth"


class Precision(StrEnum):
    """How finely a date is known."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    RANGE = "range"


@dataclass(frozen=True, slots=True)
class NamePart:
    """One part of a name as written, in any script; may hold several words."""

    text: str
    kind: NamePartKind = NamePartKind.UNSPECIFIED

    def __hash__(self) -> int:
        return hash(self.text)


@dataclass(frozen=True, slots=True)
class Name:
    """A name as a sequence of parts in the order in which it was written."""

    parts: tuple[NamePart, ...]
    kind: NameKind = NameKind.PRIMARY

    def __hash__(self) -> int:
        return hash(self.parts)

    @classmethod
    def of(cls, text: str, kind: NameKind = NameKind.PRIMARY) -> Name:
        """Make a name of one unspecified part from running text."""
        return cls((NamePart(text),), kind)

    @property
    def text(self) -> str:
        """The whole name as running text."""
        return " ".join(part.text for part in self.parts)


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date known to lie between two days, both included.

    Raises:
        ValueError: If the interval runs backwards.
    """

    earliest: date
    latest: date
    precision: Precision

    def __post_init__(self) -> None:
        if self.earliest > self.latest:
            raise ValueError("a date range runs backwards")

    def __hash__(self) -> int:
        return hash((self.earliest, self.latest))

    @classmethod
    @lru_cache(KEPT_DATES)
    def parse(cls, text: str) -> PartialDate:
        """Read `YYYY`, `YYYY-MM`, `YYYY-MM-DD` or a range `A..B` of these.

        Raises:
            ValueError: If the text has another form or names no real date.
        """
        low, separator, high = text.strip().partition("..")
        if not separator:
            return cls._parse_one(low)
        return cls(cls._parse_one(low).earliest, cls._parse_one(high).latest, Precision.RANGE)

    @classmethod
    def _parse_one(cls, text: str) -> PartialDate:
        match = _PARTIAL.fullmatch(text.strip())
        if match is None or not text.isascii():
            raise ValueError("a date is written YYYY, YYYY-MM, YYYY-MM-DD or A..B")
        year, month, day = (int(part) if part else None for part in match.groups())
        assert year is not None  # noqa: S101 - the pattern guarantees it
        if month is None:
            return cls(date(year, 1, 1), date(year, 12, 31), Precision.YEAR)
        if day is None:
            last = calendar.monthrange(year, month)[1]
            return cls(date(year, month, 1), date(year, month, last), Precision.MONTH)
        exact = date(year, month, day)
        return cls(exact, exact, Precision.DAY)

    @classmethod
    def from_age(cls, low: int, high: int, on: date) -> PartialDate:
        """The dates of birth of persons aged `low` to `high` full years on a day.

        Raises:
            ValueError: If an age is below 0, above 120, or the range runs backwards.
        """
        if not 0 <= low <= high <= MAX_AGE_YEARS:
            raise ValueError(f"an age lies between 0 and {MAX_AGE_YEARS}")
        return cls(
            _years_before(on, high + 1, extra_day=True), _years_before(on, low), Precision.RANGE
        )

    @property
    def text(self) -> str:
        """The date in the form that `parse` reads."""
        if self.precision is Precision.DAY:
            return self.earliest.isoformat()
        if self.precision is Precision.MONTH:
            return self.earliest.isoformat()[:7]
        if self.precision is Precision.YEAR:
            return self.earliest.isoformat()[:4]
        return f"{self.earliest.isoformat()}..{self.latest.isoformat()}"


def _years_before(day: date, years: int, *, extra_day: bool = False) -> date:
    """The day `years` before, or the day after it; 29 February becomes the 28th."""
    year = max(day.year - years, 1)
    is_leap_day = (day.month, day.day) == (2, 29) and not calendar.isleap(year)
    anniversary = date(year, 2, 28) if is_leap_day else date(year, day.month, day.day)
    return date.fromordinal(anniversary.toordinal() + 1) if extra_day else anniversary


@dataclass(frozen=True, slots=True)
class BirthDate:
    """One claim about the date of birth."""

    date: PartialDate
    basis: Basis = Basis.CLAIMED

    def __hash__(self) -> int:
        return hash(self.date)


@dataclass(frozen=True, slots=True)
class Place:
    """A place as written, with its country as ISO 3166-1 alpha-2 where known."""

    name: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """An address; every part may be empty. Country is ISO 3166-1 alpha-2."""

    text: str = ""
    city: str = ""
    postcode: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """An identity document or number."""

    number: str
    kind: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """A telephone number (E.164 where it could be read) or an e-mail address."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Relative:
    """A person near the subject: father, mother, accompanying_adult, sibling, other."""

    relation: str
    name: Name


@dataclass(frozen=True, slots=True)
class Event:
    """A disappearance, encounter, sighting or arrival."""

    kind: str
    date: PartialDate | None = None
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class Description:
    """Physical description; ranges are inclusive, in centimetres and kilograms."""

    height_cm: tuple[int, int] | None = None
    weight_kg: tuple[int, int] | None = None
    eye_colour: str = ""
    hair_colour: str = ""
    marks: str = ""


class Person(Protocol):
    """What matching asks about a person, however it is held; `PersonRecord` says what it means.

    A record in a store need not be read whole: a comparison asks for what both sides say.
    """

    @property
    def record_id(self) -> str:
        """Names the record among others."""

    @property
    def kind(self) -> CaseKind:
        """What kind of case it stands for."""

    @property
    def names(self) -> tuple[Name, ...]:
        """All names, the primary one first."""

    @property
    def births(self) -> tuple[BirthDate, ...]:
        """Claims about the date of birth."""

    @property
    def sex(self) -> Sex:
        """Sex as recorded."""

    @property
    def nationalities(self) -> tuple[str, ...]:
        """Countries, ISO 3166-1 alpha-2."""

    @property
    def countries_of_birth(self) -> tuple[str, ...]:
        """Countries, ISO 3166-1 alpha-2."""

    @property
    def places_of_birth(self) -> tuple[str, ...]:
        """As written."""

    @property
    def languages(self) -> tuple[str, ...]:
        """ISO 639-1 or 639-2 codes."""

    @property
    def addresses(self) -> tuple[Address, ...]:
        """All addresses."""

    @property
    def documents(self) -> tuple[Document, ...]:
        """Identity documents."""

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """Telephone numbers and e-mail addresses."""

    @property
    def relatives(self) -> tuple[Relative, ...]:
        """Persons near the subject."""

    @property
    def events(self) -> tuple[Event, ...]:
        """Disappearances, encounters, sightings, arrivals."""

    @property
    def description(self) -> Description:
        """What the subject looks like."""


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """All that one case says about one person, as matching sees it.

    Countries are ISO 3166-1 alpha-2, languages ISO 639-1 or 639-2 codes.
    """

    record_id: str
    kind: CaseKind = CaseKind.MISSING
    names: tuple[Name, ...] = ()
    births: tuple[BirthDate, ...] = ()
    sex: Sex = Sex.UNKNOWN
    nationalities: tuple[str, ...] = ()
    countries_of_birth: tuple[str, ...] = ()
    places_of_birth: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()
    documents: tuple[Document, ...] = ()
    contacts: tuple[Contact, ...] = ()
    relatives: tuple[Relative, ...] = ()
    events: tuple[Event, ...] = ()
    description: Description = field(default_factory=Description)
