"""What stands: alerts outlive poor retrieval, and verdicts are taken back one by one."""

from __future__ import annotations

from typing import Any

import pytest

from service.alerts.models import Alert
from service.alerts.operations import decide, withdraw
from service.alerts.repository import AlertRepository
from service.alerts.schemas import VerdictCode, VerdictIn
from service.audit.schemas import AuditEvent
from service.cases.intake import amend, close, register_case
from service.cases.schemas import CaseAmendment, CaseClosure, CaseDraft
from service.cases.vocabulary import CloseReason
from service.errors import Conflict
from tests.conftest import World

LIMIT = 50


class Pair:
    """Two cases of one authority that an alert connects."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.version = 1
        self.first = self.register("زمری ستانکزی")
        with world.work("BE-POL") as work:
            intake = register_case(
                work, world.linkage, self.draft("Zamarai Stanekzai"), limit=LIMIT
            )
            self.second = intake.stored.case.public_id
            (alert,) = intake.alerts
            self.alert_id = alert.public_id

    @staticmethod
    def draft(name: str) -> CaseDraft:
        return CaseDraft.model_validate(
            {"kind": "encountered", "names": [name], "births": [{"date": "2010-05-17"}]}
        )

    def register(self, name: str) -> str:
        with self.world.work("BE-POL") as work:
            found = register_case(work, self.world.linkage, self.draft(name), limit=LIMIT)
            return found.stored.case.public_id

    def amend(self, limit: int = LIMIT, **add: Any) -> None:
        body = {"expected_version": self.version, "add": add}
        self.version += 1
        with self.world.work("BE-POL") as work:
            amendment = CaseAmendment.model_validate(body)
            amend(work, self.world.linkage, self.second, amendment, limit=limit)

    def decide(self, verdict: VerdictCode) -> str:
        with self.world.work("BE-POL") as work:
            return decide(work, self.alert_id, VerdictIn(verdict=verdict, reason="seen")).public_id

    def withdraw(self, verdict_id: str) -> None:
        with self.world.work("BE-POL") as work:
            withdraw(work, self.alert_id, verdict_id, "an error")

    def close(self, public_id: str) -> None:
        with self.world.work("BE-POL") as work:
            reason = CaseClosure(reason=CloseReason.FOUND, note="")
            close(work, self.world.linkage, public_id, reason)

    def alert(self) -> Alert:
        with self.world.work("BE-POL") as work:
            work.audit(AuditEvent("test:read"))
            return AlertRepository(work.session, work.actor).get(self.alert_id)


@pytest.fixture
def pair(world: World) -> Pair:
    return Pair(world)


def test_a_partner_that_retrieval_misses_keeps_its_alert(pair: Pair) -> None:
    # Namesakes born on that day crowd the partner out of the few candidates.
    for _ in range(6):
        pair.register("Zamarai Stanekzai")
    before = pair.alert()
    pair.amend(limit=1, countries_of_birth=["AF"])
    after = pair.alert()
    assert after.status == "open"
    assert after.digests != before.digests
    assert after.match_weight > 0


def test_withdrawing_an_old_verdict_leaves_the_newer_one(pair: Pair) -> None:
    unsure = pair.decide(VerdictCode.UNSURE)
    pair.decide(VerdictCode.DIFFERENT)
    pair.withdraw(unsure)
    assert pair.alert().status == "different"


def test_withdrawing_the_newer_one_brings_the_older_back(pair: Pair) -> None:
    pair.decide(VerdictCode.UNSURE)
    different = pair.decide(VerdictCode.DIFFERENT)
    pair.withdraw(different)
    assert pair.alert().status == "unsure"


def test_a_verdict_on_other_claims_does_not_come_back(pair: Pair) -> None:
    pair.decide(VerdictCode.DIFFERENT)
    pair.amend(names=["Zmaray Stanikzai"])
    same = pair.decide(VerdictCode.SAME)
    pair.withdraw(same)
    assert pair.alert().status == "open"


def test_a_confirmed_link_outlives_changed_claims(pair: Pair) -> None:
    unsure = pair.decide(VerdictCode.UNSURE)
    pair.decide(VerdictCode.SAME)
    pair.amend(names=["Zmaray Stanikzai"])
    pair.withdraw(unsure)
    assert pair.alert().status == "same"


def test_a_closed_pair_waits_for_nobody(pair: Pair) -> None:
    verdict = pair.decide(VerdictCode.SAME)
    pair.close(pair.first)
    pair.withdraw(verdict)
    assert pair.alert().status == "lapsed"
    with pytest.raises(Conflict, match="lapsed"):
        pair.decide(VerdictCode.SAME)


def test_a_pair_settled_as_different_stays_so_when_its_partner_is_closed(pair: Pair) -> None:
    pair.decide(VerdictCode.DIFFERENT)
    pair.close(pair.first)
    pair.amend(names=["Zmaray Stanikzai"])
    assert pair.alert().status == "different"
