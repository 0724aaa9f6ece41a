"""What a benchmark of retrieval asks of a collection, and which case it must find.

`search`: names, birth, sex and nationality of another case of the same person.
`registration`: the whole other case, nameless ones included.
`slips`: what an investigator knows of the wanted case itself, with one slip.
`two_slips`: the same with one slip in the name and one in birth, sex or nationality.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from fixtures.draw import source
from matching.record import CaseKind, PersonRecord
from scripts.benchmarking.retrieval.collection import Collection, StoredCase
from scripts.benchmarking.retrieval.slips import ELSEWHERE, IN_NAMES, Slip

KINDS = ("search", "registration", "slips", "two_slips")
POOL = 5
"""Cases drawn for each question of a kind: not every slip can happen to every case."""
_ALL = (*IN_NAMES.items(), *ELSEWHERE.items())


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
    unused = [cases[case_id] for case_id in pool]
    items += _slipped(rng, "slips", [(slip,) for slip in _ALL], unused, count)
    both_slips = list(product(IN_NAMES.items(), ELSEWHERE.items()))
    items += _slipped(rng, "two_slips", both_slips, unused, count)
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


Slips = tuple[tuple[str, Slip], ...]


def _slipped(
    rng: random.Random, kind: str, slips: Sequence[Slips], pool: list[StoredCase], count: int
) -> Iterator[Question]:
    """As many of each slip as of the others, each on a case of its own; used cases are taken."""
    each = -(-count // len(slips))
    for wanted in slips:
        made, unfit = 0, []
        while pool and made < each:
            case = pool.pop()
            asked = _with_slips(rng, case, wanted)
            if asked is None:
                unfit.append(case)
                continue
            made += 1
            yield _of_slips(kind, case, asked, tuple(name for name, _ in wanted))
        pool[:0] = unfit


def _with_slips(rng: random.Random, case: StoredCase, slips: Slips) -> PersonRecord | None:
    asked: PersonRecord | None = known_to_searcher(case.record)
    for _, slip in slips:
        asked = slip(rng, asked, case.culture) if asked else None
    return asked


def _of_slips(kind: str, case: StoredCase, asked: PersonRecord, names: tuple[str, ...]) -> Question:
    return Question(
        kind,
        asked,
        case.case_id,
        known_to_searcher(case.record),
        frozenset(),
        case.culture,
        case.script,
        names,
    )


def in_words(record: PersonRecord) -> str:
    """What searchers ask for in a line, for lists of misses."""
    births = " ".join(born.date.text for born in record.births)
    return "; ".join(
        (" | ".join(name.text for name in record.names), births, record.sex.value,
         " ".join(record.nationalities))
    )  # fmt: skip
