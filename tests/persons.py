"""Records of persons for tests, with only what a test is about."""

from __future__ import annotations

from matching.record import BirthDate, Name, PartialDate, PersonRecord, Sex


def person(
    name: str = "", born: str = "", sex: Sex = Sex.UNKNOWN, nation: str = ""
) -> PersonRecord:
    return PersonRecord(
        "r",
        names=(Name.of(name),) if name else (),
        births=(BirthDate(PartialDate.parse(born)),) if born else (),
        sex=sex,
        nationalities=(nation,) if nation else (),
    )
