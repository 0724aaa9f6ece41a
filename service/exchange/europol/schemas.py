"""Messages of hit/no-hit queries and follow-ups, modelled on Regulation (EU) 2024/982.

Request after Articles 28(1) and 43, reply after Articles 28(2) and 44. The
justification (Article 33) is kept with the query and never passed to owners.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from service.cases.values import Country, DateText, Line, NameText, Note, wrong_field
from service.search.schemas import Purpose, Reference

MAX_NAMES = 10
LEAST_IDENTIFIERS = 2
Number = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9/_.:-]{0,63}$")]


class Strict(BaseModel):
    """An unknown field is an error: the Regulation's lists are closed."""

    model_config = ConfigDict(extra="forbid")


class QueryPerson(Strict):
    """Article 43: at least two of first names, family names and date of birth."""

    first_names: list[NameText] = Field(default_factory=list, max_length=MAX_NAMES)
    family_names: list[NameText] = Field(default_factory=list, max_length=MAX_NAMES)
    date_of_birth: DateText | None = None
    aliases: list[NameText] = Field(default_factory=list, max_length=MAX_NAMES)
    nationalities: list[Country] = Field(default_factory=list, max_length=MAX_NAMES)
    country_of_birth: Country | None = None
    gender: Literal["F", "M", "X", "U"] | None = None

    @model_validator(mode="after")
    def _enough(self) -> Self:
        given = [bool(self.first_names), bool(self.family_names), self.date_of_birth is not None]
        if sum(given) < LEAST_IDENTIFIERS:
            raise ValueError("needs at least two of first_names, family_names, date_of_birth")
        return self


class SubjectRole(StrEnum):
    """Whom a query concerns, Article 33(b)."""

    SUSPECT = "suspect"
    CONVICTED = "convicted"
    VICTIM = "victim"
    MISSING_PERSON = "missing_person"
    UNIDENTIFIED_REMAINS = "unidentified_human_remains"


class Justification(Strict):
    """Article 33: why the query is made."""

    purpose: Purpose
    case_reference: Reference
    offence_category: Annotated[Line, StringConstraints(max_length=100)] = ""
    subject_role: SubjectRole
    aim: Literal["identify_person", "more_data_on_known_person"]


def _as_text(value: Any) -> Any:
    if not isinstance(value, (str, datetime)):
        raise ValueError("is a moment as text (RFC 3339)")  # noqa: TRY004 - pydantic takes ValueError
    return value


class QueryIn(Strict):
    """A hit/no-hit query."""

    requesting_state: Country
    request_number: Number
    requested_at: Annotated[AwareDatetime, BeforeValidator(_as_text)]
    query: QueryPerson
    justification: Justification


class Match(BaseModel):
    """A reference to a record and the quality of the match (our scale; the Regulation has none)."""

    requested_state: str
    reference_number: str
    match_quality: Literal["strong", "probable", "possible"]


class ReplyOut(BaseModel):
    """The reply: numbers and references, no personal data."""

    request_number: str
    requested_at: datetime
    reply_number: str
    replied_at: datetime
    requesting_state: str
    number_of_matches: int
    matches: list[Match]


class DataCategory(StrEnum):
    """What a follow-up may ask for."""

    IDENTITY = "identity"
    LAST_KNOWN_LOCATION = "last_known_location"
    PHOTO = "photo"


class FollowUpIn(Strict):
    """A reasoned request for data after a hit, Article 44(5)."""

    request_number: Number
    reference_number: Annotated[str, StringConstraints(max_length=64)]
    priority: Literal["urgent", "normal"] = "normal"
    reason: Annotated[Note, StringConstraints(min_length=10)]
    requested_data: list[DataCategory] = Field(min_length=1, max_length=3)


class OwnerDecision(StrEnum):
    """What the owner, a person, decides."""

    GRANTED = "granted"
    PARTLY_GRANTED = "partly_granted"
    REFUSED = "refused"


class FollowUpDecisionIn(Strict):
    """The owner's decision; partly granted names what is given."""

    decision: OwnerDecision
    reason: Annotated[Note, StringConstraints(min_length=3)]
    granted_data: list[DataCategory] = Field(default_factory=list)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.decision is OwnerDecision.PARTLY_GRANTED and not self.granted_data:
            raise wrong_field("granted_data", "partly_granted needs it")
        if self.decision is OwnerDecision.REFUSED and self.granted_data:
            raise wrong_field("granted_data", "refused gives nothing")
        return self


class FollowUpOut(BaseModel):
    """A follow-up as its two sides may read it; `data` only after a grant, to the requester."""

    follow_up_id: str
    request_number: str
    reference_number: str
    priority: str
    reason: str
    requested_data: list[str]
    status: str
    asked_at: datetime
    decided_at: datetime | None
    decision_reason: str
    data: dict[str, Any] | None
    case_id: str | None
