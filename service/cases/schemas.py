"""What comes in and goes out about cases; dates are checked against today later."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from matching.record import Basis, CaseKind, NameKind, NamePartKind, Sex
from service.cases.values import (
    NAME_LENGTH,
    TEXT_LENGTH,
    Country,
    DateText,
    Language,
    Line,
    NameText,
    Note,
    check_range,
    clean_line,
    document_text,
    phone_text,
    wrong_field,
)
from service.cases.vocabulary import (
    EVALUATION_PATTERN,
    CaseType,
    Channel,
    CloseReason,
    ContactKind,
    EventKind,
    HandlingCode,
    LegalRegime,
    Relation,
    SisCategory,
    SubjectCategory,
    TraffickingBelief,
)

MAX_CLAIMS = 50
"""Claims of one kind in one case; more is an import error, not a person."""
MAX_NAME_PARTS = 40
HEIGHT_CM = (30, 250)
WEIGHT_KG = (1, 300)
NOBODY = "a case needs a name, an age, a description, a document or a contact at least"
_RECORD_ID = r"^[^\s|](?:[^|\x00-\x1f]{0,98}[^\s|])?$"


class Strict(BaseModel):
    """Base of all schemas: an unknown field is an error, not silence."""

    model_config = ConfigDict(extra="forbid", str_max_length=10_000)


class NamePartIn(Strict):
    """One part of a name."""

    text: NameText
    kind: NamePartKind = NamePartKind.UNSPECIFIED


def _name_from_text(value: Any) -> Any:
    return {"full": value} if isinstance(value, str) else value


class NameIn(Strict):
    """A name as running text (`full`) or as parts; a plain string stands for `full`."""

    full: NameText | None = None
    parts: list[NamePartIn] = Field(default_factory=list, max_length=MAX_NAME_PARTS)
    kind: NameKind = NameKind.PRIMARY
    script: str = Field(default="", max_length=20)
    basis: Basis = Basis.CLAIMED

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if self.full and self.parts:
            raise ValueError("give either full or parts")
        if not self.full and not self.parts:
            raise ValueError("a name needs full or parts")
        if self.full:
            # Checked as a whole name already.
            self.parts, self.full = [NamePartIn.model_construct(text=self.full)], None
        if sum(len(part.text) for part in self.parts) > NAME_LENGTH:
            raise ValueError(f"a name has at most {NAME_LENGTH} characters")
        return self


class BirthIn(Strict):
    """A date of birth, or an age (`15` or `15..17`) on a day (default: today)."""

    date: DateText | None = None
    age: Annotated[str, BeforeValidator(str)] | None = Field(default=None, max_length=10)
    on: dt.date | None = None
    basis: Basis = Basis.CLAIMED

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.date is None) == (self.age is None):
            raise ValueError("give either date or age")
        check_range("age", self.age)
        return self


class ContactIn(Strict):
    """A telephone number or e-mail address by which the person was or is reached."""

    kind: ContactKind
    value: Line

    @model_validator(mode="after")
    def _reaches_somebody(self) -> Self:
        if self.kind is ContactKind.PHONE:
            try:
                phone_text(self.value)
            except ValueError as error:
                raise wrong_field("value", str(error)) from None
        elif not re.fullmatch(r"[^@\s]+@[^@\s]+", self.value):
            raise wrong_field("value", "is no e-mail address")
        return self


class DocumentIn(Strict):
    """An identity document or number."""

    number: Annotated[str, StringConstraints(max_length=TEXT_LENGTH), AfterValidator(document_text)]
    kind: Line = ""
    country: Country | None = None


class AddressIn(Strict):
    """An address; every part may be left out."""

    text: Line = ""
    city: Line = ""
    postcode: Line = ""
    country: Country | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.text or self.city or self.postcode or self.country):
            raise wrong_field("text", "an address needs a part at least")
        return self


class RelativeIn(Strict):
    """A person near the subject."""

    relation: Relation
    name: NameText
    phone: Line = ""


class DescriptionIn(Strict):
    """Physical description; heights and weights as `160` or `155..165`."""

    height_cm: Annotated[str, BeforeValidator(str)] | None = None
    weight_kg: Annotated[str, BeforeValidator(str)] | None = None
    eye_colour: Line = ""
    hair_colour: Line = ""
    marks: Note = ""

    @model_validator(mode="after")
    def _plausible(self) -> Self:
        for name, (lowest, highest) in (("height_cm", HEIGHT_CM), ("weight_kg", WEIGHT_KG)):
            text = getattr(self, name)
            if text is None:
                continue
            low, high = check_range(name, text) or (0, 0)
            if low < lowest or high > highest:
                raise wrong_field(name, f"lies between {lowest} and {highest}")
        return self


class EventIn(Strict):
    """A disappearance, encounter, sighting or arrival."""

    kind: EventKind
    date: DateText | None = None
    place: Line = ""
    country: Country | None = None
    circumstances: Note = ""


class PhotographIn(Strict):
    """Metadata of a photograph."""

    taken_on: DateText | None = None
    caption: Line = ""
    source: Line = ""
    media_type: Line = ""
    public_extract: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.taken_on or self.caption or self.source):
            raise wrong_field("caption", "a photograph needs a day, a caption or a source")
        return self


class TraffickingIn(Strict):
    """Belief that the person is a victim of traffickers; yes needs a basis."""

    belief: TraffickingBelief = TraffickingBelief.UNKNOWN
    basis: Note = ""

    @model_validator(mode="after")
    def _basis_given(self) -> Self:
        if self.belief is TraffickingBelief.YES and not self.basis:
            raise ValueError("a belief needs its basis")
        return self


Name = Annotated[NameIn, BeforeValidator(_name_from_text)]
Several: Any = Field(default_factory=list, max_length=MAX_CLAIMS)


class Claims(Strict):
    """All that can be claimed about a person; nothing is required."""

    names: list[Name] = Several
    births: list[BirthIn] = Several
    sex: Sex | None = None
    nationalities: list[Country] = Several
    countries_of_birth: list[Country] = Several
    places_of_birth: list[Line] = Several
    languages: list[Language] = Several
    contacts: list[ContactIn] = Several
    documents: list[DocumentIn] = Several
    addresses: list[AddressIn] = Several
    relatives: list[RelativeIn] = Several
    description: DescriptionIn | None = None
    events: list[EventIn] = Several
    photographs: list[PhotographIn] = Several
    basis: Basis = Field(
        default=Basis.CLAIMED, description="for claims without a basis of their own"
    )
    stated_on: dt.date | None = None


class Particulars(Strict):
    """Facts about the case rather than the person."""

    sis_category: SisCategory | None = None
    case_type: CaseType | None = None
    subject_category: SubjectCategory | None = None
    legal_regime: LegalRegime | None = None
    handling_codes: list[HandlingCode] | None = None
    handling_note: Note | None = None
    evaluation: Annotated[str, StringConstraints(pattern=EVALUATION_PATTERN)] | None = None
    circumstances: Note | None = None
    trafficking: TraffickingIn | None = None
    release: list[Channel] | None = None

    @model_validator(mode="after")
    def _note_for_h3(self) -> Self:
        if HandlingCode.H3 in (self.handling_codes or []) and not self.handling_note:
            raise wrong_field("handling_note", "handling code H3 needs it")
        return self


class CaseDraft(Claims, Particulars):
    """A case to be registered."""

    kind: CaseKind
    record_id: (
        Annotated[str, StringConstraints(pattern=_RECORD_ID), AfterValidator(clean_line)] | None
    ) = Field(default=None, description="the owner's own reference; made up when left out")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.names or self.births or self.description or self.documents or self.contacts):
            raise ValueError(NOBODY)
        return self


class CaseAmendment(Particulars):
    """A change: claims are added or withdrawn, never overwritten."""

    expected_version: int = Field(ge=1)
    add: Claims = Field(default_factory=Claims)
    withdraw_claims: list[int] = Field(default_factory=list, max_length=MAX_CLAIMS)
    withdraw_events: list[int] = Field(default_factory=list, max_length=MAX_CLAIMS)
    reason: Note = ""

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        given = self.model_fields_set - {"expected_version", "reason"}
        if not any(getattr(self, name) not in (None, Claims()) for name in given):
            raise ValueError("an amendment changes something at least")
        return self


class CaseClosure(Strict):
    """The end of a case."""

    reason: CloseReason
    note: Note = ""


class ShareIn(Strict):
    """Let another authority read a case in full."""

    authority: str
    reason: Annotated[Note, StringConstraints(min_length=3)]


class ClaimOut(BaseModel):
    """A claim as stored."""

    id: int
    kind: str
    value: dict[str, Any]
    basis: str
    stated_on: dt.date | None
    recorded_at: dt.datetime
    recorded_by: str
    withdrawn_at: dt.datetime | None


class AuthorityOut(BaseModel):
    """The owner and how to reach it."""

    code: str
    name: str
    country: str
    kind: str
    email: str
    phone: str


class CaseOut(BaseModel):
    """A case as far as the actor may read it; with limited access most fields are null."""

    case_id: str
    access: str
    kind: str
    status: str
    authority: AuthorityOut
    age: str | None
    sex: str
    event_country: str
    record_id: str | None = None
    version: int | None = None
    display_name: str | None = None
    sis_category: str | None = None
    case_type: str | None = None
    subject_category: str | None = None
    legal_regime: str | None = None
    handling_codes: list[str] | None = None
    handling_note: str | None = None
    evaluation: str | None = None
    circumstances: str | None = None
    trafficking_belief: str | None = None
    trafficking_basis: str | None = None
    release: list[str] | None = None
    registered_at: dt.datetime | None = None
    registered_by: str | None = None
    amended_at: dt.datetime | None = None
    review_due: dt.date | None = None
    closed_at: dt.datetime | None = None
    close_reason: str | None = None
    claims: list[ClaimOut] | None = None
    events: list[dict[str, Any]] | None = None
    photographs: list[dict[str, Any]] | None = None
    shared_with: list[str] | None = None
    cluster_id: str | None = None
