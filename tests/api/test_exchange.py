"""Partner services: closed field sets, released cases only, the owner decides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from service.cases.operations import amend_case
from service.cases.schemas import CaseAmendment
from service.security.policy import Permission
from service.store.unit_of_work import unit_of_work
from tests.api.conftest import Client, Served
from tests.conftest import NOW

Json = dict[str, Any]
SUMMARY = {"forename", "name", "date_of_birth", "entity_id", "nationalities", "_links"}
DETAIL = SUMMARY | {
    "birth_name", "place_of_birth", "country_of_birth_id", "sex_id", "languages_spoken_ids",
    "height", "weight", "eyes_colors_id", "hairs_id", "distinguishing_marks", "place", "country",
    "date_of_event", "father_name", "father_forename", "mother_name", "mother_forename",
    "_embedded",
}  # fmt: skip
REPLY = {
    "request_number", "requested_at", "reply_number", "replied_at", "requesting_state",
    "number_of_matches", "matches",
}  # fmt: skip


def girl(release: list[str], born: str = "2009-03-14") -> Json:
    return {
        "kind": "missing",
        "names": [
            {
                "parts": [
                    {"text": "Mirela", "kind": "given"},
                    {"text": "Exemplescu", "kind": "family"},
                ]
            }
        ],
        "births": [{"date": born}],
        "sex": "F",
        "nationalities": ["RO"],
        "languages": ["ro"],
        "description": {"height_cm": "158", "eye_colour": "brown", "hair_colour": "black"},
        "relatives": [{"relation": "mother", "name": "Ana Exemplescu"}],
        "events": [
            {"kind": "disappearance", "date": "2026-02-01", "place": "Brussels", "country": "BE"}
        ],
        "circumstances": "SECRETCIRCUMSTANCE",
        "trafficking": {"belief": "yes", "basis": "SECRETBASIS"},
        "handling_codes": ["H2"],
        "evaluation": "B2",
        "release": release,
    }


@pytest.fixture
def owner(served: Served) -> Client:
    return served.client("BE-POL")


class TestNotices:
    @pytest.fixture
    def partner(self, served: Served) -> Client:
        return served.client("NL-COA", Permission.EXCHANGE_NOTICES)

    def test_a_released_case_has_the_documented_shape(self, owner: Client, partner: Client) -> None:
        owner.register(girl(["interpol"]))
        found = partner.get("/notices/v1/yellow?name=Exemplesku&forename=Mirella&nationality=RO")
        assert set(found) == {"total", "query", "_embedded", "_links"}
        (notice,) = found["_embedded"]["notices"]
        assert set(notice) == SUMMARY
        assert (notice["forename"], notice["name"]) == ("MIRELA", "EXEMPLESCU")
        detail = partner.get(notice["_links"]["self"]["href"].removeprefix("http://testserver"))
        assert set(detail) == DETAIL
        assert (detail["height"], detail["eyes_colors_id"], detail["hairs_id"]) == (
            1.58,
            ["BRO"],
            ["BLA"],
        )
        assert (detail["date_of_birth"], detail["date_of_event"]) == ("2009/03/14", "2026/02/01")
        assert detail["languages_spoken_ids"] == ["RUM"]
        assert detail["mother_forename"] == "ANA"
        assert "SECRET" not in str(detail)
        assert "BE-POL" not in str(detail)
        images = partner.get(detail["_links"]["images"]["href"].removeprefix("http://testserver"))
        assert images["_embedded"]["images"] == []

    def test_an_unreleased_or_closed_case_is_not_shown(
        self, owner: Client, partner: Client
    ) -> None:
        owner.register(girl(["europol"]))
        case_id = owner.register(girl(["interpol"]))["case"]["case_id"]
        assert partner.get("/notices/v1/yellow")["total"] == 1
        owner.post(f"/api/v1/cases/{case_id}/close", {"reason": "found"})
        assert partner.get("/notices/v1/yellow")["total"] == 0

    def test_a_case_below_the_minimum_is_not_shown(self, owner: Client, partner: Client) -> None:
        owner.register({**girl(["interpol"]), "description": None})
        owner.register({**girl(["interpol"]), "births": [{"age": "14..17"}]})
        assert partner.get("/notices/v1/yellow")["total"] == 0

    @pytest.mark.parametrize(
        ("query", "total"),
        [
            ("ageMin=15&ageMax=18", 1),
            ("ageMax=10", 0),
            ("sexId=M", 0),
            ("sexId=F", 1),
            ("nationality=FR", 0),
            ("name=Schneider", 0),
        ],
    )
    def test_filters(self, owner: Client, partner: Client, query: str, total: int) -> None:
        owner.register(girl(["interpol"]))
        assert partner.get(f"/notices/v1/yellow?{query}")["total"] == total

    @pytest.mark.parametrize(
        "query",
        [
            "page=2",
            "page=0",
            "resultPerPage=161",
            "sexId=Q",
            "nationality=ZZ",
            "ageMin=9&ageMax=3",
            "colour=red",
        ],
    )
    def test_bad_parameters(self, partner: Client, query: str) -> None:
        assert partner.get(f"/notices/v1/yellow?{query}", 422)["errors"]

    def test_an_adults_place_is_that_of_the_loss_only(self, owner: Client, partner: Client) -> None:
        met = {**girl(["interpol"], "1990-03-14"), "kind": "encountered"}
        met["events"] = [
            {"kind": "encounter", "date": "2026-03-01", "place": "HIDDENTOWN", "country": "FR"}
        ]
        owner.register(met)
        (notice,) = partner.get("/notices/v1/yellow")["_embedded"]["notices"]
        detail = partner.get(notice["_links"]["self"]["href"].removeprefix("http://testserver"))
        assert (detail["place"], detail["country"]) == (None, None)

    def test_another_scope_is_refused(self, served: Served) -> None:
        served.client("NL-COA", Permission.SEARCH).get("/notices/v1/yellow", 403)


def question(number: str = "NL-2026-1", **person: Any) -> Json:
    asked = {"first_names": ["Mirella"], "family_names": ["Exemplesku"], "date_of_birth": "2009"}
    return {
        "requesting_state": "NL",
        "request_number": number,
        "requested_at": "2026-06-30T09:12:44Z",
        "query": {**asked, **person},
        "justification": {
            "purpose": "missing_child_search",
            "case_reference": "NL/26/1",
            "subject_role": "missing_person",
            "aim": "identify_person",
        },
    }


def wish(reply: Json, **change: Any) -> Json:
    """A follow-up on the first match of a reply."""
    return {
        "request_number": "NL-2026-1",
        "reference_number": reply["matches"][0]["reference_number"],
        "reason": "Child believed recruited by traffickers",
        "requested_data": ["identity", "last_known_location"],
        **change,
    }


class TestQueries:
    @pytest.fixture
    def partner(self, served: Served) -> Client:
        return served.client("NL-COA", Permission.EXCHANGE_QUERY)

    def test_hit_and_no_hit_say_numbers_only(self, owner: Client, partner: Client) -> None:
        owner.register(girl(["europol"]))
        reply = partner.post("/europol/v1/queries", question())
        assert set(reply) == REPLY
        (match,) = reply["matches"]
        assert set(match) == {"requested_state", "reference_number", "match_quality"}
        assert match["requested_state"] == "BE"
        assert "Exemplescu" not in str(reply)
        none = partner.post(
            "/europol/v1/queries",
            question("NL-2", first_names=["Emma"], family_names=["Schneider"]),
        )
        assert (none["number_of_matches"], none["matches"]) == (0, [])

    def test_only_released_cases_are_hit(self, owner: Client, partner: Client) -> None:
        owner.register(girl(["interpol"]))
        assert partner.post("/europol/v1/queries", question())["number_of_matches"] == 0

    def test_the_same_number_again(self, served: Served, owner: Client, partner: Client) -> None:
        owner.register(girl(["europol"]))
        first = partner.post("/europol/v1/queries", question())
        assert partner.post("/europol/v1/queries", question()) == first
        assert partner.get("/europol/v1/queries/NL-2026-1") == first
        partner.post("/europol/v1/queries", question(first_names=["Other"]), 409)
        served.client("DE-JA", Permission.EXCHANGE_QUERY).get("/europol/v1/queries/NL-2026-1", 404)

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"query": {"first_names": ["Mirela"]}}, "query"),
            ({"justification": {}}, "justification.purpose"),
            ({"requesting_state": "QQ"}, "requesting_state"),
            ({"requested_at": "2026-06-30T09:12:44"}, "requested_at"),
            ({"extra": 1}, "extra"),
            ({"requested_at": 5}, "requested_at"),
            ({"requested_at": "2050-01-01T00:00:00Z"}, "requested_at"),
            ({"requested_at": "1900-01-01T00:00:00Z"}, "requested_at"),
            (
                {"query": {"first_names": ["Mirela"], "date_of_birth": "2050"}},
                "query.date_of_birth",
            ),
        ],
    )
    def test_bad_queries_name_the_field(self, partner: Client, change: Json, field: str) -> None:
        problem = partner.post("/europol/v1/queries", {**question(), **change}, 422)
        assert field in {error["field"] for error in problem["errors"]}

    def follow_up(self, partner: Client, **change: Any) -> Json:
        reply = partner.post("/europol/v1/queries", question())
        return wish(reply, priority="urgent", **change)

    def test_nothing_is_given_before_the_owner_decides(
        self, owner: Client, partner: Client
    ) -> None:
        owner.register(girl(["europol"]))
        asked = partner.post("/europol/v1/follow-ups", self.follow_up(partner), 201)
        path = f"/europol/v1/follow-ups/{asked['follow_up_id']}"
        assert (asked["status"], asked["data"]) == ("pending", None)
        partner.post(f"{path}/decision", {"decision": "granted", "reason": "self"}, 403)
        decision = {
            "decision": "partly_granted",
            "reason": "identity only",
            "granted_data": ["identity"],
        }
        seen = owner.post(f"{path}/decision", decision)
        assert seen["data"] is None
        data = partner.get(path)["data"]
        assert set(data) == {"handling_codes", "evaluation", "identity"}
        assert data["identity"]["names"] == ["Mirela Exemplescu"]
        assert (data["handling_codes"], data["evaluation"]) == (["H2"], "B2")
        owner.post(f"{path}/decision", decision, 409)

    def test_a_refusal_gives_nothing(self, owner: Client, partner: Client) -> None:
        owner.register(girl(["europol"]))
        asked = partner.post("/europol/v1/follow-ups", self.follow_up(partner), 201)
        path = f"/europol/v1/follow-ups/{asked['follow_up_id']}"
        owner.post(f"{path}/decision", {"decision": "refused", "reason": "not necessary"})
        assert partner.get(path)["data"] is None

    def test_an_adults_whereabouts_are_never_given(self, owner: Client, partner: Client) -> None:
        owner.register(girl(["europol"], "1990-03-14"))
        question_of_adult = question(date_of_birth="1990")
        reply = partner.post("/europol/v1/queries", question_of_adult)
        asked = {
            "request_number": "NL-2026-1",
            "reference_number": reply["matches"][0]["reference_number"],
            "reason": "wants to know where she is",
            "requested_data": ["last_known_location"],
        }
        follow_up = partner.post("/europol/v1/follow-ups", asked, 201)
        path = f"/europol/v1/follow-ups/{follow_up['follow_up_id']}/decision"
        problem = owner.post(path, {"decision": "granted", "reason": "as asked"}, 422)
        assert problem["errors"][0]["field"] == "granted_data"

    def test_follow_ups_are_reasoned_and_refer_to_a_reply(
        self, served: Served, owner: Client, partner: Client
    ) -> None:
        owner.register(girl(["europol"]))
        good = self.follow_up(partner)
        partner.post("/europol/v1/follow-ups", {**good, "reason": "x"}, 422)
        partner.post("/europol/v1/follow-ups", {**good, "reference_number": "BE:000000"}, 422)
        asked = partner.post("/europol/v1/follow-ups", good, 201)
        again = partner.post("/europol/v1/follow-ups", good, 201)
        assert again["follow_up_id"] == asked["follow_up_id"]
        stranger = served.client("DE-JA", Permission.EXCHANGE_QUERY)
        stranger.get(f"/europol/v1/follow-ups/{asked['follow_up_id']}", 404)
        stranger.post("/europol/v1/follow-ups", good, 404)


class TestGrants:
    """A grant is what the owner decided on, for as long as the case is released."""

    LATER = NOW + timedelta(hours=1)

    @pytest.fixture
    def partner(self, served: Served) -> Client:
        return served.client("NL-COA", Permission.EXCHANGE_QUERY)

    def granted(self, owner: Client, partner: Client) -> tuple[str, str]:
        """Id of the case and path of a follow-up to which all was granted."""
        case_id = owner.register(girl(["europol"]))["case"]["case_id"]
        reply = partner.post("/europol/v1/queries", question())
        follow_up = partner.post("/europol/v1/follow-ups", wish(reply), 201)
        path = f"/europol/v1/follow-ups/{follow_up['follow_up_id']}"
        owner.post(f"{path}/decision", {"decision": "granted", "reason": "urgent"})
        return case_id, path

    def test_later_whereabouts_are_not_part_of_it(
        self, served: Served, owner: Client, partner: Client
    ) -> None:
        case_id, path = self.granted(owner, partner)
        actor = served.world.actor("BE-POL")
        sighting = {"kind": "sighting", "place": "HIDDENTOWN", "country": "FR"}
        later = CaseAmendment.model_validate(
            {"expected_version": 1, "add": {"events": [sighting], "names": ["LATERNAME"]}}
        )
        with unit_of_work(served.world.engine, actor, clock=lambda: self.LATER) as work:
            amend_case(work, case_id, later)
        data = partner.get(path)["data"]
        assert data["last_known_location"][0]["place"] == "Brussels"
        assert "HIDDENTOWN" not in str(data)
        assert "LATERNAME" not in str(data)

    @pytest.mark.parametrize("end", ["close", "release"])
    def test_it_ends_with_the_release(self, owner: Client, partner: Client, end: str) -> None:
        case_id, path = self.granted(owner, partner)
        assert partner.get(path)["data"]["identity"]
        if end == "close":
            owner.post(f"/api/v1/cases/{case_id}/close", {"reason": "found"})
        else:
            owner.patch(f"/api/v1/cases/{case_id}", {"expected_version": 1, "release": []})
        assert partner.get(path)["data"] is None

    def test_a_child_found_to_be_an_adult_is_not_located(
        self, owner: Client, partner: Client
    ) -> None:
        case_id, path = self.granted(owner, partner)
        claims = owner.get(f"/api/v1/cases/{case_id}")["claims"]
        born = next(claim["id"] for claim in claims if claim["kind"] == "birth")
        change = {
            "expected_version": 1,
            "withdraw_claims": [born],
            "add": {"births": [{"date": "1990-03-14"}]},
        }
        owner.patch(f"/api/v1/cases/{case_id}", change)
        assert "last_known_location" not in partner.get(path)["data"]

    def test_a_case_released_no_longer_takes_no_follow_up(
        self, owner: Client, partner: Client
    ) -> None:
        case_id = owner.register(girl(["europol"]))["case"]["case_id"]
        reply = partner.post("/europol/v1/queries", question())
        asked = wish(reply, requested_data=["identity"])
        waiting = partner.post("/europol/v1/follow-ups", asked, 201)
        owner.patch(f"/api/v1/cases/{case_id}", {"expected_version": 1, "release": []})
        partner.post("/europol/v1/follow-ups", asked, 409)
        path = f"/europol/v1/follow-ups/{waiting['follow_up_id']}/decision"
        owner.post(path, {"decision": "granted", "reason": "as asked"}, 409)
        assert owner.post(path, {"decision": "refused", "reason": "withdrawn"})["data"] is None
