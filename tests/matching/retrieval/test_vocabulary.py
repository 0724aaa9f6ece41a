from __future__ import annotations

import random

import numpy as np

from matching.record import Name, PersonRecord
from matching.retrieval import IndexEntry, InvertedFile, index_entry, index_query
from matching.retrieval.terms import term_keys
from matching.retrieval.vocabulary import CountedTerms, TermsInMemory, Vocabulary

GIVEN = "Ahmad Ahmed Mohammed Muhamad Selam Salam Dawit David Linh Fatima Fatema".split()
FAMILY = "Hosseini Husseini Rahimi Tesfay Tesfai Nguyen Hoxha Hodja Diallo Warsame".split()
ASKED = ("Ahmat Husaini", "Selam Tesfai", "Dawid", "Fatma Hodscha", "Nobody Atall")


def entry(case_id: int, rng: random.Random) -> IndexEntry:
    name = Name.of(f"{rng.choice(GIVEN)} {rng.choice(FAMILY)}")
    return index_entry(case_id, PersonRecord("r", names=(name,)))


def plans(file: TermsInMemory) -> list[list[tuple[tuple[str, ...], list[float], list[int]]]]:
    queries = (index_query(PersonRecord("q", names=(Name.of(name),))) for name in ASKED)
    return [
        [(group.terms, group.bits.tolist(), group.cases.tolist()) for group in file.plan(query)]
        for query in queries
    ]


def loaded(held: dict[int, IndexEntry]) -> CountedTerms:
    """As from tables: a whole vocabulary with its counts."""
    counts: dict[str, int] = {}
    for one in held.values():
        for term in one.terms:
            counts[term] = counts.get(term, 0) + 1
    file, terms = CountedTerms(), list(counts)
    pairs = [(key, place) for place, term in enumerate(terms) for key in term_keys(term)]
    keys, under = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    file.vocabulary.load(terms, keys.astype(np.uint32), under.astype(np.uint32))
    file.load(np.array(list(counts.values()), dtype=np.int64), len(held))
    return file


def test_counting_plans_as_the_cases_themselves_do() -> None:
    rng = random.Random(5)
    held = {n: entry(n, rng) for n in range(1, 40)}
    counted, whole = loaded(held), InvertedFile()
    whole.put(list(held.values()))
    assert plans(counted) == plans(whole)
    for step in range(30):
        some = rng.sample(sorted(held), 3)
        gone = [held.pop(case_id) for case_id in some]
        fresh = [entry(case_id, rng) for case_id in (*some[:2], 100 + step)]
        held.update({one.case_id: one for one in fresh})
        for file in (counted, whole):
            file.drop(gone)
            file.put(fresh)
        assert plans(counted) == plans(whole)
        assert counted.cases == whole.cases == len(held)
    assert any(terms for groups in plans(whole) for terms, _, _ in groups)
    terms = [*sorted({term for one in held.values() for term in one.terms}), "n:nobody"]
    assert counted.counts(terms) == whole.counts(terms)
    assert counted.counts(terms)[-1] == 0


def test_another_number_of_cases_gives_other_bits() -> None:
    rng = random.Random(6)
    file = InvertedFile()
    file.put([entry(n, rng) for n in range(1, 40)])
    before = plans(file)
    file.set_cases(80)
    assert plans(file) != before
    file.set_cases(39)
    assert plans(file) == before


def test_terms_that_share_a_check_are_told_apart() -> None:
    # The best known pair of English words with one CRC-32, before a prefix too.
    one, other = "n:plumless", "n:buckeroo"
    vocabulary = Vocabulary()
    nothing = np.zeros(0, dtype=np.uint32)
    vocabulary.load([one, other, "n:ana"], nothing, nothing)
    assert vocabulary.numbers([other, "n:ana", one, "n:none"]) == [1, 2, 0, None]
    assert vocabulary.number(other) == 1
    added = vocabulary.add("n:none")
    assert vocabulary.numbers(["n:none", one]) == [added, 0]
