"""Two who change the same: the second is told, nothing is lost."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select

from service.alerts.operations import decide
from service.alerts.repository import WaitingRepository
from service.alerts.schemas import VerdictCode, VerdictIn
from service.cases.intake import amend, close, register_case
from service.cases.models import Case, CaseChange
from service.cases.operations import store_case
from service.cases.records.repository import locked_case_ids
from service.cases.repository import CaseRepository
from service.cases.schemas import CaseAmendment, CaseClosure, CaseDraft
from service.cases.vocabulary import CloseReason
from service.errors import Conflict
from service.linkage import Linkage
from tests.conftest import World

WAITS_SECONDS = 0.5
LIMIT = 50


def draft(name: str = "Zamarai Stanekzai", **fields: object) -> CaseDraft:
    body = {"kind": "encountered", "names": [name], "births": [{"date": "2010-05-17"}], **fields}
    return CaseDraft.model_validate(body)


def register(world: World, code: str = "BE-POL", **fields: object) -> str:
    with world.work(code) as work:
        case = register_case(work, world.linkage, draft(**fields), limit=LIMIT).stored.case  # type: ignore[arg-type]  # field values
        return case.public_id


def note(text: str) -> CaseAmendment:
    return CaseAmendment.model_validate({"expected_version": 1, "circumstances": text})


def stored(world: World, public_id: str) -> Case:
    with Session(world.engine) as session:
        return session.exec(select(Case).where(Case.public_id == public_id)).one()


@pytest.mark.parametrize("second", ["amend", "close"])
def test_the_second_change_waits_and_is_refused(any_world: World, second: str) -> None:
    world, public_id = any_world, register(any_world)
    begun = threading.Event()

    def change() -> None:
        begun.set()
        with world.work("BE-POL") as work:
            if second == "amend":
                amend(work, world.linkage, public_id, note("second"), limit=LIMIT)
            else:
                reason = CaseClosure(reason=CloseReason.FOUND, note="")
                close(work, world.linkage, public_id, reason)

    with ThreadPoolExecutor(1) as pool:
        with world.work("BE-POL") as work:
            amend(work, world.linkage, public_id, note("first"), limit=LIMIT)
            late = pool.submit(change)
            begun.wait()
            with pytest.raises(TimeoutError):
                late.result(timeout=WAITS_SECONDS)
        if second == "amend":
            with pytest.raises(Conflict):
                late.result()
        else:
            late.result()
    case = stored(world, public_id)
    assert case.circumstances == "first"
    assert case.version == (2 if second == "amend" else 3)
    with Session(world.engine) as session:
        versions = [c.version for c in session.exec(select(CaseChange).order_by(CaseChange.id))]  # type: ignore[arg-type]  # a column
    assert versions == list(range(1, case.version + 1))


def test_a_verdict_given_meanwhile_is_not_overwritten(any_world: World) -> None:
    world = any_world
    register(world, "DE-JA", name="زمری ستانکزی")
    with world.work("BE-POL") as work:
        intake = register_case(work, world.linkage, draft(), limit=LIMIT)
        public_id = intake.stored.case.public_id
        (alert_id,) = [alert.public_id for alert in intake.alerts]

    def settle() -> str:
        verdict = VerdictIn(verdict=VerdictCode.SAME, reason="mother agrees")
        with world.work("DE-JA") as work:
            return decide(work, alert_id, verdict).verdict

    with ThreadPoolExecutor(1) as pool:
        with world.work("BE-POL") as work:
            change = {"expected_version": 1, "add": {"names": ["Zmaray Stanikzai"]}}
            amend(work, world.linkage, public_id, CaseAmendment.model_validate(change), limit=LIMIT)
            late = pool.submit(settle)
            with pytest.raises(TimeoutError):
                late.result(timeout=WAITS_SECONDS)
        assert late.result() == "same"
    with world.work("BE-POL") as work:
        empty = CaseAmendment.model_validate({"expected_version": 2, "circumstances": "x"})
        raised = amend(work, world.linkage, public_id, empty, limit=LIMIT).alerts
    # Confirmed by then: the amendment raises it no more, and its status is what was decided.
    assert alert_id not in {alert.public_id for alert in raised}


def test_the_same_reference_at_once_is_a_conflict(any_world: World) -> None:
    world = any_world
    barrier = threading.Barrier(2)

    def once() -> str:
        try:
            with world.work("BE-POL") as work:
                if world.engine.dialect.name == "postgresql":
                    barrier.wait(timeout=10)
                store_case(work, draft(record_id="TWICE"))
        except Conflict:
            return "conflict"
        return "stored"

    with ThreadPoolExecutor(2) as pool:
        found = sorted(future.result() for future in [pool.submit(once), pool.submit(once)])
    assert found == ["conflict", "stored"]


@pytest.mark.postgres
def test_mending_records_holds_up_changes_but_no_alerts(
    postgres_engine: Engine, linkage: Linkage
) -> None:
    world = World(postgres_engine, linkage)
    public_id = register(world)
    with Session(world.engine) as mending:
        (case_id,) = locked_case_ids(mending, after=0, limit=10)
        with Session(world.engine) as other:
            other.execute(text(f"SET LOCAL lock_timeout = '{WAITS_SECONDS}s'"))
            WaitingRepository(other).add([case_id])
            with pytest.raises(OperationalError, match="lock timeout"):
                CaseRepository(other, world.actor("BE-POL")).get_own(public_id)
