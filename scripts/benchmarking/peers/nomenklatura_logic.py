"""logic-v2 of nomenklatura, the matcher of OpenSanctions: rules, no training."""

from __future__ import annotations

from importlib.metadata import version

from followthemoney import EntityProxy, model
from nomenklatura.matching import LogicV2

from scripts.benchmarking.peers.inputs import Pair, Record, Scored, years

THRESHOLD = 0.7
"""The default of yente, the service that runs the matcher."""
_GENDERS = {"F": "female", "M": "male", "X": "other"}
_DOCUMENTS = {"passport": "passportNumber"}
_LONGEST_RANGE = 10
"""Years beyond which a range of birth says nothing."""


def score(records: list[Record], pairs: list[Pair], seed: int) -> Scored:  # noqa: ARG001
    """The score of the left record as the query and the right one as the result."""
    entities = {record["id"]: _person(record) for record in records}
    return Scored(
        version("nomenklatura"),
        THRESHOLD,
        [_score(entities[left], entities[right]) for left, right in pairs],
        "logic-v2 with its default configuration on Persons, the left one as the query",
    )


def score_names(pairs: list[Pair]) -> Scored:
    """The score of two Persons of whom only names are known."""
    entities = {text: _named(text, [text]) for pair in pairs for text in pair}
    return Scored(
        version("nomenklatura"),
        THRESHOLD,
        [_score(entities[left], entities[right]) for left, right in pairs],
        "logic-v2 with its default configuration on names only, the left one as the query",
    )


def _score(query: EntityProxy, result: EntityProxy) -> float:
    return float(LogicV2.compare(query, result, LogicV2.default_config()).score)


def _named(name: str, names: list[str]) -> EntityProxy:
    entity = model.make_entity("Person")
    entity.id = name
    entity.add("name", names)
    return entity


def _person(record: Record) -> EntityProxy:
    entity = _named(record["id"], record["names"])
    entity.add("firstName", record["given"] or None)
    entity.add("lastName", record["family"] or None)
    entity.add("motherName", record["mother"] or None)
    entity.add("fatherName", record["father"] or None)
    for birth in record["births"]:
        if ".." not in birth:
            entity.add("birthDate", birth)
    known = years(record)
    if not entity.get("birthDate") and known and known[1] - known[0] <= _LONGEST_RANGE:
        entity.add("birthDate", [str(year) for year in range(known[0], known[1] + 1)])
    entity.add("gender", _GENDERS.get(record["sex"]))
    entity.add("nationality", record["nationalities"])
    entity.add("birthCountry", record["countries_of_birth"])
    entity.add("birthPlace", record["place_of_birth"] or None)
    entity.add("phone", record["phones"])
    for document in record["documents"]:
        kind, _, number = document.rpartition(":")
        entity.add(_DOCUMENTS.get(kind, "idNumber"), number)
    address = ", ".join(filter(None, (record["street"], record["postcode"], record["city"])))
    entity.add("address", address or None)
    return entity
