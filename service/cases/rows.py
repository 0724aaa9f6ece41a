"""What a case and its claims hold as plain rows: registration, amendment and import store the same.

Pure: no session, no clock. Rows are dictionaries by column; what only the transaction
knows (ids, owner, who and when) is added by those who store them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from matching.record import PartialDate, PersonRecord
from service.cases.claims import (
    ClaimValue,
    claim_values,
    content_digest,
    event_value,
    matching_event,
    person_record,
)
from service.cases.schemas import CaseDraft, Claims, EventIn, Particulars
from service.cases.values import place_key
from service.cases.vocabulary import (
    DEFAULT_REVIEW_YEARS,
    REVIEW_YEARS,
    LegalRegime,
    Status,
    SubjectCategory,
    TraffickingBelief,
)
from service.identifiers import new_public_id

Row = dict[str, Any]
"""One row of a table: column to value."""

_EVENT_ORDER = {"disappearance": 0, "encounter": 1, "arrival": 2, "sighting": 3}
"""Which event stands for the case in filters and in the limited view, most telling first."""
_WORDS = (
    "sis_category",
    "case_type",
    "subject_category",
    "legal_regime",
    "handling_note",
    "evaluation",
    "circumstances",
)
_BLANK: Row = {
    "status": Status.OPEN.value,
    "version": 1,
    **dict.fromkeys(_WORDS, ""),
    "subject_category": SubjectCategory.MISSING_PERSON.value,
    "legal_regime": LegalRegime.GDPR.value,
    "handling_codes": [],
    "release": [],
    "trafficking_belief": TraffickingBelief.UNKNOWN.value,
    "trafficking_basis": "",
    "closed_at": None,
    "close_reason": "",
}


@dataclass(frozen=True, slots=True)
class ClaimedRows:
    """What is claimed at one time; case and recording are still to come."""

    claims: list[Row]
    events: list[Row]
    photographs: list[Row]


@dataclass(frozen=True, slots=True)
class CaseRows:
    """A case that is not stored yet; ids, owner, who and when are still to come."""

    case: Row
    claimed: ClaimedRows
    record: PersonRecord


def case_rows(draft: CaseDraft, *, region: str, today: date) -> CaseRows:
    """All rows of a draft.

    Args:
        draft: The checked draft.
        region: Country of the owner, for telephone numbers without country code.
        today: For ages without a day of their own, and for the review.
    """
    values = list(claim_values(draft, region=region, today=today))
    claimed = claimed_rows(draft, values)
    record = record_of("", draft.kind.value, values, claimed.events)
    public_id = new_public_id()
    years = REVIEW_YEARS[draft.sis_category] if draft.sis_category else DEFAULT_REVIEW_YEARS
    case = {
        **_BLANK,
        "public_id": public_id,
        "record_id": draft.record_id or public_id,
        "kind": draft.kind.value,
        **particulars_row(draft),
        **summary_row(record, values, claimed.events),
        "review_due": _years_later(today, years),
    }
    return CaseRows(case, claimed, record)


def particulars_row(particulars: Particulars) -> Row:
    """The columns of a case that particulars set; what is not given is left out."""
    row: Row = {
        name: str(value) for name in _WORDS if (value := getattr(particulars, name)) is not None
    }
    if particulars.handling_codes is not None:
        row["handling_codes"] = sorted({code.value for code in particulars.handling_codes})
    if particulars.release is not None:
        row["release"] = sorted({channel.value for channel in particulars.release})
    if particulars.trafficking is not None:
        row["trafficking_belief"] = particulars.trafficking.belief.value
        row["trafficking_basis"] = particulars.trafficking.basis
        if particulars.trafficking.belief is TraffickingBelief.YES:
            row["subject_category"] = SubjectCategory.POSSIBLE_VICTIM.value
    return row


def summary_row(
    record: PersonRecord, values: Iterable[ClaimValue], events: Sequence[Mapping[str, Any]]
) -> Row:
    """The columns of a case that repeat its claims, for filters, with the content digest.

    Args:
        record: Of the same claims and events.
        values: The standing claims.
        events: The standing events.
    """
    telling: Mapping[str, Any] = min(
        events, key=lambda event: _EVENT_ORDER[event["kind"]], default={}
    )
    place = telling.get("place", "")
    return {
        "sex": record.sex.value,
        "birth_earliest": min((born.date.earliest for born in record.births), default=None),
        "birth_latest": max((born.date.latest for born in record.births), default=None),
        "nationalities": ",".join(sorted(set(record.nationalities))),
        "event_date": telling.get("date_earliest"),
        "event_place": place,
        "event_place_key": place_key(place),
        "event_country": telling.get("country", ""),
        "content_digest": content_digest(values, map(event_value, events)),
    }


def record_of(
    record_id: str,
    kind: str,
    values: Iterable[ClaimValue],
    events: Iterable[Mapping[str, Any]],
) -> PersonRecord:
    """The person record of a case in hand."""
    return person_record(
        record_id,
        kind,
        [(item.kind, item.value, item.basis) for item in values],
        [matching_event(e["kind"], e["date_text"], e["place"], e["country"]) for e in events],
    )


def claimed_rows(claims: Claims, values: Iterable[ClaimValue]) -> ClaimedRows:
    """Rows of the claims, events and photographs of a draft or an amendment.

    Args:
        claims: The checked draft.
        values: Its claims, as `claim_values` gives them.
    """
    return ClaimedRows(
        [
            {
                "kind": item.kind,
                "value": item.value,
                "key": item.key,
                "basis": item.basis,
                "stated_on": claims.stated_on,
            }
            for item in values
        ],
        [_event_row(event) for event in claims.events],
        [
            {
                "public_id": new_public_id(),
                **{key: "" if value is None else value for key, value in item.model_dump().items()},
            }
            for item in claims.photographs
        ],
    )


def _event_row(event: EventIn) -> Row:
    when = PartialDate.parse(event.date) if event.date else None
    return {
        "kind": event.kind.value,
        "date_text": event.date or "",
        "date_earliest": when.earliest if when else None,
        "date_latest": when.latest if when else None,
        "place": event.place,
        "country": event.country or "",
        "circumstances": event.circumstances,
    }


def _years_later(day: date, years: int) -> date:
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + years, day=28 if is_leap_day else day.day)
