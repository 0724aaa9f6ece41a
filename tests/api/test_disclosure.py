"""Whoever learns of another authority's case stands in the trail with that case."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import Session, select
from starlette.testclient import TestClient

from service.audit.models import AuditEntry
from service.cases.models import Case
from service.security.policy import Permission, Role
from tests.api.conftest import Client, Served

Json = dict[str, Any]


def named(served: Served, request_id: str) -> set[str]:
    with Session(served.world.engine) as session:
        rows = session.exec(select(AuditEntry).where(AuditEntry.request_id == request_id))
        return {case_id for row in rows for case_id in row.case_ids}


def all_cases(served: Served) -> set[str]:
    with Session(served.world.engine) as session:
        return set(session.exec(select(Case.public_id)))


def check(served: Served, answer: Any) -> set[str]:
    """Every case that an answer shows stands in the trail of its request."""
    assert answer.status_code < 400, answer.text
    shown = {case_id for case_id in all_cases(served) if case_id in answer.text}
    assert shown <= named(served, answer.headers["x-request-id"])
    return shown


@pytest.fixture
def linked(served: Served, report: Json, child: Json) -> tuple[Client, Client, str, str]:
    """Two authorities with a pair that matches and shares a telephone number."""
    contact = {"contacts": [{"kind": "phone", "value": "+32460123456"}]}
    german, belgian = served.client("DE-JA"), served.client("BE-POL")
    filed = german.register({**report, **contact, "release": ["europol", "interpol"]})
    met = belgian.register({**child, **contact})
    german.register({"kind": "encountered", "names": ["Selam Tesfay"], **contact})
    return german, belgian, filed["case"]["case_id"], met["case"]["case_id"]


def test_answers_to_machines(served: Served, linked: tuple[Client, Client, str, str]) -> None:
    _, belgian, filed, met = linked
    http, headers = served.http, belgian.headers
    again = {"kind": "encountered", "names": ["Zamarai Stanikzai"], "births": [{"date": "2010"}]}
    assert filed in check(served, http.post("/api/v1/cases", json=again, headers=headers))
    change = {"expected_version": 1, "add": {"births": [{"date": "2010-05-17"}]}}
    assert filed in check(served, http.patch(f"/api/v1/cases/{met}", json=change, headers=headers))
    query = {"purpose": "identification", "reference": "BE/1", "query": {"names": ["Zmaray"]}}
    assert filed in check(served, http.post("/api/v1/search", json=query, headers=headers))
    queue = http.get("/api/v1/alerts", headers=headers)
    assert filed in check(served, queue)
    alert_id = queue.json()["alerts"][0]["alert_id"]
    check(served, http.get(f"/api/v1/alerts/{alert_id}", headers=headers))
    check(served, http.get("/api/v1/risk/flags", headers=headers))
    check(served, http.get(f"/api/v1/cases/{met}/indicators", headers=headers))


def test_pages(served: Served, linked: tuple[Client, Client, str, str]) -> None:
    *_, filed, met = linked
    browser: TestClient = served.browser("BE-POL", "an.officer", Role.CHILD_PROTECTION_OFFICER)
    for path in ("/", f"/cases/{met}", "/alerts", "/risk"):
        check(served, browser.get(path))
    # The page names no id of the other case, but shows its owner, age and sex.
    assert filed in named(served, browser.get(f"/cases/{met}").headers["x-request-id"])


def test_flags_name_in_the_trail_whom_they_point_to(
    served: Served, linked: tuple[Client, Client, str, str]
) -> None:
    _, belgian, filed, met = linked
    answer = served.http.get("/api/v1/risk/flags", headers=belgian.headers)
    assert answer.json()["flags"]
    # The third child shares the number; the report is linked, so it is no other child.
    (third,) = all_cases(served) - {filed, met}
    assert named(served, answer.headers["x-request-id"]) >= {met, third}


def test_alerts_are_shown_with_the_permission_only(
    served: Served, linked: tuple[Client, Client, str, str], child: Json
) -> None:
    writer = served.client("NL-COA", Permission.CASE_WRITE, Permission.CASE_READ)
    assert writer.register({**child, "record_id": "N-1"})["alerts"] == []
    assert served.client("NL-COA").get("/api/v1/alerts")["alerts"]


def test_a_repeated_reply_names_its_cases(
    served: Served, linked: tuple[Client, Client, str, str]
) -> None:
    *_, filed, _ = linked
    partner = served.client("NL-COA", Permission.EXCHANGE_QUERY)
    query = {
        "requesting_state": "NL",
        "request_number": "NL-1",
        "requested_at": "2026-06-30T09:12:44Z",
        "query": {
            "first_names": ["Zamarai"],
            "family_names": ["Stanekzai"],
            "date_of_birth": "2010-05-17",
        },
        "justification": {
            "purpose": "missing_child_search",
            "case_reference": "NL/26/1",
            "subject_role": "missing_person",
            "aim": "identify_person",
        },
    }
    for _ in range(2):
        answer = served.http.post("/europol/v1/queries", json=query, headers=partner.headers)
        assert answer.json()["number_of_matches"] == 1
        assert named(served, answer.headers["x-request-id"]) == {filed}
    answer = served.http.get("/europol/v1/queries/NL-1", headers=partner.headers)
    assert named(served, answer.headers["x-request-id"]) == {filed}
