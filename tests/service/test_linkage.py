"""Matching gives the same with a mirror in memory and without, whoever changes what meanwhile."""

from __future__ import annotations

from functools import partial

import pytest
from sqlmodel import Session

from matching.record import Name, PersonRecord
from service.cases.intake import Intake, amend, close, register_case
from service.cases.records.repository import matching_records
from service.cases.repository import CaseRepository
from service.cases.schemas import CaseAmendment, CaseClosure, CaseDraft
from service.cases.vocabulary import CloseReason
from service.index.base import Scope
from service.index.mirror import Mirror
from service.index.sql import SqlIndex
from service.linkage import Linkage
from service.store.engine import for_reading
from tests.conftest import World

LIMIT = 50
PHONE = "+49301234567"


class Rolled(Exception):
    """Ends a unit of work that is to leave nothing."""


@pytest.fixture
def mirror() -> Mirror:
    return Mirror(in_background=False)


@pytest.fixture
def mirrored(linkage: Linkage, mirror: Mirror) -> Linkage:
    return Linkage(linkage.profile, partial(SqlIndex, mirror=mirror))


def taken_in(world: World, linkage: Linkage, *names: str, **fields: object) -> Intake:
    body = {"kind": "encountered", "names": names, "births": [{"date": "2010-05-17"}], **fields}
    with world.work("BE-POL") as work:
        return register_case(work, linkage, CaseDraft.model_validate(body), limit=LIMIT)


def register(world: World, linkage: Linkage, *names: str, **fields: object) -> int:
    return taken_in(world, linkage, *names, **fields).stored.case.id or 0


def rename(world: World, linkage: Linkage, case_id: int, name: str, *, undo: bool = False) -> None:
    """Put another name in place of those claimed."""
    with world.work("BE-POL") as work:
        repository = CaseRepository(work.session, work.actor)
        case = repository.by_ids([case_id])[case_id].case
        claims = repository.claims(case_id, standing_only=True)
        body = {
            "expected_version": case.version,
            "reason": "heard again",
            "withdraw_claims": [claim.id for claim in claims if claim.kind == "name"],
            "add": {"names": [name]},
        }
        amend(work, linkage, case.public_id, CaseAmendment.model_validate(body), limit=LIMIT)
        if undo:
            raise Rolled


def ranked(session: Session, linkage: Linkage, query: PersonRecord) -> list[tuple[int, float]]:
    """Candidates in order, each explained, so that whole records are read as well."""
    ranking = linkage.rank(session, query, scope=Scope(), limit=LIMIT)
    found = [(item.case_id, item.match_weight) for item in ranking.items]
    explained = ranking.explain([case_id for case_id, _ in found])
    weights = {item.case_id: item.assessment.match_weight for item in explained}
    assert dict(found) == pytest.approx(weights, abs=1e-5)
    return found


def agree(world: World, *linkages: Linkage) -> None:
    """Every case as a query gets the same answer."""
    with Session(for_reading(world.engine)) as session:
        for query in matching_records(session, range(1, 30)).values():
            first, *others = [ranked(session, linkage, query) for linkage in linkages]
            assert all(other == first for other in others)


def test_whatever_happens_to_cases(any_world: World, linkage: Linkage, mirrored: Linkage) -> None:
    world = any_world
    contact = [{"kind": "phone", "value": PHONE}]
    one = register(world, linkage, "Muhamad Ali", contacts=contact)
    # Another spelling of the same terms, two names that say the same, a tie.
    register(world, mirrored, "Mohammad Ali", contacts=contact)
    register(world, mirrored, "Ahmad Asadullah Ahmedi", "احمد اسدالله احمدی")
    register(world, linkage, "Farhad Asad Ollag")
    agree(world, linkage, mirrored)
    rename(world, mirrored, one, "Mohamed Ally")
    agree(world, linkage, mirrored)
    rename(world, linkage, one, "Muhammad Aly")
    agree(world, linkage, mirrored)
    with world.work("BE-POL") as work:
        repository = CaseRepository(work.session, work.actor)
        public_id = repository.by_ids([one])[one].case.public_id
        closure = CaseClosure(reason=CloseReason.FOUND)
        close(work, mirrored, public_id, closure)
    agree(world, linkage, mirrored)


def test_alerts_are_the_same(any_world: World, linkage: Linkage, mirrored: Linkage) -> None:
    others = {register(any_world, linkage, "Zamarai Stanekzai", f"Alias {n}") for n in "abc"}
    raised = []
    for used in (linkage, mirrored):
        alerts = taken_in(any_world, used, "Zamarai Stanekzay").alerts
        raised.append({a.left_id: a.match_weight for a in alerts if a.left_id in others})
    assert raised[0].keys() == others
    assert raised[0] == raised[1]


def test_what_is_rolled_back_is_in_nobodys_memory(
    any_world: World, linkage: Linkage, mirrored: Linkage
) -> None:
    world = any_world
    one = register(world, linkage, "Muhamad Ali")
    register(world, linkage, "Selam Tesfay")
    agree(world, linkage, mirrored)
    # A change that the mirror has not taken in when the next one begins.
    rename(world, linkage, one, "Muhammad Alli")
    with pytest.raises(Rolled):
        rename(world, mirrored, one, "Mohamed Alie", undo=True)
    agree(world, linkage, mirrored)
    rename(world, linkage, one, "Muhamad Ally")
    rename(world, mirrored, one, "Mohamet Aly")
    agree(world, linkage, mirrored)


def test_who_reads_an_older_state_is_offered_nothing_newer(
    any_world: World, linkage: Linkage, mirrored: Linkage
) -> None:
    world, query = any_world, PersonRecord("q", names=(Name.of("Muhamad Ali"),))
    one = register(world, linkage, "Muhamad Ali")
    other = register(world, linkage, "Muhammad Aly")
    with Session(for_reading(world.engine)) as reader:
        before = ranked(reader, linkage, query)
        rename(world, linkage, other, "Muhamad Ali")
        newest = register(world, linkage, "Muhamad Ali", record_id="new")
        # Somebody else brings the mirror up to date.
        agree(world, linkage, mirrored)
        assert ranked(reader, mirrored, query) == before
    with Session(for_reading(world.engine)) as later:
        found = dict(ranked(later, mirrored, query))
        assert found.keys() == {one, other, newest}
        assert found[other] == found[one]
