"""Fields beside names and dates: close stands between agree and disagree, missing says nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from matching.compare.appearance import compare_eyes, compare_hair, compare_height, compare_weight
from matching.compare.attributes import compare_languages, compare_nationality, compare_sex
from matching.compare.events import compare_events
from matching.compare.identifiers import (
    check_digit,
    compare_documents,
    compare_emails,
    compare_phones,
    normal_number,
)
from matching.compare.texts import ADDRESS, CITY, MARKS, PLACE_OF_BIRTH, POSTCODE
from matching.evidence import Evidence
from matching.places.gazetteer import kilometres, lies_within, place_key
from matching.profile import Profile, load_profile
from matching.record import (
    Address,
    BirthDate,
    Contact,
    Description,
    Document,
    Event,
    PartialDate,
    PersonRecord,
    Place,
    Sex,
)

PROFILE = load_profile()
Compare = Callable[[PersonRecord, PersonRecord, Profile], Evidence]


def record(**fields: Any) -> PersonRecord:
    return PersonRecord("r", **fields)


def looks(**fields: Any) -> PersonRecord:
    return record(description=Description(**fields))


def lives(**fields: str) -> PersonRecord:
    return record(addresses=(Address(**fields),))


def phone(value: str) -> PersonRecord:
    return record(contacts=(Contact("phone", value),))


def paper(number: str, kind: str = "passport", country: str = "") -> PersonRecord:
    return record(documents=(Document(number, kind, country),))


def event(kind: str, day: str, country: str = "") -> PersonRecord:
    return record(events=(Event(kind, PartialDate.parse(day), Place("", country)),))


def born_in(*places: str) -> PersonRecord:
    return record(places_of_birth=places)


@pytest.mark.parametrize(
    ("compare", "left", "right", "reason"),
    [
        (compare_sex, record(sex=Sex.FEMALE), record(sex=Sex.FEMALE), "sex.same"),
        (compare_sex, record(sex=Sex.FEMALE), record(sex=Sex.MALE), "sex.different"),
        (compare_sex, record(sex=Sex.FEMALE), record(), "sex.missing"),
        (compare_sex, record(sex=Sex.FEMALE), record(sex=Sex.OTHER), "sex.missing"),
        (
            compare_nationality,
            record(nationalities=("AF", "IR")),
            record(nationalities=("IR",)),
            "nationality.same",
        ),
        (
            compare_languages,
            record(languages=("fa",)),
            record(languages=("ar",)),
            "language.different",
        ),
        (
            PLACE_OF_BIRTH.compare,
            born_in("Wien"),
            born_in("Vienna, Austria"),
            "place_of_birth.same",
        ),
        (
            PLACE_OF_BIRTH.compare,
            born_in("Kabul"),
            born_in("Afghanistan"),
            "place_of_birth.similar",
        ),
        (PLACE_OF_BIRTH.compare, born_in("Kabul"), born_in("Syria"), "place_of_birth.different"),
        (PLACE_OF_BIRTH.compare, born_in("دمشق"), born_in("Gent", "Damas"), "place_of_birth.same"),
        (CITY.compare, lives(city="Brugge"), lives(city="Bruges"), "city.same"),
        (ADDRESS.compare, lives(text="Hoofdstraat 8"), lives(text="8 Hoofdstraat"), "address.same"),
        (POSTCODE.compare, lives(postcode="8000"), lives(postcode="8010"), "postcode.similar"),
        (POSTCODE.compare, lives(postcode="SW1A 1AA"), lives(postcode="sw1a1aa"), "postcode.same"),
        (POSTCODE.compare, lives(postcode="8000"), lives(postcode="1210"), "postcode.different"),
        (compare_phones, phone("+32460123456"), phone("+32460123456"), "phone.same"),
        (compare_phones, phone("+32460123456"), phone("0460 12 34 56"), "phone.local"),
        (compare_phones, phone("+32460123456"), phone("+32460999999"), "phone.other"),
        (
            compare_emails,
            record(contacts=(Contact("email", "A@x.example"),)),
            record(contacts=(Contact("email", "a@X.example"),)),
            "email.same",
        ),
        (compare_documents, paper("AB 123456"), paper("ab-123456"), "document.same"),
        (compare_documents, paper("L898902C36"), paper("L898902C3"), "document.same"),
        (compare_documents, paper("AB123456"), paper("AB123546"), "document.slip"),
        (compare_documents, paper("AB1OO456"), paper("AB100456"), "document.slip"),
        (compare_documents, paper("AB123456"), paper("XY987654"), "document.different"),
        (compare_documents, paper("AB123456"), paper("XY987654", "id_card"), "document.other_kind"),
        (compare_height, looks(height_cm=(160, 165)), looks(height_cm=(168, 170)), "height.same"),
        (
            compare_height,
            looks(height_cm=(150, 150)),
            looks(height_cm=(170, 170)),
            "height.different",
        ),
        (compare_weight, looks(weight_kg=(50, 55)), looks(weight_kg=(60, 60)), "weight.same"),
        (compare_weight, looks(weight_kg=(40, 42)), looks(weight_kg=(80, 80)), "weight.different"),
        (compare_eyes, looks(eye_colour="BRO"), looks(eye_colour="hazel"), "eye_colour.similar"),
        (compare_eyes, looks(eye_colour="BRO"), looks(eye_colour="brown"), "eye_colour.same"),
        (compare_eyes, looks(eye_colour="unknown"), looks(eye_colour="blue"), "eye_colour.missing"),
        (compare_hair, looks(hair_colour="BLA"), looks(hair_colour="Black"), "hair_colour.same"),
        (CITY.compare, lives(city="unknown"), lives(city="Unbekannt"), "city.missing"),
        (ADDRESS.compare, lives(text="?"), lives(text="-"), "address.missing"),
        (
            ADDRESS.compare,
            lives(text="Hoofdstraat 8"),
            lives(text="Hoofdstraat 80"),
            "address.similar",
        ),
        (compare_documents, paper("unknown"), paper("UNKNOWN"), "document.missing"),
        (compare_documents, paper("000000"), paper("000000"), "document.missing"),
        (compare_documents, paper("D23145890²"), paper("D23145890²"), "document.same"),
        (compare_documents, paper("AB123456"), paper("AB123457", "id_card"), "document.other_kind"),
        (compare_phones, phone("+32460123456"), phone("+33760123456"), "phone.other"),
        (compare_phones, phone("0032460123456"), phone("+32 460 12 34 56"), "phone.same"),
        (
            compare_nationality,
            record(nationalities=("",)),
            record(nationalities=("",)),
            "nationality.missing",
        ),
        (
            compare_nationality,
            record(nationalities=("DE",)),
            record(nationalities=("de",)),
            "nationality.same",
        ),
        (compare_eyes, looks(eye_colour="brown"), looks(eye_colour="blue"), "eye_colour.different"),
        (
            compare_hair,
            looks(hair_colour="black"),
            looks(hair_colour="dark brown"),
            "hair_colour.similar",
        ),
        (
            MARKS.compare,
            looks(marks="scar on the chin"),
            looks(marks="small scar on chin"),
            "marks.same",
        ),
        (
            compare_events,
            event("disappearance", "2026-03-02"),
            event("encounter", "2026-04-11"),
            "events.possible",
        ),
        (
            compare_events,
            event("disappearance", "2026-03-02"),
            event("encounter", "2025-04-11"),
            "events.impossible",
        ),
        (
            compare_events,
            event("encounter", "2026-03-02", "AF"),
            event("encounter", "2026-03-02", "SE"),
            "events.two_places",
        ),
        (
            compare_events,
            event("encounter", "2026-03-02", "BE"),
            event("encounter", "2026-03-02", "NL"),
            "events.missing",
        ),
    ],
)
def test_reasons_are_symmetric(
    compare: Compare, left: PersonRecord, right: PersonRecord, reason: str
) -> None:
    found = compare(left, right, PROFILE)
    assert found.reason == reason
    assert compare(right, left, PROFILE).weight == found.weight
    if reason.endswith(".missing"):
        assert found.weight == 0.0


@pytest.mark.parametrize(
    ("compare", "agree", "close", "differ"),
    [
        (compare_phones, phone("+32460123456"), phone("0460123456"), phone("+32999999999")),
        (compare_documents, paper("AB123456"), paper("AB123457"), paper("XY987654")),
        (
            compare_eyes,
            looks(eye_colour="brown"),
            looks(eye_colour="hazel"),
            looks(eye_colour="blue"),
        ),
        (
            compare_hair,
            looks(hair_colour="brown"),
            looks(hair_colour="light brown"),
            looks(hair_colour="red"),
        ),
        (PLACE_OF_BIRTH.compare, born_in("Kabul"), born_in("Afghanistan"), born_in("Gent")),
    ],
)
def test_close_stands_between(
    compare: Compare, agree: PersonRecord, close: PersonRecord, differ: PersonRecord
) -> None:
    ranked = [compare(agree, other, PROFILE).weight for other in (agree, close, differ)]
    assert ranked == sorted(ranked, reverse=True)
    assert len(set(ranked)) == 3


def test_a_child_grows_and_does_not_shrink() -> None:
    def seen(day: str, height: int, born: str = "2012") -> PersonRecord:
        return record(
            births=(BirthDate(PartialDate.parse(born)),),
            description=Description(height_cm=(height, height)),
            events=(Event("encounter", PartialDate.parse(day)),),
        )

    before, after = seen("2024-01-01", 150), seen("2026-01-01", 163)
    assert compare_height(before, after, PROFILE).reason == "height.same"
    shrunk = compare_height(seen("2024-01-01", 163), seen("2026-01-01", 150), PROFILE)
    assert shrunk.reason == "height.different"
    grown = (seen("2024-01-01", 150, "1980"), seen("2026-01-01", 163, "1980"))
    assert compare_height(*grown, PROFILE).reason == "height.different"


def test_the_check_digit_of_the_specification() -> None:
    # Appendix A of ICAO Doc 9303, part 3: D23145890 has 7, 520727 has 3.
    assert (check_digit("D23145890"), check_digit("520727")) == (7, 3)
    assert normal_number("D23145890 7") == "D23145890"
    assert normal_number("D23145890 8") == "D231458908"


def test_places_in_other_languages() -> None:
    assert place_key("Київ") == place_key("Kiew") == place_key("Kyiv")
    assert place_key("Lemberg") == place_key("Lviv")
    assert place_key("Kabul") != place_key("Herat")
    assert lies_within("Kaboul", "Afghanistan")
    assert not lies_within("Kaboul", "Kabul")
    assert kilometres("BE", "NL") < 500
    assert kilometres("GR", "SE") > 2000
    assert kilometres("BE", "QQ") == 0


def test_levels_are_in_order_and_disagreement_never_speaks_for_one_person() -> None:
    weights = PROFILE.weights
    for name, bits in weights.items():
        field, level = name.split(".")
        if level in {"disagree", "impossible", "two_places"}:
            assert bits < 0, name
        if level in {"agree", "possible"}:
            assert bits > 0, name
        if level == "close" and f"{field}.disagree" in weights:
            assert weights[f"{field}.disagree"] < bits < weights[f"{field}.agree"], name
