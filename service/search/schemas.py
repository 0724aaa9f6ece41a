"""What an investigator asks and what comes back."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from matching.record import MAX_AGE_YEARS, CaseKind, Sex
from service.cases.schemas import DocumentIn
from service.cases.values import (
    Country,
    DateText,
    Line,
    NameText,
    check_range,
    phone_text,
    wrong_field,
)
from service.evidence_view import EvidenceOut

PURPOSES = {
    "missing_child_search": "Search for a missing child",
    "missing_person_search": "Search for a missing adult",
    "identification": "Identify a person unable to identify themselves",
    "child_protection": "Protect a child",
    "trafficking_investigation": "Investigate trafficking in human beings",
    "family_tracing": "Trace a family on humanitarian grounds",
}
"""Purposes offered by the pages. National law may know others: any code of the form is taken."""
MAX_HITS = 200
MAX_NAMES = 10
DEFAULT_HITS = 20

Purpose = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{1,63}$")]
Reference = Annotated[Line, StringConstraints(min_length=1, max_length=100)]
AgeText = Annotated[str, BeforeValidator(str), StringConstraints(max_length=10)]


Phone = Annotated[Line, AfterValidator(phone_text)]


def _check_age(text: str | None) -> None:
    low, high = check_range("age", text) or (0, 0)
    if low < 0 or high > MAX_AGE_YEARS:
        raise wrong_field("age", f"an age lies between 0 and {MAX_AGE_YEARS}")


class SearchFilters(BaseModel):
    """Hard limits; unlike the query they exclude cases."""

    model_config = ConfigDict(extra="forbid")

    kinds: list[CaseKind] = Field(default_factory=list)
    sex: Sex | None = None
    nationality: Country | None = None
    age: AgeText | None = None
    place: Line = ""
    country: Country | None = None
    event_from: dt.date | None = None
    event_until: dt.date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        _check_age(self.age)
        if self.event_from and self.event_until and self.event_from > self.event_until:
            raise wrong_field("event_from", "lies after event_until")
        return self


class SearchQuery(BaseModel):
    """What is known about the person; each value is evidence, none excludes."""

    model_config = ConfigDict(extra="forbid")

    names: list[NameText] = Field(default_factory=list, max_length=MAX_NAMES)
    born: DateText | None = None
    age: AgeText | None = None
    sex: Sex | None = None
    nationalities: list[Country] = Field(default_factory=list, max_length=MAX_NAMES)
    place_of_birth: Line = ""
    father_name: NameText | None = None
    mother_name: NameText | None = None
    phones: list[Phone] = Field(default_factory=list, max_length=MAX_NAMES)
    documents: list[DocumentIn] = Field(default_factory=list, max_length=MAX_NAMES)
    city: Line = ""
    filters: SearchFilters = Field(default_factory=SearchFilters)
    limit: int = Field(default=DEFAULT_HITS, ge=1, le=MAX_HITS)

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.born is not None and self.age is not None:
            raise ValueError("give either born or age")
        _check_age(self.age)
        if not (self.names or self.born or self.age or self.phones or self.documents):
            raise ValueError("give a name, a birth date, an age, a telephone or a document number")
        return self


class SearchIn(BaseModel):
    """A search with its justification (Directive (EU) 2016/680 Article 25)."""

    model_config = ConfigDict(extra="forbid")

    purpose: Purpose
    reference: Reference
    query: SearchQuery


class HitOut(BaseModel):
    """One hit as far as the actor may read it."""

    case_id: str
    record_id: str | None
    kind: str
    status: str
    authority: str
    contact: str
    access: str
    display_name: str | None
    age: str | None
    sex: str
    event_country: str
    match_weight: float
    probability: float
    band: str
    prior: float
    evidence: list[EvidenceOut]


class SearchOut(BaseModel):
    """The answer: `cut` says that not all candidates were seen, `fallback` which index stood in."""

    query_id: str
    profile: str
    index_generation: str
    considered: int
    cut: bool
    fallback: str | None
    hits: list[HitOut]
