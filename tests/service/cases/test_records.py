"""The stored matching record says what the claims say, through every change of a case."""

from __future__ import annotations

import json
import os
import string
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session, select

from matching.bulk.lines import line_of
from matching.record import (
    Address,
    Basis,
    BirthDate,
    CaseKind,
    Contact,
    Description,
    Document,
    Event,
    Name,
    NameKind,
    NamePart,
    NamePartKind,
    PartialDate,
    PersonRecord,
    Place,
    Precision,
    Relative,
    Sex,
)
from service.cases.intake import amend, register_case
from service.cases.models import Case, Claim
from service.cases.records import operations
from service.cases.records.encoding import decode_persons, encode_record, whole
from service.cases.records.operations import refresh_records
from service.cases.records.repository import (
    claimed_records,
    matching_records,
    put_records,
    stale_records,
    stored_lines,
    stored_persons,
)
from service.cases.schemas import CaseAmendment, CaseDraft
from service.jobs import JobContext
from service.security.policy import operator
from tests.conftest import World, clock

WAITS_SECONDS = 0.5

FULL = {
    "kind": "encountered",
    "names": [
        {"parts": [{"text": "Selam", "kind": "given"}, {"text": "Tesfay", "kind": "family"}]},
        {"full": "ሰላም", "kind": "alias"},
    ],
    "births": [{"date": "2009-03"}, {"age": "15..17", "basis": "assessed"}],
    "sex": "F",
    "nationalities": ["ER"],
    "languages": ["ti"],
    "contacts": [{"kind": "phone", "value": "+32460000000"}],
    "documents": [{"number": "K1234567", "kind": "passport"}],
    "addresses": [{"city": "Gent", "country": "BE"}],
    "relatives": [{"relation": "father", "name": "Dawit"}],
    "description": {"height_cm": "150..160", "marks": "scar"},
    "events": [
        {"kind": "arrival", "date": "2026-03-01", "country": "BE"},
        {"kind": "disappearance", "place": "Gent"},
    ],
}
texts = st.text(max_size=20)
codes = st.text(string.ascii_uppercase, min_size=2, max_size=2)
days = st.dates(date(1900, 1, 1), date(2026, 1, 1))
dates = st.builds(
    lambda one, other: PartialDate(min(one, other), max(one, other), Precision.RANGE), days, days
) | st.builds(lambda day: PartialDate(day, day, Precision.DAY), days)
names = st.builds(
    Name,
    st.lists(st.builds(NamePart, texts, st.sampled_from(NamePartKind)), max_size=3).map(tuple),
    st.sampled_from(NameKind),
)
bounds = st.none() | st.tuples(st.integers(1, 300), st.integers(1, 300)).map(
    lambda pair: (min(pair), max(pair))
)


def several(items: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(items, max_size=3).map(tuple)


records = st.builds(
    PersonRecord,
    st.just("7"),
    st.sampled_from(CaseKind),
    several(names),
    several(st.builds(BirthDate, dates, st.sampled_from(Basis))),
    st.sampled_from(Sex),
    several(codes),
    several(codes),
    several(texts),
    several(codes),
    several(st.builds(Address, texts, texts, texts, codes)),
    several(st.builds(Document, texts, texts, codes)),
    several(st.builds(Contact, st.sampled_from(["phone", "email"]), texts)),
    several(st.builds(Relative, texts, names)),
    several(st.builds(Event, texts, st.none() | dates, st.builds(Place, texts, codes))),
    st.builds(Description, bounds, bounds, texts, texts, texts),
)


@settings(max_examples=300, deadline=None)
@given(records)
def test_what_is_written_is_read(record: PersonRecord) -> None:
    assert whole(decode_persons({7: encode_record(record)})[7]) == record


def test_a_record_in_its_stored_form() -> None:
    record = PersonRecord("7", names=(Name.of("Selam"),), sex=Sex.FEMALE)
    # Stored rows outlive a release: what stands for what must not change.
    assert encode_record(record) == '[0,1,[[0,"Selam",0]]]'
    kinds = [
        encode_record(PersonRecord("7", kind, sex=sex))
        for kind, sex in zip(CaseKind, (Sex.OTHER, Sex.MALE, Sex.FEMALE), strict=True)
    ]
    assert kinds == ["[0,3]", "[1,2]", "[2,1]"]


def test_registration_and_amendment_keep_it_in_step(any_world: World) -> None:
    world = any_world
    with world.work("BE-POL") as work:
        draft = CaseDraft.model_validate(FULL)
        case = register_case(work, world.linkage, draft, limit=10).stored.case
    with Session(world.engine) as session:
        ids = [case.id or 0]
        assert matching_records(session, ids) == claimed_records(session, ids)
        assert len(matching_records(session, ids)[ids[0]].births) == 2
        assert stale_records(session, ids) == []
        claim = session.exec(select(Claim.id).where(Claim.kind == "birth")).first()
    body = {"expected_version": 1, "withdraw_claims": [claim], "add": {"names": ["Salam Tesfai"]}}
    with world.work("BE-POL") as work:
        amendment = CaseAmendment.model_validate(body)
        amend(work, world.linkage, case.public_id, amendment, limit=10)
    with Session(world.engine) as session:
        record = matching_records(session, ids)[ids[0]]
        assert record == claimed_records(session, ids)[ids[0]]
        assert (len(record.names), len(record.births)) == (3, 1)


def test_a_lost_or_stale_row_is_found_and_mended(any_world: World) -> None:
    world = any_world
    world.missing("Selam Tesfay", "Arben Hoxha", "Łukasz Żak")
    with Session(world.engine) as session:
        lost, stale, sound = session.exec(select(Case.id).order_by(Case.id)).all()  # type: ignore[arg-type]  # a column
        before = matching_records(session, [lost, stale, sound])  # type: ignore[list-item]  # stored
        session.execute(text("DELETE FROM case_records WHERE case_id = :id"), {"id": lost})
        # A lost row costs time, never a hit.
        assert matching_records(session, [lost]) == {lost: before[lost]}  # type: ignore[list-item,index]  # stored
        session.execute(
            text("UPDATE case_records SET body = '[0]' WHERE case_id = :id"), {"id": stale}
        )
        found = stale_records(session, [lost, stale, sound])  # type: ignore[list-item]  # stored
        assert found == [lost, stale]
        put_records(session, claimed_records(session, found))
        assert stale_records(session, [lost, stale, sound]) == []  # type: ignore[list-item]  # stored
        assert matching_records(session, [lost, stale, sound]) == before  # type: ignore[list-item]  # stored


def test_an_amendment_during_a_refresh_is_kept(
    any_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = any_world
    with world.work("BE-POL") as work:
        draft = CaseDraft.model_validate(FULL)
        case = register_case(work, world.linkage, draft, limit=10).stored.case
    with world.engine.begin() as connection:
        connection.execute(text("DELETE FROM case_records"))
    amended: list[Future[None]] = []

    def change() -> None:
        body = {"expected_version": 1, "add": {"names": ["Salam Tesfai"]}}
        with world.work("BE-POL") as work:
            amend(work, world.linkage, case.public_id, CaseAmendment.model_validate(body), limit=10)

    with ThreadPoolExecutor(1) as pool:

        def put(session: Session, records: dict[int, PersonRecord]) -> None:
            if records:
                amended.append(pool.submit(change))
                # It waits for what was read before it to be written.
                with pytest.raises(TimeoutError):
                    amended[0].result(timeout=WAITS_SECONDS)
            put_records(session, records)

        monkeypatch.setattr(operations, "put_records", put)
        context = JobContext(world.engine, operator("test"), clock, world.linkage, lambda *_: None)
        assert refresh_records(context) == 1
        amended[0].result()
    with Session(world.engine) as session:
        assert stale_records(session, [case.id or 0]) == []
        assert len(matching_records(session, [case.id or 0])[case.id or 0].names) == 3


def test_the_command_writes_what_is_missing(world: World, sqlite_url: str) -> None:
    with world.work("BE-POL") as work:
        draft = CaseDraft.model_validate(FULL)
        register_case(work, world.linkage, draft, limit=10)
    with world.engine.begin() as connection:
        connection.execute(text("DELETE FROM case_records"))
    empd = Path(sys.executable).parent / "empd"
    for written in (1, 0):
        done = subprocess.run(
            [str(empd), "db", "refresh-records", "--json"],
            env={**os.environ, "EMPD_DATABASE_URL": sqlite_url},
            capture_output=True,
            check=True,
        )
        assert json.loads(done.stdout) == {"written": written}


def test_a_line_of_another_version_is_made_anew(any_world: World) -> None:
    world = any_world
    with world.work("BE-POL") as work:
        draft = CaseDraft.model_validate(FULL)
        case_id = register_case(work, world.linkage, draft, limit=10).stored.case.id or 0
    with Session(world.engine) as session:
        line = stored_lines(session, [case_id, case_id + 1])
        assert line == {case_id: line_of(matching_records(session, [case_id])[case_id])}
        for other in ("", "0\tF\t\t\t\t"):
            session.execute(text("UPDATE case_records SET line = :line"), {"line": other})
            assert stored_lines(session, [case_id]) == line
            assert stale_records(session, [case_id]) == [case_id]


@settings(max_examples=200, deadline=None)
@given(records)
def test_a_field_is_decoded_when_asked_for(record: PersonRecord) -> None:
    person = decode_persons({7: encode_record(record)})[7]
    for name in (field.name for field in fields(PersonRecord)):
        assert getattr(person, name) == getattr(record, name), name


def test_a_damaged_row_is_read_from_the_claims(any_world: World) -> None:
    world = any_world
    ids = world.missing("Selam Tesfay", "Arben Hoxha")
    with Session(world.engine) as session:
        before = matching_records(session, ids)
        for damaged in ("{bad", "[0] [0]", "7", ""):
            session.execute(
                text("UPDATE case_records SET body = :body WHERE case_id = :id"),
                {"body": damaged, "id": ids[0]},
            )
            assert matching_records(session, ids) == before
            assert stored_persons(session, ids)[ids[0]].names == before[ids[0]].names
            assert stale_records(session, ids) == [ids[0]]
