"""One suite for every adapter of the candidate index."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from matching.names.folding import fold
from matching.record import BirthDate, CaseKind, Contact, Name, PartialDate, PersonRecord, Sex
from matching.retrieval import index_entry
from service.errors import IndexNotReady
from service.index.base import CandidateIndex, Generation, Scope
from service.index.elastic import ElasticIndex
from service.index.elastic_cluster import Cluster
from service.index.memory import MemoryIndex
from service.index.mirror import Mirror
from service.index.outbox import Outbox
from service.index.sql import SqlIndex
from tests.conftest import clock

GIVEN = (
    "Mohammed Ahmad Fatima Zahra Selam Dawit Abdirahman Linh Oleksandr Arben Andrei Mamadou"
).split()
FAMILY = (
    "Hosseini Rahimi Tesfay Warsame Nguyen Kovalenko Hoxha Popescu Diallo Schneider Demir Okafor"
).split()


def record(
    name: str,
    *,
    born: str = "2009-03-14",
    sex: Sex = Sex.MALE,
    nation: str = "AF",
    kind: CaseKind = CaseKind.MISSING,
) -> PersonRecord:
    births = (BirthDate(PartialDate.parse(born)),) if born else ()
    nations = (nation,) if nation else ()
    return PersonRecord("r", kind, (Name.of(name),), births, sex, nations)


CHANGING = {"upsert", "remove", "activate"}


class Committing:
    """An adapter of the store as the service uses it: each change commits, each search reads."""

    def __init__(self, engine: Engine, mirror: Mirror | None) -> None:
        self._engine = engine
        self._mirror = mirror

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any) -> Any:
            with Session(self._engine) as session:
                answer = getattr(self._open(session), name)(*args)
                session.commit()
            if name in CHANGING:
                self._settle()
            return answer

        return call

    def _open(self, session: Session) -> CandidateIndex:
        return SqlIndex(session, mirror=self._mirror)

    def _settle(self) -> None:
        """The tables are in step when the transaction ends."""


class Carried(Committing):
    """Elasticsearch as the service uses it, with everything carried there after each change."""

    def __init__(self, engine: Engine, cluster: Cluster, mirror: Mirror | None) -> None:
        super().__init__(engine, mirror)
        self._cluster = cluster
        self._outbox = Outbox(engine, cluster, clock)
        self.activate(self.begin())

    def _open(self, session: Session) -> CandidateIndex:
        return ElasticIndex(session, self._cluster, fallback=False, mirror=self._mirror)

    def _settle(self) -> None:
        self._outbox.drain()


ADAPTERS = [
    "memory",
    "sqlite",
    "sqlite-mirror",
    pytest.param("postgres", marks=pytest.mark.postgres),
    pytest.param("postgres-mirror", marks=pytest.mark.postgres),
    pytest.param("elastic", marks=pytest.mark.elastic),
    pytest.param("elastic-mirror", marks=pytest.mark.elastic),
]


@pytest.fixture(params=ADAPTERS)
def index(request: pytest.FixtureRequest) -> CandidateIndex:
    if request.param == "memory":
        return MemoryIndex()
    store, _, mirrored = request.param.partition("-")
    mirror = Mirror(in_background=False) if mirrored else None
    if store == "elastic":
        engine, cluster = (request.getfixturevalue(name) for name in ("engine", "cluster"))
        carried: CandidateIndex = Carried(engine, cluster, mirror)
        return carried
    engine = request.getfixturevalue("engine" if store == "sqlite" else "postgres_engine")
    index: CandidateIndex = Committing(engine, mirror)
    return index


def ids(
    index: CandidateIndex, query: PersonRecord, scope: Scope | None = None, limit: int = 10
) -> list[int]:
    return [item.case_id for item in index.candidates(query, scope or Scope(), limit).items]


def fill(index: CandidateIndex, count: int, seed: int = 7) -> dict[int, PersonRecord]:
    rng = random.Random(seed)
    records = {
        case_id: record(
            " ".join([*rng.sample(GIVEN, 2), rng.choice(FAMILY) + rng.choice("aeioukmn")]),
            born=date(rng.randint(2006, 2016), rng.randint(1, 12), rng.randint(2, 28)).isoformat(),
            sex=rng.choice([Sex.MALE, Sex.FEMALE]),
            nation=rng.choice(["AF", "ER", "SO", "UA", "VN"]),
        )
        for case_id in range(1, count + 1)
    }
    index.upsert([index_entry(case_id, item) for case_id, item in records.items()])
    return records


class TestContract:
    def test_finds_another_spelling(self, index: CandidateIndex) -> None:
        index.upsert(
            [
                index_entry(1, record("محمد حسینی")),
                index_entry(2, record("Emma Schneider", nation="DE")),
            ]
        )
        assert ids(index, record("Mohamad Huseini", born="2009-01-01"))[0] == 1

    def test_amend_replaces_what_was_held(self, index: CandidateIndex) -> None:
        index.upsert([index_entry(1, record("Arben Hoxha", born="2009-03-14"))])
        index.upsert([index_entry(1, record("Selam Tesfay", born="2011-05-20"))])
        assert ids(index, record("Selam Tesfay", born="")) == [1]
        assert ids(index, record("Arben Hoxha", born="")) == []

    def test_remove(self, index: CandidateIndex) -> None:
        index.upsert(
            [index_entry(1, record("Arben Hoxha")), index_entry(2, record("Arben Hoxhaj"))]
        )
        index.remove([1, 99])
        assert ids(index, record("Arben Hoxha")) == [2]
        folded = fold("arben")
        assert index.frequencies([folded]).counts[folded] == 1

    def test_wrong_sex_and_nationality_exclude_nobody(self, index: CandidateIndex) -> None:
        index.upsert([index_entry(1, record("Dawit Tesfay", nation="ER"))])
        assert ids(
            index, record("Dawit Tesfay", sex=Sex.FEMALE, nation="ET", born="1999-12-05")
        ) == [1]

    def test_scope_filters_kind_and_own_case(self, index: CandidateIndex) -> None:
        index.upsert(
            [
                index_entry(1, record("Linh Nguyen")),
                index_entry(2, record("Linh Nguyen", kind=CaseKind.ENCOUNTERED)),
            ]
        )
        asked = record("Linh Nguyen")
        assert ids(index, asked, Scope(exclude=frozenset({1}))) == [2]
        assert ids(index, asked, Scope(kinds=frozenset({"missing"}))) == [1]

    def test_a_birth_date_alone_is_enough(self, index: CandidateIndex) -> None:
        index.upsert([index_entry(1, record("Linh Nguyen", born="2010-07-23"))])
        asked = PersonRecord("q", births=(BirthDate(PartialDate.parse("2010-07-23")),))
        assert ids(index, asked) == [1]

    def test_a_new_generation_answers_when_it_is_activated(self, index: CandidateIndex) -> None:
        index.upsert([index_entry(1, record("Arben Hoxha"))])
        before = index.generation()
        built = index.begin()
        index.fill(built, [index_entry(2, record("Selam Tesfay", born="2012-05-06"))])
        index.fill(built, [index_entry(3, record("Dawit Tesfay", born="2012-05-06"))])
        assert index.generation() == before
        assert ids(index, record("Arben Hoxha")) == [1]
        index.activate(built)
        assert index.generation() == built
        assert ids(index, record("Arben Hoxha")) == []
        assert ids(index, record("Selam Tesfay"))[0] == 2
        while index.sweep(1):
            pass
        assert ids(index, record("Selam Tesfay"))[0] == 2
        assert index.frequencies([]).total == 2

    def test_what_changes_during_a_build_is_in_what_is_built(self, index: CandidateIndex) -> None:
        one, two = record("Arben Hoxha"), record("Selam Tesfay", born="2012-05-06")
        index.upsert([index_entry(1, one), index_entry(2, one)])
        built = index.begin()
        index.fill(built, [index_entry(1, one), index_entry(2, one)])
        index.upsert([index_entry(1, two), index_entry(7, two)])
        index.remove([2])
        index.fill(built, [index_entry(7, two)])
        index.activate(built)
        assert ids(index, two) == [1, 7]
        assert ids(index, one) == []
        assert index.frequencies([]).total == 2

    def test_compacting_changes_no_answer(self, index: CandidateIndex) -> None:
        for share in range(6):
            index.upsert(
                [index_entry(1000 * share + n, record("Linh Nguyen")) for n in range(1, 220)]
            )
        before = index.candidates(record("Linh Nguyen"), Scope(), 2000)
        index.compact(index.scattered())
        assert index.scattered() == []
        assert index.candidates(record("Linh Nguyen"), Scope(), 2000) == before

    def test_a_birthday_with_day_and_month_exchanged_brings_a_case_in(
        self, index: CandidateIndex
    ) -> None:
        index.upsert([index_entry(1, record("Linh Nguyen", born="2010-07-03"))])
        assert ids(index, record("Ousmane Diallo", born="2010-03-07")) == [1]

    def test_a_telephone_number_alone_is_enough(self, index: CandidateIndex) -> None:
        held = PersonRecord("r", contacts=(Contact("phone", "+4930123456"),))
        index.upsert([index_entry(1, held), index_entry(2, record("Linh Nguyen"))])
        assert ids(index, held) == [1]

    def test_an_unknown_generation_is_refused(self, index: CandidateIndex) -> None:
        with pytest.raises(IndexNotReady):
            index.activate(Generation(99, "nowhere"))

    def test_frequencies_count_cases(self, index: CandidateIndex) -> None:
        index.upsert([index_entry(n, record(f"Ahmad {FAMILY[n]}")) for n in range(1, 4)])
        found = index.frequencies(["amad", "nobody"])
        assert found.total == 3
        assert found.counts.get("amad") == 3
        assert found.counts.get("nobody", 0) == 0

    def test_the_answer_says_when_it_was_cut(self, index: CandidateIndex) -> None:
        fill(index, 60)
        found = index.candidates(record("Ahmad", born="", nation=""), Scope(), 5)
        assert len(found.items) == 5
        assert found.cut

    def test_ties_are_in_order_of_id(self, index: CandidateIndex) -> None:
        index.upsert([index_entry(n, record("Selam Tesfay")) for n in (5, 3, 9, 1)])
        assert ids(index, record("Selam Tesfay")) == [1, 3, 5, 9]
        assert ids(index, record("Selam Tesfay"), limit=2) == [1, 3]


def misspelt(name: str, rng: random.Random) -> str:
    place = rng.randrange(1, len(name) - 1)
    return rng.choice(
        [
            name[:place] + name[place + 1 :],
            name.replace("a", "e", 1),
            " ".join(reversed(name.split())),
        ]
    )


@pytest.mark.postgres
@pytest.mark.elastic
def test_adapters_agree_on_recall(
    engine: Engine, postgres_engine: Engine, elastic_store: Engine, cluster: Cluster
) -> None:
    recalls = []
    adapters: list[Any] = [
        MemoryIndex(),
        Committing(engine, None),
        Committing(postgres_engine, None),
        Committing(postgres_engine, Mirror(in_background=False)),
        Carried(elastic_store, cluster, Mirror(in_background=False)),
    ]
    for index in adapters:
        records = fill(index, 600)
        rng = random.Random(11)
        found = 0
        for case_id, item in records.items():
            asked = record(misspelt(item.names[0].text, rng), born="", nation=item.nationalities[0])
            found += case_id in ids(index, asked, limit=20)
        recalls.append(found / len(records))
    assert min(recalls) > 0.9
    assert max(recalls) - min(recalls) <= 0.005
