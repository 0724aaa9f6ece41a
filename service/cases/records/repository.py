"""Matching records, stored and put together from the claims, whatever the actor may read.

Values must not leave the service from here: answers are built from `CaseRepository`,
and evidence on cases not readable in full is blanked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from matching.bulk.lines import is_line, line_of
from matching.record import Person, PersonRecord
from service.cases.claims import matching_event, person_record
from service.cases.models import Case, CaseEvent, CaseRecord, Claim, Recording
from service.cases.records.encoding import (
    StoredPerson,
    decode_persons,
    encode_record,
    is_body,
    whole,
)
from service.cases.repository import chunks
from service.cases.vocabulary import Status
from service.store.base import table_of
from service.store.reading import ASKED, rows_by_id
from service.store.writing import insert_rows

_RECORDS = table_of(CaseRecord)
_CHANGED = "empd_cases_changed"
_STREAM = 10_000
"""Lines read at a time where all are read: a megabyte."""
_DROP = delete(_RECORDS).where(_RECORDS.c.case_id.in_(ASKED))
_LINE, _BODY = ("case_id", "line"), ("case_id", "body")


def locked_case_ids(session: Session, *, after: int, limit: int) -> list[int]:
    """Internal ids of cases, open or closed, behind an id; who changes one waits meanwhile.

    Who only refers to one, as a new alert does, need not wait.
    """
    query = select(Case.id).where(col(Case.id) > after).order_by(col(Case.id)).limit(limit)
    query = query.with_for_update(key_share=True)
    return [case_id or 0 for case_id in session.exec(query)]


def digests_of_open(session: Session, ids: Collection[int] | None = None) -> dict[int, str]:
    """Content digests of open cases by internal id, whoever owns them, for comparisons.

    Args:
        session: The transaction.
        ids: Of these cases only; None means all.
    """
    query = select_columns(col(Case.id), col(Case.content_digest))
    query = query.where(col(Case.status) == Status.OPEN.value).order_by(col(Case.id))
    if ids is None:
        return {case_id or 0: digest for case_id, digest in session.execute(query)}
    found: dict[int, str] = {}
    for chunk in chunks(sorted(ids)):
        rows = session.execute(query.where(col(Case.id).in_(chunk)))
        found.update((case_id or 0, digest) for case_id, digest in rows)
    return found


def matching_records(
    session: Session, ids: Collection[int], *, recorded_until: datetime | None = None
) -> dict[int, PersonRecord]:
    """Person records for scoring, whatever the actor may read.

    Args:
        session: The transaction.
        ids: Internal ids of the cases.
        recorded_until: Leave out what was recorded later; read from the claims themselves.

    Returns:
        Records by internal id, in the order of the ids; unknown ids are left out.

    Values must not leave the service from here: answers are built from
    `CaseRepository`, and evidence on cases not readable in full is blanked.
    """
    if recorded_until is not None:
        return claimed_records(session, ids, recorded_until=recorded_until)
    return {case_id: whole(person) for case_id, person in stored_persons(session, ids).items()}


def stored_persons(session: Session, ids: Collection[int]) -> dict[int, Person]:
    """The same as `matching_records`, each field decoded when a comparison asks for it.

    Values must not leave the service from here either.
    """
    found: dict[int, Person] = dict(_stored(session, ids).items())
    found.update(claimed_records(session, [case_id for case_id in ids if case_id not in found]))
    return {case_id: found[case_id] for case_id in sorted(found)}


def stored_lines(session: Session, ids: Collection[int]) -> dict[int, str]:
    """What of cases is compared with most others, by rising internal id; unknown ones are left out.

    A line of another version of matching, or none, is made from the record. Whatever the actor
    may read: values must not leave the service from here either.
    """
    found: dict[int, str] = dict(rows_by_id(session, _RECORDS, _LINE, ids))
    other = [case_id for case_id in ids if not is_line(found.get(case_id, ""))]
    for case_id, record in matching_records(session, other).items() if other else ():
        found[case_id] = line_of(record)
    return {case_id: found[case_id] for case_id in sorted(found)}


def all_lines(session: Session) -> Iterator[dict[int, str]]:
    """The lines of all cases in shares, streamed; who keeps them must not give them away either."""
    query = select_columns(_RECORDS.c.case_id, _RECORDS.c.line)
    rows = session.connection().execute(query.execution_options(yield_per=_STREAM))
    for share in rows.partitions():
        found = {case_id: line for case_id, line in share if is_line(line)}
        other = [case_id for case_id, _ in share if case_id not in found]
        yield found | (stored_lines(session, other) if other else {})


def claimed_records(
    session: Session, ids: Collection[int], *, recorded_until: datetime | None = None
) -> dict[int, PersonRecord]:
    """Person records put together from the claims and events that stand, by internal id."""
    found: dict[int, PersonRecord] = {}
    for chunk in chunks(sorted(ids)):
        found.update(_records_of(session, chunk, recorded_until))
    return found


def changed_in(session: Session) -> set[int]:
    """Cases that a session changed: what it sees of them may never be committed.

    Nor is what is kept in memory of them what it sees.
    """
    changed: set[int] = session.info.setdefault(_CHANGED, set())
    return changed


def put_records(session: Session, records: Mapping[int, PersonRecord]) -> None:
    """Store the matching records of cases in place of what was stored of them."""
    changed_in(session).update(records)
    for chunk in chunks(sorted(records)):
        rows = [
            {
                "case_id": case_id,
                "body": encode_record(records[case_id]),
                "line": line_of(records[case_id]),
            }
            for case_id in chunk
        ]
        session.connection().execute(_DROP, {"ids": chunk})
        insert_rows(session, _RECORDS, rows)


def stale_records(session: Session, ids: Collection[int]) -> list[int]:
    """Internal ids of those cases whose stored matching record is not what their claims say."""
    stale: list[int] = []
    for chunk in chunks(sorted(ids)):
        rows = rows_by_id(session, _RECORDS, ("case_id", "body", "line"), chunk)
        stored = {case_id: (body, line) for case_id, body, line in rows}
        claimed = claimed_records(session, chunk)
        stale.extend(
            case_id
            for case_id, record in claimed.items()
            if stored.get(case_id) != (encode_record(record), line_of(record))
        )
    return stale


def _stored(session: Session, ids: Collection[int]) -> dict[int, StoredPerson]:
    """Stored records; a damaged one is left out, like one that is lost."""
    bodies: dict[int, str] = dict(rows_by_id(session, _RECORDS, _BODY, ids))
    try:
        return decode_persons(bodies)
    except ValueError:
        return decode_persons({case_id: body for case_id, body in bodies.items() if is_body(body)})


def _records_of(
    session: Session, ids: Sequence[int], until: datetime | None
) -> dict[int, PersonRecord]:
    kinds = dict(session.execute(select(Case.id, Case.kind).where(col(Case.id).in_(ids))).all())
    claims: dict[int, list[tuple[str, Mapping[str, Any], str]]] = {}
    for row in session.execute(
        select(Claim.case_id, Claim.kind, Claim.value, Claim.basis)
        .where(col(Claim.case_id).in_(ids), *_standing(Claim, until))
        .order_by(col(Claim.id))
    ):
        claims.setdefault(row.case_id, []).append((row.kind, row.value, row.basis))
    events: dict[int, list[Any]] = {}
    for row in session.execute(
        select_columns(
            col(CaseEvent.case_id),
            col(CaseEvent.kind),
            col(CaseEvent.date_text),
            col(CaseEvent.place),
            col(CaseEvent.country),
        )
        .where(col(CaseEvent.case_id).in_(ids), *_standing(CaseEvent, until))
        .order_by(col(CaseEvent.id))
    ):
        event = matching_event(row.kind, row.date_text, row.place, row.country)
        events.setdefault(row.case_id, []).append(event)
    return {
        case_id: person_record(str(case_id), kind, claims.get(case_id, ()), events.get(case_id, ()))
        for case_id, kind in kinds.items()
        if case_id is not None
    }


def _standing(
    table: type[Claim | CaseEvent], until: datetime | None
) -> Iterator[ColumnElement[bool]]:
    yield col(table.withdrawn_at).is_(None)
    if until is not None:
        recording = col(Recording.id) == col(table.recording_id)
        yield exists().where(recording, col(Recording.at) <= until)
