"""What a benchmark of retrieval asks of a collection, and which case it must find.

`search`: names, birth, sex and nationality of another case of the same person.
`registration`: the whole other case, nameless ones included.
`slips`: what an investigator knows of the wanted case itself, with one slip.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fixtures.draw import source
from matching.record import CaseKind, PersonRecord
from scripts.benchmarking.retrieval.collection import Collection, StoredCase
from scripts.benchmarking.retrieval.slips import SLIPS

KINDS = ("search", "registration", "slips")
POOL = 3
"""Cases drawn for each query of slips: not every slip can happen to every case."""


@dataclass(frozen=True, slots=True)
class Question:
    """A query and the case it must find.

    Attributes:
        kind: One of `KINDS`.
        record: What is asked.
        target: The case to be found.
        held: What the collection says of it, as far as searchers ask for it.
        exclude: Cases never to offer: the asking case itself.
        culture: Of the person.
        script: Of the names of the asking case and of the target.
        corruptions: What went wrong on either side, or the slip.
    """

    kind: str
    record: PersonRecord
    target: int
    held: PersonRecord
    exclude: frozenset[int]
    culture: str
    script: str
    corruptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Questions:
    """The questions in a seeded order, and the share of pairs of cases that no search asks for.

    Attributes:
        items: All kinds mixed, so that any beginning is a fair sample.
        nameless: Share of pairs of cases of one person where one of both has no name.
    """

    items: tuple[Question, ...]
    nameless: float


def make_questions(collection: Collection, count: int) -> Questions:
    """So many questions of each kind, the same for the same collection.

    Args:
        collection: Whose persons are asked for.
        count: Of each kind; fewer where the collection has fewer persons with two cases.
    """
    rng = source("questions", collection.seed, count)
    pairs = _pairs(collection, rng)
    named = collection.named
    both = [pair for pair in pairs if named[pair[0] - 1] and named[pair[1] - 1]]
    search, registration = both[:count], rng.sample(pairs, min(count, len(pairs)))
    having_names = (np.flatnonzero(named) + 1).tolist()
    pool = rng.sample(having_names, min(POOL * count, len(having_names)))
    wanted = {case_id for pair in (*search, *registration) for case_id in pair} | set(pool)
    cases = {case.case_id: case for case in collection.cases(wanted)}
    items = [_of_pair("search", cases[one], cases[other]) for one, other in search]
    items += [_of_pair("registration", cases[one], cases[other]) for one, other in registration]
    items += _slipped(rng, [cases[case_id] for case_id in pool], count)
    rng.shuffle(items)
    return Questions(tuple(items), 1 - len(both) / max(len(pairs), 1))


def _pairs(collection: Collection, rng: random.Random) -> list[tuple[int, int]]:
    """One pair of cases, asking and wanted, of every person who has two, in a seeded order."""
    persons = collection.persons
    order = np.argsort(persons, kind="stable")
    cuts = np.flatnonzero(np.diff(persons[order])) + 1
    several = [group.tolist() for group in np.split(order + 1, cuts) if len(group) > 1]
    pairs = [tuple(rng.sample(group, 2)) for group in several]
    rng.shuffle(pairs)
    return pairs


def _of_pair(kind: str, asking: StoredCase, wanted: StoredCase) -> Question:
    scripts = " and ".join(sorted({asking.script, wanted.script}))
    return Question(
        kind,
        known_to_searcher(asking.record) if kind == "search" else asking.record,
        wanted.case_id,
        known_to_searcher(wanted.record),
        frozenset({asking.case_id}),
        wanted.culture,
        scripts,
        tuple(sorted({*asking.corruptions, *wanted.corruptions})),
    )


def known_to_searcher(record: PersonRecord) -> PersonRecord:
    """Names, births, sex and nationalities: what an investigator has."""
    return PersonRecord(
        record_id="query",
        kind=CaseKind.MISSING,
        names=record.names,
        births=record.births,
        sex=record.sex,
        nationalities=record.nationalities,
    )


def _slipped(rng: random.Random, pool: list[StoredCase], count: int) -> Iterator[Question]:
    """As many of each slip as of the others, each on a case of its own."""
    each = -(-count // len(SLIPS))
    left = list(pool)
    for name, slip in SLIPS.items():
        made, unfit = 0, []
        while left and made < each:
            case = left.pop()
            asked = slip(rng, known_to_searcher(case.record), case.culture)
            if asked is None:
                unfit.append(case)
                continue
            made += 1
            yield _of_slip(name, case, asked)
        left = unfit + left


def _of_slip(name: str, case: StoredCase, asked: PersonRecord) -> Question:
    return Question(
        "slips",
        asked,
        case.case_id,
        known_to_searcher(case.record),
        frozenset(),
        case.culture,
        case.script,
        (name,),
    )


def in_words(record: PersonRecord) -> str:
    """What searchers ask for in a line, for lists of misses."""
    births = " ".join(born.date.text for born in record.births)
    return "; ".join(
        (" | ".join(name.text for name in record.names), births, record.sex.value,
         " ".join(record.nationalities))
    )  # fmt: skip
