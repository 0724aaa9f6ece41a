"""The drain dies, comes late or twice, is refused: Elasticsearch ends up with what is stored."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, update
from sqlmodel import Session, col, select

from matching.record import Name, PersonRecord
from matching.retrieval import index_entry
from service.cases.intake import amend, close
from service.cases.models import Case
from service.cases.schemas import CaseAmendment, CaseClosure
from service.cases.vocabulary import CloseReason
from service.config import Settings
from service.errors import IndexUnavailable
from service.index import elastic_cluster, elastic_query, outbox
from service.index.elastic import ElasticIndex
from service.index.elastic_cluster import Cluster, Document
from service.index.marks import OutboxMark, read_mark, take_turn
from service.index.outbox import Outbox, lag_of
from service.store.engine import for_reading
from tests.conftest import World, clock
from tests.faults.test_kills import command, registered, url_of, verify
from tests.serving import EMPD

pytestmark = pytest.mark.elastic

CASES = 120
SMALL_BATCH = 5
"""Changes carried at a time: a hundred take long enough to be killed between two batches."""
SHORT_TURN = 2
"""Seconds that a killed drain holds the next one up here."""
BEFORE_KILL = 30
PATIENCE_SECONDS = 120.0


def until(done: Callable[[], bool], said: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < end, said
        time.sleep(0.05)


def lag(engine: Engine) -> int:
    with Session(engine) as session:
        return lag_of(session).changes


def mark(engine: Engine) -> int:
    with Session(engine) as session:
        return read_mark(session)


def use(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Let every process that is started from here on work with an index."""
    for name in ("index", "elastic_url", "elastic_prefix", "elastic_replicas", "elastic_fallback"):
        monkeypatch.setenv(f"EMPD_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("EMPD_ELASTIC_SEARCH_SECONDS", "30")


@contextmanager
def following() -> Iterator[subprocess.Popen[bytes]]:
    """`empd index drain --follow` in small batches."""
    slow = (
        f"from service.index import outbox; outbox.BATCH = {SMALL_BATCH}; "
        f"from datetime import timedelta; outbox.TURN = timedelta(seconds={SHORT_TURN}); "
        "from service.cli import main; main()"
    )
    drain = subprocess.Popen(
        [sys.executable, "-c", slow, "index", "drain", "--follow"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield drain
    finally:
        drain.kill()
        drain.wait()


def test_a_drain_that_was_killed_loses_nothing(
    any_world: World,
    elastic_settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, engine, url = any_world, any_world.engine, url_of(any_world)
    use(monkeypatch, elastic_settings)
    monkeypatch.setenv("EMPD_DATABASE_URL", url)
    assert command(url, "index", "build").returncode == 0
    registered(world, CASES, tmp_path)
    assert command(url, "index", "drain").returncode == 0
    assert verify(url)["clean"]
    change_many(world)
    begin, waiting = mark(engine), lag(engine)
    with following() as drain:
        until(lambda: mark(engine) >= begin + BEFORE_KILL, "nothing was carried")
        os.kill(drain.pid, signal.SIGKILL)
        assert drain.wait() == -signal.SIGKILL
    assert 0 < lag(engine) < waiting
    with following():
        until(lambda: lag(engine) == 0, "the rest was not carried")
    assert mark(engine) == begin + waiting
    assert verify(url)["clean"]
    cluster = Cluster(elastic_settings, clock)
    with Session(engine) as session:
        ids = session.exec(select(col(Case.id)).where(Case.status == "open")).all()
    assert {source["rid"] for source in cluster.documents()} == set(ids)
    cluster.close()


def change_many(world: World) -> None:
    """End every third case and give the others another name."""
    with Session(world.engine) as session:
        ids = session.exec(select(col(Case.public_id)).order_by(col(Case.id))).all()
    ended = CaseClosure(reason=CloseReason.FOUND)
    for number, public_id in enumerate(ids):
        with world.work("BE-POL") as work:
            if number % 3 == 0:
                close(work, world.linkage, public_id, ended)
                continue
            changed = CaseAmendment.model_validate(
                {"expected_version": 1, "add": {"names": [f"Yonas Bekele{number}"]}}
            )
            amend(work, world.linkage, public_id, changed, limit=10)


@pytest.fixture
def index_of(any_engine: Engine, cluster: Cluster) -> Callable[[Session], ElasticIndex]:
    """An index that answers, beside either store."""

    def opened(session: Session) -> ElasticIndex:
        return ElasticIndex(session, cluster, fallback=True)

    with Session(any_engine) as session:
        index = opened(session)
        index.activate(index.begin())
        session.commit()
    return opened


IndexOf = Callable[[Session], ElasticIndex]


def put(engine: Engine, index_of: IndexOf, names: dict[int, str]) -> None:
    with Session(engine) as session:
        index_of(session).upsert(
            index_entry(case_id, PersonRecord("r", names=(Name.of(name),)))
            for case_id, name in names.items()
        )
        session.commit()


def differs(engine: Engine, cluster: Cluster) -> bool:
    """Whether Elasticsearch holds anything else than the tables of the store."""
    held = {source["rid"]: source["t"] for source in cluster.documents()}
    with Session(for_reading(engine)) as session:
        index = ElasticIndex(session, cluster, fallback=True)
        expected = {e.case_id: set(e.terms) for e in index._sql.all_held()}
        clean = index.verify(index._sql.all_held()).clean
    return not clean or held.keys() != expected.keys()


def versions(cluster: Cluster, index: str, ids: Iterable[int]) -> dict[int, int]:
    return {
        case_id: cluster._admin.get(index=index, id=str(case_id)).body["_version"]
        for case_id in ids
    }


def test_carrying_again_changes_nothing(
    any_engine: Engine, index_of: IndexOf, cluster: Cluster
) -> None:
    put(any_engine, index_of, {n: f"Selam Tesfay{n}" for n in range(1, 31)})
    put(any_engine, index_of, {n: f"Linh Hoxha{n}" for n in range(1, 11)})
    with Session(any_engine) as session:
        index_of(session).remove([11, 12])
        session.commit()
    assert Outbox(any_engine, cluster, clock).drain() == 42
    name = cluster.name(next(iter(cluster.generations())))
    left = [n for n in range(1, 31) if n not in {11, 12}]
    before, reached = versions(cluster, name, left), mark(any_engine)
    with Session(any_engine) as session:
        session.connection().execute(update(OutboxMark).values(seq=reached - 35))
        session.commit()
    assert Outbox(any_engine, cluster, clock).drain() == 35
    assert versions(cluster, name, left) == before
    assert mark(any_engine) == reached
    assert not differs(any_engine, cluster)


class Late(Cluster):
    """A cluster to which one drain writes only when something else has happened."""

    meanwhile: Callable[[], None] | None = None

    def write(self, generations: Iterable[int], documents: Iterable[Document]) -> None:
        happens, self.meanwhile = self.meanwhile, None
        if happens is not None:
            happens()
        super().write(generations, documents)


def later() -> datetime:
    """The clock of a drain to which the other one's turn is long over."""
    return clock() + timedelta(hours=1)


def test_a_late_drain_takes_nothing_back(
    any_engine: Engine, index_of: IndexOf, cluster: Cluster, elastic_settings: Settings
) -> None:
    put(any_engine, index_of, {1: "Selam Tesfay", 2: "Selam Tesfay", 3: "Selam Tesfay"})
    slow = Late(elastic_settings, clock)

    def meanwhile() -> None:
        put(any_engine, index_of, {1: "Linh Hoxha"})
        with Session(any_engine) as session:
            index_of(session).remove([2])
            session.commit()
        assert Outbox(any_engine, cluster, later).drain() == 5

    slow.meanwhile = meanwhile
    Outbox(any_engine, slow, clock).drain()
    assert slow.meanwhile is None
    assert lag(any_engine) == 0
    assert {s["rid"] for s in cluster.documents()} == {1, 3}
    assert not differs(any_engine, cluster)
    slow.close()


@pytest.mark.parametrize("second", [clock, later], ids=["in turn", "turn lost"])
def test_two_drains_at_once(
    any_engine: Engine,
    index_of: IndexOf,
    cluster: Cluster,
    second: Callable[[], datetime],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox, "BATCH", SMALL_BATCH)
    put(any_engine, index_of, {n: f"Selam Tesfay{n}" for n in range(1, 101)})
    put(any_engine, index_of, {n: f"Linh Hoxha{n}" for n in range(50, 101)})
    with Session(any_engine) as session:
        index_of(session).remove(range(1, 21))
        session.commit()
    waits, carried, failed = lag(any_engine), list[int](), list[Exception]()
    start = threading.Barrier(2)

    def drain(now: Callable[[], datetime]) -> None:
        try:
            start.wait()
            carried.append(Outbox(any_engine, cluster, now).drain())
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            failed.append(error)

    threads = [threading.Thread(target=drain, args=(now,)) for now in (clock, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    # With the turn kept each change is carried once; with it lost, at least once.
    assert sum(carried) == waits if second is clock else sum(carried) >= waits
    assert lag(any_engine) == 0
    assert not differs(any_engine, cluster)


def test_carrying_waits_for_whom_it_is_the_turn_of(
    any_engine: Engine, index_of: IndexOf, cluster: Cluster, elastic_settings: Settings
) -> None:
    put(any_engine, index_of, {n: f"Selam Tesfay{n}" for n in range(1, 11)})
    slow, begun, waited = Late(elastic_settings, clock), threading.Event(), threading.Event()

    def meanwhile() -> None:
        begun.set()
        assert waited.wait(PATIENCE_SECONDS)

    def tell(done: int, total: int) -> None:
        told.append((done, total))
        waited.set()

    slow.meanwhile, told = meanwhile, list[tuple[int, int]]()
    server = threading.Thread(target=Outbox(any_engine, slow, clock).drain)
    server.start()
    assert begun.wait(PATIENCE_SECONDS)
    assert Outbox(any_engine, cluster, clock).drain() == 0
    assert Outbox(any_engine, cluster, clock).carry(tell)
    assert (lag(any_engine), told[0], told[-1]) == (0, (0, 10), (10, 10))
    server.join()
    slow.close()


def test_carrying_gives_up_where_nothing_moves(
    any_engine: Engine, index_of: IndexOf, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(any_engine, index_of, {1: "Selam Tesfay"})
    with Session(any_engine) as session:
        assert take_turn(session, "another", clock(), timedelta(hours=1))
        session.commit()
    monkeypatch.setattr(outbox, "TURN", timedelta(seconds=0.1))
    monkeypatch.setattr(outbox, "POLL_SECONDS", 0.01)
    assert not Outbox(any_engine, cluster, clock).carry()
    assert lag(any_engine) == 1


def test_what_the_server_refuses_goes_on_waiting(
    any_engine: Engine, index_of: IndexOf, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elastic_cluster, "FIRST_BACKOFF_SECONDS", 0.01)
    monkeypatch.setattr(elastic_cluster, "LAST_BACKOFF_SECONDS", 0.01)
    put(any_engine, index_of, {1: "Selam Tesfay"})
    name = cluster.name(next(iter(cluster.generations())))
    before = mark(any_engine)
    # What the server sets by itself when its disk is nearly full: each document gets a 429.
    full = "index.blocks.read_only_allow_delete"
    cluster._admin.indices.put_settings(index=name, settings={full: True})
    with pytest.raises(IndexUnavailable, match="429"):
        Outbox(any_engine, cluster, clock).drain()
    assert mark(any_engine) == before
    assert lag(any_engine) == 1
    cluster._admin.indices.put_settings(index=name, settings={full: None})
    assert Outbox(any_engine, cluster, clock).drain() == 1
    assert not differs(any_engine, cluster)


def test_one_refused_document_holds_the_mark(
    any_engine: Engine, index_of: IndexOf, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(any_engine, index_of, {1: "Selam Tesfay", 2: "Linh Hoxha"})
    sound = elastic_query.document

    def unsound(entry: Any) -> Any:
        return {**sound(entry), "surname": 1} if entry.case_id == 1 else sound(entry)

    monkeypatch.setattr(outbox, "document", unsound)
    with pytest.raises(IndexUnavailable, match="400"):
        Outbox(any_engine, cluster, clock).drain()
    assert lag(any_engine) == 2
    monkeypatch.undo()
    assert Outbox(any_engine, cluster, clock).drain() == 2
    assert not differs(any_engine, cluster)


def test_status_tells_how_far_behind(
    world: World, elastic_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = url_of(world)
    use(monkeypatch, elastic_settings)
    assert command(url, "index", "build").returncode == 0
    registered(world, 3, tmp_path)

    def told() -> int:
        done = subprocess.run(
            [str(EMPD), "index", "status", "--json"],
            env={**os.environ, "EMPD_DATABASE_URL": url},
            capture_output=True,
            text=True,
            check=True,
        )
        return int(json.loads(done.stdout)["lag"])

    assert told() == 3
    assert command(url, "index", "drain").returncode == 0
    assert told() == 0
