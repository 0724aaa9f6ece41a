"""Sign-in, passwords, and the trace that each attempt leaves."""

from __future__ import annotations

import pytest
from sqlmodel import Session, select

from service.accounts.operations import MAX_FAILURES_LOGIN
from service.audit.models import AuditEntry
from service.security.csrf import CSRF_FIELD
from service.security.policy import CLIENT_SCOPES, Role
from tests.api.conftest import PASSWORD, Served, csrf

NEW = "another long synthetic password"


def actions(served: Served) -> list[str]:
    with Session(served.world.engine) as session:
        return list(session.exec(select(AuditEntry.action)))


def test_a_changed_password_ends_the_other_sessions(served: Served) -> None:
    here = served.browser("BE-POL", "an.example")
    elsewhere = served.sign_in("an.example", PASSWORD)
    stranger = served.browser("BE-POL", "another.example")
    form = {CSRF_FIELD: csrf(here, "/password"), "old_password": PASSWORD, "new_password": NEW}
    assert here.post("/password", data=form, follow_redirects=False).status_code == 303
    assert here.get("/", follow_redirects=False).status_code == 200
    assert elsewhere.get("/", follow_redirects=False).headers["location"] == "/sign-in"
    assert stranger.get("/", follow_redirects=False).status_code == 200


def test_a_lock_out_and_refused_credentials_leave_their_trace(served: Served) -> None:
    served.official("BE-POL", "an.example")
    for attempt in range(MAX_FAILURES_LOGIN + 1):
        form = {CSRF_FIELD: csrf(served.http, "/sign-in"), "login": "an.example", "password": "x"}
        status = served.http.post("/sign-in", data=form).status_code
        assert status == (401 if attempt < MAX_FAILURES_LOGIN else 429)
    form = {"grant_type": "client_credentials", "client_id": "client-x", "client_secret": "y"}
    assert served.http.post("/oauth/token", data=form).status_code == 401
    found = actions(served)
    assert found.count("session:refused") == MAX_FAILURES_LOGIN
    assert found.count("session:locked_out") == 1
    assert found.count("token:refused") == 1


def test_a_machine_decides_nothing_by_itself(
    served: Served, report: dict[str, object], child: dict[str, object]
) -> None:
    served.client("DE-JA").register(report)
    machine = served.client("BE-POL", *CLIENT_SCOPES)
    alert_id = machine.register(child)["alerts"][0]["alert_id"]
    path = f"/api/v1/alerts/{alert_id}/verdicts"
    verdict = {"verdict": "same", "reason": "mother agrees"}
    named = machine.headers.pop("X-Official")
    assert "X-Official" in machine.post(path, verdict, 403)["detail"]
    assert machine.get(f"/api/v1/alerts/{alert_id}")["may_decide"] is False
    served.official("DE-JA", "a.stranger")
    served.official("BE-POL", "an.evaluator", Role.EVALUATOR)
    for stranger in ("nobody", "a.stranger", "<script>"):
        machine.headers["X-Official"] = stranger
        assert machine.post(path, verdict, 422)["errors"][0]["field"] == "X-Official"
    machine.headers["X-Official"] = "an.evaluator"
    machine.post(path, verdict, 403)
    machine.headers["X-Official"] = named
    assert machine.post(path, verdict, 201)["decided_by"].endswith(f"for {named}")


def test_statistics_are_for_evaluators_and_small_counts_are_withheld(
    served: Served, child: dict[str, object]
) -> None:
    client = served.client("BE-POL")
    for number in range(11):
        client.register({**child, "record_id": f"E-{number}"})
    client.register({"kind": "missing", "names": ["Selam Tesfay"]})
    client.get("/api/v1/statistics", 403)
    evaluator = served.browser("NL-COA", "an.evaluator", Role.EVALUATOR)
    found = evaluator.get("/api/v1/statistics").json()
    counts = {item["of"]: item["count"] for item in found["cases"]}
    assert counts == {"encountered open": 11, "missing open": None}
    page = evaluator.get("/statistics").text
    assert "fewer than 11" in page
    assert evaluator.get("/api/v1/alerts").status_code == 403


def test_a_case_is_opened_by_its_reference(served: Served, child: dict[str, object]) -> None:
    case_id = served.client("BE-POL").register(child)["case"]["case_id"]
    own, other = served.browser("BE-POL", "an.example"), served.browser("DE-JA", "a.german")
    for browser, status in ((own, 303), (other, 404)):
        form = {CSRF_FIELD: csrf(browser, "/"), "reference": "E-1"}
        answer = browser.post("/cases/find", data=form, follow_redirects=False)
        assert answer.status_code == status
        assert (case_id in answer.headers.get("location", "")) == (status == 303)


def test_a_telephone_of_an_unnamed_adult_is_not_lost(served: Served) -> None:
    browser = served.browser("BE-POL", "an.example")
    form = {
        CSRF_FIELD: csrf(browser, "/cases/new"),
        "kind": "encountered",
        "given_name": "Selam",
        "adult_phone": "+32470000000",
    }
    answer = browser.post("/cases/new", data=form)
    assert answer.status_code == 422
    assert "relatives" in answer.text


@pytest.mark.parametrize("reason", ["gone", ""])
def test_a_wrong_reason_to_close_is_said_on_the_page(
    served: Served, child: dict[str, object], reason: str
) -> None:
    case_id = served.client("BE-POL").register(child)["case"]["case_id"]
    browser = served.browser("BE-POL", "an.example")
    form = {CSRF_FIELD: csrf(browser, f"/cases/{case_id}"), "reason": reason}
    answer = browser.post(f"/cases/{case_id}/close", data=form)
    assert answer.status_code == 422
    assert "reason" in answer.text
