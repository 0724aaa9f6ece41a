"""The index in Elasticsearch: the scores of the other adapters, and nothing lost or invented."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from matching.record import BirthDate, CaseKind, Name, PartialDate, PersonRecord, Sex
from matching.retrieval import IndexEntry, index_entry
from service.clock import system_clock
from service.config import Settings
from service.errors import IndexNotReady, IndexUnavailable
from service.index.base import Scope
from service.index.breaker import FAILURES_TO_OPEN
from service.index.elastic import STANDS_IN, ElasticIndex, elastic_factory
from service.index.elastic_cluster import Cluster
from service.index.elastic_query import LEVELS
from service.index.memory import MemoryIndex
from service.index.outbox import Outbox
from service.index.sql import SqlIndex
from service.store.engine import for_reading
from tests.conftest import clock

pytestmark = pytest.mark.elastic

GIVEN = "Ahmad Ahmed Ahmet Mohammed Muhamad Selam Salam Dawit David Linh Fatima Fatema".split()
FAMILY = "Hosseini Husseini Rahimi Tesfay Tesfai Nguyen Hoxha Hodja Diallo Warsame".split()
BORN = ("2009-03-14", "2009-03-04", "2009-04-03", "2008-03-14", "2004-03-14", "2009", "2011-05", "")
NATIONS = ("AF", "ER", "VN", "")
NOWHERE = "http://127.0.0.1:9"
"""A port that nobody listens on (discard)."""


def person(rng: random.Random) -> PersonRecord:
    name = " ".join([*rng.sample(GIVEN, rng.randint(1, 2)), rng.choice(FAMILY)])
    born, nation = rng.choice(BORN), rng.choice(NATIONS)
    return PersonRecord(
        "r",
        rng.choice([CaseKind.MISSING, CaseKind.ENCOUNTERED]),
        (Name.of(name),),
        (BirthDate(PartialDate.parse(born)),) if born else (),
        rng.choice(list(Sex)),
        (nation,) if nation else (),
    )


def people(count: int, seed: int) -> dict[int, IndexEntry]:
    rng = random.Random(seed)
    return {case_id: index_entry(case_id, person(rng)) for case_id in range(1, count + 1)}


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


@pytest.fixture
def index(session: Session, cluster: Cluster) -> ElasticIndex:
    """An index that answers, and holds nothing yet."""
    index = ElasticIndex(session, cluster, fallback=False)
    index.activate(index.begin())
    session.commit()
    return index


def settle(session: Session, cluster: Cluster) -> None:
    session.commit()
    Outbox(cast("Engine", session.get_bind()), cluster, clock).drain()


def stored(cluster: Cluster) -> list[int]:
    return [source["rid"] for source in cluster.documents()]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("carried", [True, False])
def test_scores_are_those_of_the_memory(
    index: ElasticIndex, session: Session, cluster: Cluster, seed: int, carried: bool
) -> None:
    everybody = people(250, seed)
    index.upsert(everybody.values())
    if carried:
        settle(session, cluster)
    memory = MemoryIndex()
    memory.upsert(everybody.values())
    rng = random.Random(seed + 100)
    for number in range(12):
        asked = person(rng)
        exclude = frozenset(rng.sample(range(1, 251), 5)) if number % 2 else frozenset[int]()
        kinds = frozenset({"missing"}) if number % 3 == 0 else frozenset[str]()
        scope = Scope(kinds, exclude)
        found = index.candidates(asked, scope, 300)
        expected = memory.candidates(asked, scope, 300)
        ours = {item.case_id: item.score for item in found.items}
        theirs = {item.case_id: item.score for item in expected.items}
        assert set(ours) == set(theirs)
        assert not found.cut
        # Each part of a name is rounded to the nearest of its levels.
        best = max(theirs.values())
        allowed = 3 * len(asked.names[0].text.split()) * (best + 20) / LEVELS / 2
        assert all(abs(ours[case_id] - theirs[case_id]) <= allowed for case_id in ours)


def test_without_names_scores_are_exact(
    index: ElasticIndex, session: Session, cluster: Cluster
) -> None:
    everybody = people(200, 5)
    index.upsert(everybody.values())
    settle(session, cluster)
    memory = MemoryIndex()
    memory.upsert(everybody.values())
    for born in ("2009-03-14", "2008", "2007..2010"):
        births = (BirthDate(PartialDate.parse(born)),)
        asked = PersonRecord("q", births=births, sex=Sex.MALE, nationalities=("ER",))
        found = index.candidates(asked, Scope(), 200)
        expected = memory.candidates(asked, Scope(), 200)
        assert found.items
        ours = {item.case_id: item.score for item in found.items}
        theirs = {item.case_id: item.score for item in expected.items}
        assert ours == pytest.approx(theirs, abs=0.01)


def test_what_is_not_carried_yet_is_searched_all_the_same(
    index: ElasticIndex, session: Session, cluster: Cluster
) -> None:
    asked = PersonRecord("q", names=(Name.of("Selam Tesfay"),))
    same, other = (PersonRecord("r", names=(Name.of(n),)) for n in ("Selam Tesfay", "Linh Hoxha"))
    index.upsert([index_entry(1, same), index_entry(2, same), index_entry(3, other)])
    settle(session, cluster)
    index.remove([1])
    index.upsert([index_entry(2, other), index_entry(3, same), index_entry(4, same)])
    assert stored(cluster) == [1, 2, 3]
    found = index.candidates(asked, Scope(), 10)
    assert [item.case_id for item in found.items] == [3, 4]
    settle(session, cluster)
    assert stored(cluster) == [2, 3, 4]
    again = index.candidates(asked, Scope(), 10)
    assert [item.case_id for item in again.items] == [3, 4]


def test_no_change_is_forgotten_before_it_is_carried(
    index: ElasticIndex, session: Session, cluster: Cluster
) -> None:
    index.upsert([index_entry(1, PersonRecord("r", names=(Name.of("Selam Tesfay"),)))])
    settle(session, cluster)
    index.remove([1])
    session.commit()
    next_week = ElasticIndex(
        session, cluster, fallback=False, clock=lambda: system_clock() + timedelta(days=7)
    )
    next_week.upsert([index_entry(2, PersonRecord("r", names=(Name.of("Linh Hoxha"),)))])
    settle(session, cluster)
    assert stored(cluster) == [2]
    next_week.upsert([index_entry(3, PersonRecord("r", names=(Name.of("Linh Hoxha"),)))])
    assert not any(change.before for change in SqlIndex(session).changes(0, None))


def test_several_shards_give_the_same_answers(session: Session, elastic_settings: Settings) -> None:
    cluster = Cluster(elastic_settings.model_copy(update={"elastic_shards": 3}), clock)
    index = ElasticIndex(session, cluster, fallback=True)
    index.activate(index.begin())
    index.upsert(people(150, 9).values())
    settle(session, cluster)
    rng = random.Random(4)
    for _ in range(5):
        asked = person(rng)
        found = index.candidates(asked, Scope(), 150)
        assert found.fallback is None
        memory = MemoryIndex()
        memory.upsert(people(150, 9).values())
        expected = memory.candidates(asked, Scope(), 150)
        assert {i.case_id for i in found.items} == {i.case_id for i in expected.items}
    cluster.close()


@pytest.mark.parametrize("fallback", [True, False])
def test_it_verifies_clean_with_and_without_postings(
    engine: Engine, session: Session, cluster: Cluster, fallback: bool
) -> None:
    index = ElasticIndex(session, cluster, fallback=fallback)
    index.activate(index.begin())
    everybody = people(30, 3)
    index.upsert(everybody.values())
    settle(session, cluster)
    with Session(for_reading(engine)) as reading:
        index = ElasticIndex(reading, cluster, fallback=fallback)
        assert index.verify(everybody.values()).clean


def test_a_term_too_long_for_the_server_costs_nothing_else(
    index: ElasticIndex, session: Session, cluster: Cluster
) -> None:
    asked = PersonRecord("q", names=(Name.of("Selam"),))
    entry = index_entry(1, asked)
    index.upsert([IndexEntry(1, (*entry.terms, "s:" + "x" * 40_000), entry.packed)])
    settle(session, cluster)
    assert [item.case_id for item in index.candidates(asked, Scope(), 5).items] == [1]


def test_the_mapping_takes_nothing_else(index: ElasticIndex, cluster: Cluster) -> None:
    number = index.generation().number
    with pytest.raises(IndexUnavailable, match="400"):
        cluster.write([number], [(1, {"name": "Selam"}, 1)])
    assert stored(cluster) == []


def test_no_write_makes_an_index(cluster: Cluster) -> None:
    with pytest.raises(IndexNotReady):
        cluster.write([77], [(1, {"t": []}, 1)])
    assert cluster.generations() == {}


def test_an_older_version_replaces_nothing(index: ElasticIndex, cluster: Cluster) -> None:
    number = index.generation().number
    source = {"t": ["n:a"], "b": [], "y": "0", "nat": "0", "sex": "0", "rid": 1, "packed": 0}
    cluster.write([number], [(1, source, 7)])
    cluster.write([number], [(1, {**source, "t": ["n:old"]}, 6), (2, source, 3)])
    cluster.write([number], [(2, None, 4)])
    cluster.write([number], [(2, source, 3)])
    cluster.refresh([number])
    assert [(s["rid"], s["t"]) for s in cluster.documents()] == [(1, ["n:a"])]


def searchable_segments(cluster: Cluster, number: int) -> int:
    found = cluster._client.indices.segments(index=cluster.name(number)).body["indices"]
    copies = [copy for shard in found[cluster.name(number)]["shards"].values() for copy in shard]
    return sum(s["search"] for copy in copies for s in copy["segments"].values())


def test_merging_leaves_one_segment_that_holds_all(index: ElasticIndex, cluster: Cluster) -> None:
    number = index.generation().number
    for case_id in (1, 2, 3):
        held: dict[str, Any] = {
            "b": [],
            "y": "0",
            "nat": "0",
            "sex": "0",
            "rid": case_id,
            "packed": 0,
        }
        cluster.write([number], [(case_id, {"t": ["n:a"], **held}, 1)])
        cluster.refresh([number])
    assert searchable_segments(cluster, number) > 1
    cluster.merge(number)
    cluster.refresh([number])
    assert searchable_segments(cluster, number) == 1
    assert stored(cluster) == [1, 2, 3]


def test_a_build_answers_though_its_merge_was_cut_off(
    index: ElasticIndex, session: Session, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def cut_off(_number: int) -> None:
        raise Killed

    monkeypatch.setattr(cluster, "merge", cut_off)
    asked = PersonRecord("q", names=(Name.of("Selam Tesfay"),))
    built = index.begin()
    session.commit()
    index.fill(built, [index_entry(7, asked)])
    index.activate(built)
    with pytest.raises(Killed):
        session.commit()
    with Session(session.get_bind()) as later:
        found = ElasticIndex(later, cluster, fallback=False).candidates(asked, Scope(), 5)
    assert [item.case_id for item in found.items] == [7]


def test_a_rebuild_leaves_nothing_out_and_answers_throughout(
    index: ElasticIndex, session: Session, cluster: Cluster
) -> None:
    asked = PersonRecord("q", names=(Name.of("Selam Tesfay"),))
    entries = {n: index_entry(n, asked) for n in range(1, 21)}
    changed = index_entry(3, PersonRecord("r", names=(Name.of("Linh Hoxha"),)))
    index.upsert(entries.values())
    settle(session, cluster)
    before = index.generation()
    built = index.begin()
    session.commit()
    index.fill(built, [entries[n] for n in range(1, 11)])
    index.upsert([changed, index_entry(21, asked)])
    index.remove([5, 15])
    settle(session, cluster)
    assert index.generation() == before
    assert len(index.candidates(asked, Scope(), 50).items) == 18
    index.fill(built, [entries[n] for n in range(11, 21) if n != 15])
    index.activate(built)
    session.commit()
    while index.sweep(1_000):
        session.commit()
    session.commit()
    expected = [n for n in range(1, 22) if n not in {5, 15}]
    assert stored(cluster) == expected
    found = [item.case_id for item in index.candidates(asked, Scope(), 50).items]
    assert found == [n for n in expected if n != 3]
    assert list(cluster.generations()) == [built.number]


def test_a_killed_rebuild_is_cleaned_up_by_the_next(
    index: ElasticIndex, session: Session, cluster: Cluster
) -> None:
    asked = PersonRecord("q", names=(Name.of("Selam Tesfay"),))
    index.upsert([index_entry(1, asked)])
    settle(session, cluster)
    killed = index.begin()
    session.commit()
    index.fill(killed, [index_entry(2, asked)])
    session.rollback()
    assert [item.case_id for item in index.candidates(asked, Scope(), 5).items] == [1]
    built = index.begin()
    index.fill(built, [index_entry(1, asked)])
    index.activate(built)
    session.commit()
    while index.sweep(1_000):
        session.commit()
    session.commit()
    assert list(cluster.generations()) == [built.number]
    assert stored(cluster) == [1]


def test_the_store_answers_while_the_server_is_away(
    session: Session, elastic_settings: Settings
) -> None:
    asked = PersonRecord("q", names=(Name.of("Selam Tesfay"),))
    away = elastic_settings.model_copy(update={"elastic_url": NOWHERE})
    index = elastic_factory(away, clock)(session)
    index.upsert([index_entry(1, asked)])
    found = index.candidates(asked, Scope(), 5)
    assert [item.case_id for item in found.items] == [1]
    assert found.fallback == STANDS_IN
    assert index.healthy()


def test_without_a_stand_in_it_says_so_and_stops_asking(
    index: ElasticIndex, session: Session, elastic_settings: Settings
) -> None:
    asked = PersonRecord("q", names=(Name.of("Selam Tesfay"),))
    away = elastic_settings.model_copy(update={"elastic_url": NOWHERE, "elastic_fallback": False})
    index = ElasticIndex(session, Cluster(away, clock), fallback=False)
    index.upsert([index_entry(1, asked)])
    said = []
    for _ in range(FAILURES_TO_OPEN + 1):
        with pytest.raises(IndexUnavailable) as refused:
            index.candidates(asked, Scope(), 5)
        said.append(refused.value.detail)
    assert said[:-1] == ["Elasticsearch does not answer"] * FAILURES_TO_OPEN
    assert "asked again shortly" in said[-1]
    with pytest.raises(IndexUnavailable):
        index.healthy()


def test_an_index_that_was_never_built_asks_for_it(session: Session, cluster: Cluster) -> None:
    index = ElasticIndex(session, cluster, fallback=False)
    with pytest.raises(IndexNotReady, match="empd index build"):
        index.candidates(PersonRecord("q", names=(Name.of("Selam"),)), Scope(), 5)
    with pytest.raises(IndexNotReady):
        index.healthy()


def test_errors_hold_nothing_of_the_query(index: ElasticIndex, cluster: Cluster) -> None:
    with pytest.raises(IndexUnavailable) as refused:
        cluster.search({"query": {"nonsense": {"t": "n:secret"}}})
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
    assert "secret" not in refused.value.detail


def test_a_refused_question_keeps_nobody_else_away(index: ElasticIndex, cluster: Cluster) -> None:
    for _ in range(FAILURES_TO_OPEN + 1):
        with pytest.raises(IndexUnavailable, match="400"):
            cluster.search({"query": {"nonsense": {}}})
    assert cluster.search({"query": {"match_all": {}}})
