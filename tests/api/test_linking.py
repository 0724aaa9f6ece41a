"""The main journey over HTTP: register, be warned, share, decide, take back."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import Session, select

from service.audit.models import AuditEntry
from service.audit.operations import verify_chain
from service.audit.repository import AuditRepository
from tests.api.conftest import Client, Served

Json = dict[str, Any]


@pytest.fixture
def german(served: Served) -> Client:
    return served.client("DE-JA")


@pytest.fixture
def belgian(served: Served) -> Client:
    return served.client("BE-POL")


def link(german: Client, belgian: Client, report: Json, child: Json) -> tuple[Json, Json]:
    filed = german.register(report)
    met = belgian.register(child)
    assert filed["alerts"] == []
    return filed["case"], met


class TestRegister:
    def test_the_officer_sees_the_match_at_once(
        self, german: Client, belgian: Client, report: Json, child: Json
    ) -> None:
        _, met = link(german, belgian, report, child)
        (alert,) = met["alerts"]
        assert alert["link"] == "match"
        assert alert["colour"] == "yellow"
        assert {alert["left"]["authority"], alert["right"]["authority"]} == {"DE-JA", "BE-POL"}

    def test_a_duplicate_within_one_authority(
        self, belgian: Client, report: Json, child: Json
    ) -> None:
        belgian.register(report)
        assert belgian.register(child)["alerts"][0]["link"] == "duplicate"

    @pytest.mark.parametrize(
        "body",
        [
            {"kind": "encountered", "names": ["Selam"]},
            {"kind": "encountered", "names": ["Selam"], "births": [{"age": "14..16"}]},
            {"kind": "missing", "names": ["ሰላም"], "births": [{"date": "2009"}]},
            {"kind": "unidentified", "description": {"height_cm": "150..160"}},
        ],
    )
    def test_nobody_has_to_invent(self, belgian: Client, body: Json) -> None:
        case = belgian.register(body)["case"]
        assert case["sex"] == "U"
        assert case["record_id"]

    def test_the_same_reference_twice(self, belgian: Client, report: Json) -> None:
        belgian.register(report)
        problem = belgian.post("/api/v1/cases", report, 409)
        assert problem["errors"][0]["field"] == "record_id"


class TestAccess:
    def test_others_see_age_sex_country_and_contact(
        self, german: Client, belgian: Client, report: Json, child: Json
    ) -> None:
        filed, met = link(german, belgian, report, child)
        side = met["alerts"][0]["left"]
        assert side["case_id"] == filed["case_id"]
        assert (side["access"], side["age"], side["sex"]) == ("limited", "16", "M")
        assert side["event_country"] == "DE"
        assert "desk@de-ja.example" in side["contact"]
        assert side["display_name"] is None
        assert side["record_id"] is None
        detail = belgian.get(f"/api/v1/alerts/{met['alerts'][0]['alert_id']}")
        assert all(item["left"] is None for item in detail["evidence"])
        assert any(item["right"] for item in detail["evidence"])
        assert sum(i["weight"] for i in detail["evidence"]) + detail["prior"] == pytest.approx(
            detail["match_weight"], abs=0.05
        )

    def test_another_case_needs_purpose_and_reference(
        self, german: Client, belgian: Client, report: Json
    ) -> None:
        case_id = german.register(report)["case"]["case_id"]
        problem = belgian.get(f"/api/v1/cases/{case_id}", 422)
        assert problem["code"] == "purpose_required"
        headers = {"X-Purpose": "missing_child_search", "X-Case-Reference": "BE/1"}
        view = belgian.get(f"/api/v1/cases/{case_id}", headers=headers)
        assert view["access"] == "limited"
        assert view["claims"] is None
        assert "ستانکزی" not in str(view)

    def test_a_share_opens_and_closes(self, german: Client, belgian: Client, report: Json) -> None:
        case_id = german.register(report)["case"]["case_id"]
        headers = {"X-Purpose": "identification", "X-Case-Reference": "BE/1"}
        path = f"/api/v1/cases/{case_id}"
        belgian.post(f"{path}/shares", {"authority": "BE-POL", "reason": "mine now"}, 403)
        german.post(f"{path}/shares", {"authority": "BE-POL", "reason": "joint case"}, 204)
        assert belgian.get(path, headers=headers)["display_name"] == "زمری ستانکزی"
        german.http.delete(f"{path}/shares/BE-POL", headers=german.headers)
        assert belgian.get(path, headers=headers)["display_name"] is None

    def test_only_the_owner_changes(self, german: Client, belgian: Client, report: Json) -> None:
        case_id = german.register(report)["case"]["case_id"]
        belgian.patch(
            f"/api/v1/cases/{case_id}", {"expected_version": 1, "circumstances": "x"}, 403
        )
        belgian.post(f"/api/v1/cases/{case_id}/close", {"reason": "found"}, 403)

    def test_a_third_authority_sees_no_alert(
        self, served: Served, german: Client, belgian: Client, report: Json, child: Json
    ) -> None:
        _, met = link(german, belgian, report, child)
        third = served.client("NL-COA")
        assert third.get("/api/v1/alerts")["alerts"] == []
        third.get(f"/api/v1/alerts/{met['alerts'][0]['alert_id']}", 404)


class TestVerdicts:
    def test_same_forms_a_cluster_and_withdrawing_splits_it(
        self, german: Client, belgian: Client, report: Json, child: Json
    ) -> None:
        filed, met = link(german, belgian, report, child)
        path = f"/api/v1/alerts/{met['alerts'][0]['alert_id']}"
        belgian.post(f"{path}/verdicts", {"verdict": "same", "reason": ""}, 422)
        verdict = belgian.post(
            f"{path}/verdicts", {"verdict": "same", "reason": "mother agrees"}, 201
        )
        assert (verdict["basis"], verdict["authority"]) == ("limited", "BE-POL")
        cluster_id = german.get(f"/api/v1/cases/{filed['case_id']}")["cluster_id"]
        cluster = german.get(f"/api/v1/clusters/{cluster_id}")
        assert len(cluster["cases"]) == 2
        belgian.post(f"{path}/verdicts", {"verdict": "different", "reason": "no, wrong"}, 409)
        german.post(
            f"{path}/verdicts/{verdict['verdict_id']}/withdraw", {"reason": "not ours"}, 403
        )
        belgian.post(f"{path}/verdicts/{verdict['verdict_id']}/withdraw", {"reason": "an error"})
        assert german.get(f"/api/v1/cases/{filed['case_id']}")["cluster_id"] is None
        german.get(f"/api/v1/clusters/{cluster_id}", 404)
        assert belgian.get(path)["status"] == "open"

    def test_three_cases_and_one_link_less(
        self, served: Served, german: Client, belgian: Client, report: Json, child: Json
    ) -> None:
        german.register(report)
        first = belgian.register(child)
        again = served.client("NL-COA").register({**child, "record_id": "N-1"})
        alerts = [first["alerts"][0], *again["alerts"]]
        verdicts = {}
        for alert in alerts:
            path = f"/api/v1/alerts/{alert['alert_id']}"
            who = next(
                c
                for c in (german, belgian, served.client("NL-COA"))
                if c.http.get(path, headers=c.headers).status_code == 200
            )
            verdicts[path] = (
                who,
                who.post(f"{path}/verdicts", {"verdict": "same", "reason": "agrees"}, 201),
            )
        cluster = belgian.get(f"/api/v1/cases/{first['case']['case_id']}")["cluster_id"]
        assert len(belgian.get(f"/api/v1/clusters/{cluster}")["cases"]) == 3
        # Two links on the third case are withdrawn: it leaves, the others stay together.
        for alert in again["alerts"]:
            path = f"/api/v1/alerts/{alert['alert_id']}"
            who, verdict = verdicts[path]
            who.post(f"{path}/verdicts/{verdict['verdict_id']}/withdraw", {"reason": "an error"})
        assert len(belgian.get(f"/api/v1/clusters/{cluster}")["cases"]) == 2

    def test_different_stays_away_until_a_claim_changes(
        self, german: Client, belgian: Client, report: Json, child: Json
    ) -> None:
        _, met = link(german, belgian, report, child)
        alert_id, case_id = met["alerts"][0]["alert_id"], met["case"]["case_id"]
        verdict = {"verdict": "different", "reason": "another scar"}
        belgian.post(f"/api/v1/alerts/{alert_id}/verdicts", verdict, 201)
        path = f"/api/v1/cases/{case_id}"
        untouched = belgian.patch(path, {"expected_version": 1, "circumstances": "no new claim"})
        assert untouched["alerts"] == []
        assert belgian.get(f"/api/v1/alerts/{alert_id}")["status"] == "different"
        change = {"expected_version": 2, "add": {"births": [{"date": "2010-05-17"}]}}
        (raised,) = belgian.patch(path, change)["alerts"]
        assert raised["alert_id"] == alert_id
        assert raised["status"] == "open"
        assert raised["match_weight"] > met["alerts"][0]["match_weight"]

    def test_a_withdrawn_claim_lets_the_alert_lapse(
        self, german: Client, belgian: Client, report: Json, child: Json
    ) -> None:
        _, met = link(german, belgian, report, child)
        claims = [c["id"] for c in met["case"]["claims"] if c["kind"] in {"name", "relative"}]
        path = f"/api/v1/cases/{met['case']['case_id']}"
        other = {"names": ["Emma Schneider"], "sex": "F"}
        belgian.patch(path, {"expected_version": 1, "withdraw_claims": claims, "add": other})
        assert belgian.get("/api/v1/alerts")["alerts"] == []
        view = belgian.get(path)
        assert any(claim["withdrawn_at"] for claim in view["claims"])

    def test_a_closed_case_leaves_search_and_queue(
        self, german: Client, belgian: Client, report: Json, child: Json
    ) -> None:
        filed, _ = link(german, belgian, report, child)
        german.post(f"/api/v1/cases/{filed['case_id']}/close", {"reason": "found"})
        assert belgian.get("/api/v1/alerts")["alerts"] == []
        assert belgian.register({**child, "record_id": "E-2"})["alerts"][0]["link"] == "duplicate"

    def test_a_stale_version_is_refused(self, belgian: Client, child: Json) -> None:
        path = f"/api/v1/cases/{belgian.register(child)['case']['case_id']}"
        belgian.patch(path, {"expected_version": 1, "circumstances": "one"})
        belgian.patch(path, {"expected_version": 1, "circumstances": "two"}, 409)


class TestSearch:
    def ask(self, **query: Any) -> Json:
        return {"purpose": "missing_child_search", "reference": "BE/26/1", "query": query}

    def test_a_misspelt_name_and_the_reasons(
        self, german: Client, belgian: Client, report: Json, child: Json
    ) -> None:
        link(german, belgian, report, child)
        answer = belgian.post("/api/v1/search", self.ask(names=["Zmaray Stanikzay"], born="2010"))
        assert len(answer["hits"]) == 2
        own = next(hit for hit in answer["hits"] if hit["authority"] == "BE-POL")
        other = next(hit for hit in answer["hits"] if hit["authority"] == "DE-JA")
        assert own["access"] == "full"
        assert own["record_id"] == "E-1"
        assert other["display_name"] is None
        assert all(item["right"] is None for item in other["evidence"])
        named = next(item for item in own["evidence"] if item["field"] == "name")
        assert named["weight"] > 0
        assert named["reason"].startswith("name.")

    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            ({"kinds": ["missing"]}, {"DE-JA"}),
            ({"country": "BE"}, {"BE-POL"}),
            ({"place": "brug"}, {"BE-POL"}),
            ({"place": "BRÛGGE"}, {"BE-POL"}),
            ({"place": "gent"}, set()),
            ({"sex": "F"}, set()),
            ({"nationality": "SY"}, set()),
            ({"age": "15..17"}, {"BE-POL", "DE-JA"}),
            ({"age": "30..40"}, set()),
            ({"event_from": "2026-04-01"}, {"BE-POL"}),
            ({"event_until": "2026-04-01"}, set()),
            ({"country": "DE", "place": "Kassel"}, set()),
            ({"country": "DE"}, {"DE-JA"}),
        ],
    )
    def test_filters_exclude(
        self,
        german: Client,
        belgian: Client,
        report: Json,
        child: Json,
        filters: Json,
        found: set[str],
    ) -> None:
        link(german, belgian, report, child)
        asked = self.ask(names=["Zamarai Stanekzai"], filters=filters)
        answer = belgian.post("/api/v1/search", asked)
        assert {hit["authority"] for hit in answer["hits"]} == found

    @pytest.mark.parametrize("typed", ["Ödenburg", "ödenb", "odenburg"])
    def test_a_place_is_found_however_it_is_typed(
        self, belgian: Client, child: Json, typed: str
    ) -> None:
        belgian.register({**child, "events": [{"kind": "encounter", "place": "Ödenburg"}]})
        belgian.register({**child, "record_id": "E-2", "events": []})
        asked = self.ask(names=["Zamarai Stanekzai"], filters={"place": typed})
        # A case that does not say where passes: unknown is not "no".
        assert len(belgian.post("/api/v1/search", asked)["hits"]) == 2

    @pytest.mark.parametrize("left_out", ["purpose", "reference"])
    def test_purpose_and_reference_are_required(self, belgian: Client, left_out: str) -> None:
        body = self.ask(names=["Ali"])
        del body[left_out]
        problem = belgian.post("/api/v1/search", body, 422)
        assert problem["code"] == "purpose_required"
        assert problem["errors"][0]["field"] == left_out

    def test_reasons_in_the_language_asked_for(
        self, served: Served, belgian: Client, child: Json
    ) -> None:
        belgian.register(child)
        body = self.ask(names=["Zamarai Stanekzai"])
        for language, said in (
            ("fr-BE,fr", "Les noms s'écrivent"),
            ("de", "The names are written"),
        ):
            headers = {**belgian.headers, "Accept-Language": language}
            answer = served.http.post("/api/v1/search", json=body, headers=headers).json()
            assert answer["hits"][0]["evidence"][0]["text"].startswith(said)

    def test_the_search_is_in_the_trail(self, served: Served, belgian: Client, child: Json) -> None:
        case_id = belgian.register(child)["case"]["case_id"]
        belgian.post("/api/v1/search", self.ask(names=["Zamarai"]))
        with Session(served.world.engine) as session:
            row = session.exec(select(AuditEntry).where(AuditEntry.action == "search:run")).one()
            assert verify_chain(AuditRepository(session)).intact
        assert (row.purpose, row.reference) == ("missing_child_search", "BE/26/1")
        assert row.case_ids == [case_id]
        assert row.detail["query"]["names"] == ["Zamarai"]
