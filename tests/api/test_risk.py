"""Signs across records and the indicator matrix: reasons, sources, a person decides."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Client, Served

Json = dict[str, Any]
NAMES = ("Selam Tesfay", "Zamarai Stanekzai", "Linh Nguyen")


def minor(number: int, authority_born: str = "2010", **fields: Any) -> Json:
    return {
        "kind": "encountered",
        "names": [NAMES[number]],
        "births": [{"date": f"{authority_born}-0{number + 2}-1{number}"}],
        "nationalities": [("ER", "AF", "VN")[number]],
        **fields,
    }


@pytest.fixture
def clients(served: Served) -> list[Client]:
    return [served.client(code) for code in ("BE-POL", "NL-COA", "DE-JA")]


def flags(client: Client, sign: str) -> list[Json]:
    return [flag for flag in client.get("/api/v1/risk/flags")["flags"] if flag["sign"] == sign]


def test_one_number_with_unrelated_minors_flags_all(clients: list[Client]) -> None:
    phones = ("+32 460 12 34 56", "0032460123456", "+32460123456")
    for number, (client, phone) in enumerate(zip(clients, phones, strict=True)):
        contact = {"kind": "phone", "value": phone}
        client.register(minor(number, contacts=[contact]))
    for client in clients:
        (flag,) = flags(client, "EW03")
        assert "a person decides" in flag["note"]
        assert flag["reasons"][0]["params"]["minors"] == 3
        others = flag["reasons"][0]["cases"]
        assert len(others) == 2
        assert all("case_id" not in other and other["contact"] for other in others)


def test_an_adult_with_several_minors_in_another_spelling(clients: list[Client]) -> None:
    for number, name in enumerate(("Yonas Haile", "ዮናስ ሃይለ")):
        relative = {"relation": "accompanying_adult", "name": name}
        clients[number].register(minor(number, relatives=[relative]))
    assert flags(clients[0], "EW05")
    assert flags(clients[1], "EW05")


def test_adults_raise_no_sign(clients: list[Client]) -> None:
    for number in (0, 1):
        contact = {"kind": "phone", "value": "+32460123456"}
        clients[number].register(minor(number, "1980", contacts=[contact]))
    assert flags(clients[0], "EW03") == []


@pytest.mark.parametrize(("gone", "raised"), [("2026-03-02", True), ("2026-03-09", False)])
def test_gone_within_two_days(clients: list[Client], gone: str, raised: bool) -> None:
    events = [{"kind": "arrival", "date": "2026-03-01"}, {"kind": "disappearance", "date": gone}]
    clients[0].register(minor(0, events=events))
    assert bool(flags(clients[0], "EW01")) is raised


def test_nationality_is_no_sign(clients: list[Client]) -> None:
    for number in range(3):
        clients[number].register({**minor(number), "nationalities": ["VN"]})
    assert all(client.get("/api/v1/risk/flags")["flags"] == [] for client in clients)


def test_a_decision_settles_until_the_reasons_change(clients: list[Client]) -> None:
    contact = {"kind": "phone", "value": "+32460123456"}
    case = clients[0].register(minor(0, contacts=[contact]))["case"]
    clients[1].register(minor(1, contacts=[contact]))
    (flag,) = flags(clients[0], "EW03")
    path = f"/api/v1/risk/flags/{flag['flag_id']}/decision"
    clients[0].post(path, {"decision": "dismissed", "reason": ""}, 422)
    clients[1].post(path, {"decision": "dismissed", "reason": "not mine"}, 404)
    clients[0].post(path, {"decision": "dismissed", "reason": "the centre's own number"})
    clients[0].post(path, {"decision": "referred", "reason": "second thoughts"}, 409)
    change = {"expected_version": 1, "circumstances": "nothing new"}
    clients[0].patch(f"/api/v1/cases/{case['case_id']}", change)
    assert flags(clients[0], "EW03") == []
    clients[2].register(minor(2, contacts=[contact]))
    assert flags(clients[0], "EW03")


def part(view: Json, list_id: str) -> Json:
    return next(item for item in view["lists"] if item["id"] == list_id)


def test_the_matrix_says_source_and_insufficient_data(clients: list[Client]) -> None:
    case_id = clients[0].register(minor(0))["case"]["case_id"]
    path = f"/api/v1/cases/{case_id}/indicators"
    labour = part(clients[0].get(path), "ilo-child-labour")
    assert labour["source_status"] == "secondary"
    assert labour["finding"] == "insufficient_data"
    answers = [
        {"list": "ilo-child-labour", "indicator": code, "answer": "yes", "evidence": "own account"}
        for code in ("D4.excessive_hours", "D4.hazardous_work")
    ]
    labour = part(clients[0].put(path, {"answers": answers}), "ilo-child-labour")
    assert labour["finding"] == "positive"
    clients[1].get(path, 403)
    clients[1].put(path, {"answers": answers}, 403)


def test_an_unknown_indicator_is_named(clients: list[Client]) -> None:
    case_id = clients[0].register(minor(0))["case"]["case_id"]
    bad = {"list": "ilo-child-labour", "indicator": "D4.nationality", "answer": "yes"}
    problem = clients[0].put(f"/api/v1/cases/{case_id}/indicators", {"answers": [bad]}, 422)
    assert problem["errors"][0]["field"] == "answers.0.indicator"


CONTACT = {"kind": "phone", "value": "+32460123456"}
OTHER_CONTACT = {"kind": "phone", "value": "+32460654321"}


def dismiss(client: Client, flag: Json) -> None:
    path = f"/api/v1/risk/flags/{flag['flag_id']}/decision"
    client.post(path, {"decision": "dismissed", "reason": "the centre's own number"})


def withdraw_contacts(client: Client, case: Json) -> None:
    claims = [claim["id"] for claim in case["claims"] if claim["kind"] == "contact"]
    change = {"expected_version": case["version"], "withdraw_claims": claims}
    client.patch(f"/api/v1/cases/{case['case_id']}", change)


def test_a_flag_lapses_on_both_sides_when_the_number_was_wrong(clients: list[Client]) -> None:
    clients[0].register(minor(0, contacts=[CONTACT]))
    case = clients[1].register(minor(1, contacts=[CONTACT]))["case"]
    withdraw_contacts(clients[1], case)
    assert flags(clients[0], "EW03") == []
    assert flags(clients[1], "EW03") == []


def test_another_registration_keeps_all_reasons_of_a_flag(clients: list[Client]) -> None:
    clients[0].register(minor(0, contacts=[CONTACT, OTHER_CONTACT]))
    clients[1].register(minor(1, contacts=[CONTACT]))
    clients[2].register(minor(2, contacts=[OTHER_CONTACT]))
    (flag,) = flags(clients[0], "EW03")
    assert len(flag["reasons"]) == 2


def test_less_reason_does_not_bring_a_decided_flag_back(clients: list[Client]) -> None:
    clients[0].register(minor(0, contacts=[CONTACT]))
    clients[1].register(minor(1, contacts=[CONTACT]))
    third = clients[2].register(minor(2, contacts=[CONTACT]))["case"]
    dismiss(clients[0], flags(clients[0], "EW03")[0])
    withdraw_contacts(clients[2], third)
    assert flags(clients[0], "EW03") == []
    change = {"expected_version": 2, "add": {"contacts": [CONTACT]}}
    clients[2].patch(f"/api/v1/cases/{third['case_id']}", change)
    assert flags(clients[0], "EW03") == []
    assert flags(clients[1], "EW03")


def test_a_closed_case_carries_no_flag_but_speaks_for_others(clients: list[Client]) -> None:
    clients[0].register(minor(0, contacts=[CONTACT]))
    case = clients[1].register(minor(1, contacts=[CONTACT]))["case"]
    path = f"/api/v1/cases/{case['case_id']}/close"
    clients[1].post(path, {"reason": "found"})
    assert flags(clients[1], "EW03") == []
    assert flags(clients[0], "EW03")


def test_a_duplicate_is_no_second_child(clients: list[Client]) -> None:
    clients[0].register(minor(0, contacts=[CONTACT]))
    case = clients[1].register(minor(1, contacts=[CONTACT]))["case"]
    clients[1].post(f"/api/v1/cases/{case['case_id']}/close", {"reason": "duplicate"})
    assert flags(clients[0], "EW03") == []


def test_a_verdict_changes_the_signs_at_once(
    clients: list[Client], report: Json, child: Json
) -> None:
    clients[2].register({**report, "contacts": [CONTACT]})
    met = clients[0].register({**child, "births": [{"date": "2011"}], "contacts": [CONTACT]})
    # As long as nobody decided, a strong link speaks for one child; different makes them two.
    alert_id = met["alerts"][0]["alert_id"]
    before = len(flags(clients[0], "EW03"))
    verdict = {"verdict": "different", "reason": "brothers"}
    clients[0].post(f"/api/v1/alerts/{alert_id}/verdicts", verdict, 201)
    assert (before, len(flags(clients[0], "EW03"))) == (0, 1)
