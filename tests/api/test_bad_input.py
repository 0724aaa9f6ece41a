"""Bad input: one clear problem that names the field, nothing stored, nothing repeated."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from service.cases.models import Case, Claim
from service.errors import AuditMissing
from service.security.policy import ANONYMOUS, Permission
from service.store.unit_of_work import unit_of_work
from tests.api.conftest import Served
from tests.conftest import World, clock

SECRET = "Zzyzxnameofnobody"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"births": [{"date": "2009-02-30"}]}, "births.0.date"),
        ({"births": [{"date": "2031-01-01"}]}, "births.0.date"),
        ({"births": [{"date": "1850"}]}, "births.0.date"),
        ({"births": [{"age": "-1"}]}, "births.0.age"),
        ({"births": [{"age": "121"}]}, "births.0.age"),
        ({"births": [{"age": "17..15"}]}, "births.0.age"),
        ({"births": [{"age": "15", "on": "1800-01-01"}]}, "births.0.age"),
        ({"births": [{"date": "2010..2031"}]}, "births.0.date"),
        ({"births": [{}]}, "births.0"),
        ({"nationalities": ["QQ"]}, "nationalities.0"),
        ({"names": ["...!"]}, "names.0.full"),
        ({"names": [f"{SECRET}\x00"]}, "names.0.full"),
        ({"names": [f"{SECRET}\x1b"]}, "names.0.full"),
        ({"names": [f"\u200f{SECRET}"]}, "names.0.full"),
        ({"names": ["x" * 10_000]}, "names.0.full"),
        ({"names": [" "]}, "names.0.full"),
        ({"events": [{"kind": "disappearance", "date": "2030"}]}, "events.0.date"),
        ({"sex": "W"}, "sex"),
        ({"kind": "lost"}, "kind"),
        ({"unheard_of": 1}, "unheard_of"),
        ({"handling_codes": ["H3"]}, "handling_note"),
        ({"contacts": [{"kind": "phone", "value": ""}]}, "contacts.0.value"),
        ({"contacts": [{"kind": "phone", "value": "n/a"}]}, "contacts.0.value"),
        ({"contacts": [{"kind": "email", "value": "none"}]}, "contacts.0.value"),
        ({"documents": [{"number": "unknown"}]}, "documents.0.number"),
        ({"documents": [{"number": "--"}]}, "documents.0.number"),
        ({"addresses": [{}]}, "addresses.0.text"),
        ({"photographs": [{}]}, "photographs.0.caption"),
        ({"photographs": [{"taken_on": "2050-01-01"}]}, "photographs.0.taken_on"),
        ({"languages": ["zz"]}, "languages.0"),
        ({"record_id": "x\u202ey"}, "record_id"),
        ({"names": ["Ali\ufffd"]}, "names.0.full"),
        (
            {"births": [{"date": "2020"}], "events": [{"kind": "encounter", "date": "2010"}]},
            "events.0.date",
        ),
        ({"evaluation": "Z9"}, "evaluation"),
        ({"trafficking": {"belief": "yes"}}, "trafficking"),
        ({"description": {"height_cm": "900"}}, "description.height_cm"),
        ({"description": {"weight_kg": "abc"}}, "description.weight_kg"),
    ],
)
def test_one_problem_names_the_field(
    served: Served, child: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    client = served.client("BE-POL")
    problem = client.post("/api/v1/cases", {**child, **change}, 422)
    assert problem["errors"][0]["field"] == field
    assert problem["status"] == 422
    assert SECRET not in str(problem)
    with Session(served.world.engine) as session:
        assert session.exec(select(func.count()).select_from(Case)).one() == 0
        assert session.exec(select(func.count()).select_from(Claim)).one() == 0


def test_broken_json_and_utf8(served: Served) -> None:
    client = served.client("BE-POL")
    headers = {**client.headers, "Content-Type": "application/json"}
    for body in (b'{"kind": ', b'{"kind": "\xff\xfe"}', b"[]", b""):
        answer = served.http.post("/api/v1/cases", content=body, headers=headers)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["errors"]


def test_a_huge_body_is_not_read(served: Served) -> None:
    client = served.client("BE-POL")
    client.post("/api/v1/cases", {"kind": "missing", "circumstances": "x" * 1_100_000}, 413)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/cases/nobody",
        "/api/v1/alerts/none",
        "/api/v1/clusters/none",
        "/notices/v1/yellow/2026-1",
    ],
)
def test_unknown_ids(served: Served, path: str) -> None:
    served.client("BE-POL").get(path, 404)


@pytest.mark.parametrize("cursor", ["abc", "0_99999999999999999999", "nan_1", "inf_1", "1_-1"])
def test_a_cursor_of_ours_only(served: Served, cursor: str) -> None:
    problem = served.client("BE-POL").get(f"/api/v1/alerts?after={cursor}", 422)
    assert problem["errors"][0]["field"] == "after"


def routes(served: Served) -> list[tuple[str, str]]:
    paths = served.http.get("/openapi.json").json()["paths"]
    return [(method, path) for path, item in paths.items() for method in item]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"names": ["Ali"], "age": "121"}, "query.age"),
        ({"names": ["Ali"], "born": "2030"}, "query.born"),
        ({"names": ["Ali"], "born": "0001"}, "query.born"),
        ({"phones": [""]}, "query.phones.0"),
        ({"documents": [{"number": "none"}]}, "query.documents.0.number"),
        ({"names": ["Ali"], "filters": {"age": "17..15"}}, "query.filters.age"),
        (
            {
                "names": ["Ali"],
                "filters": {"event_from": "2026-02-01", "event_until": "2026-01-01"},
            },
            "query.filters.event_from",
        ),
    ],
)
def test_a_bad_search_names_the_field(served: Served, query: dict[str, Any], field: str) -> None:
    body = {"purpose": "identification", "reference": "1", "query": query}
    problem = served.client("BE-POL").post("/api/v1/search", body, 422)
    assert problem["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("headers", "field"),
    [
        ({"X-Purpose": "A B", "X-Case-Reference": "1"}, "X-Purpose"),
        ({"X-Purpose": "identification", "X-Case-Reference": "1" * 7_000}, "X-Case-Reference"),
    ],
)
def test_a_purpose_has_its_form(
    served: Served, child: dict[str, Any], headers: dict[str, str], field: str
) -> None:
    case_id = served.client("BE-POL").register(child)["case"]["case_id"]
    problem = served.client("DE-JA").get(f"/api/v1/cases/{case_id}", 422, headers=headers)
    assert problem["errors"][0]["field"] == field


def test_a_case_cannot_be_emptied(served: Served, child: dict[str, Any]) -> None:
    client = served.client("BE-POL")
    case = client.register(child)["case"]
    path = f"/api/v1/cases/{case['case_id']}"
    everything = [claim["id"] for claim in case["claims"]]
    problem = client.patch(path, {"expected_version": 1, "withdraw_claims": everything}, 422)
    assert problem["errors"][0]["field"] == "withdraw_claims"
    client.patch(path, {"expected_version": 1}, 422)
    view = client.get(path)
    assert view["version"] == 1
    assert all(claim["withdrawn_at"] is None for claim in view["claims"])


def test_a_share_leads_somewhere(served: Served, child: dict[str, Any]) -> None:
    client = served.client("BE-POL")
    path = f"/api/v1/cases/{client.register(child)['case']['case_id']}"
    client.post(f"{path}/shares", {"authority": "BE-POL", "reason": "ourselves"}, 422)
    client.post(f"{path}/close", {"reason": "found"})
    client.post(f"{path}/shares", {"authority": "DE-JA", "reason": "too late"}, 409)


def test_every_route_asks_who_it_is(served: Served) -> None:
    found = routes(served)
    assert len(found) > 20
    public = {"/oauth/token", "/healthz", "/readyz", "/metrics"}
    for method, path in found:
        if path not in public:
            answer = served.http.request(method.upper(), path.replace("{", "").replace("}", ""))
            assert answer.status_code == 401, (method, path)
            assert answer.headers["www-authenticate"] == "Bearer"


def test_a_scope_that_is_missing_is_refused(served: Served, child: dict[str, Any]) -> None:
    reader = served.client("BE-POL", Permission.CASE_READ)
    problem = reader.post("/api/v1/cases", child, 403)
    assert "case:write" in problem["detail"]


def test_a_wrong_or_revoked_secret(served: Served) -> None:
    form = {"grant_type": "client_credentials", "client_id": "client-x", "client_secret": "y"}
    assert served.http.post("/oauth/token", data=form).status_code == 401
    assert (
        served.http.post("/oauth/token", data={**form, "grant_type": "password"}).status_code == 422
    )


def test_no_audit_row_no_answer(world: World) -> None:
    with pytest.raises(AuditMissing), unit_of_work(world.engine, ANONYMOUS, clock=clock) as work:
        work.session.execute(text("SELECT 1"))


def test_the_trail_cannot_be_changed(any_world: World) -> None:
    for statement in ("UPDATE audit_entries SET purpose = 'x'", "DELETE FROM audit_entries"):
        with any_world.engine.connect() as connection, pytest.raises(DBAPIError):
            connection.execute(text(statement))
