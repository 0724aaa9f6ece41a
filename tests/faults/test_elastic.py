"""Elasticsearch dies, the drain dies, nodes come late: it ends up holding what the store says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from sqlalchemy import Engine, update
from sqlmodel import Session, col, select

from matching.record import Name, PersonRecord
from matching.retrieval import index_entry
from service.alerts.models import Alert
from service.alerts.repository import WaitingRepository
from service.cases.intake import amend, close
from service.cases.models import Case
from service.cases.schemas import CaseAmendment, CaseClosure
from service.cases.vocabulary import CloseReason
from service.config import Settings
from service.errors import IndexUnavailable
from service.index import elastic_cluster, elastic_query, outbox
from service.index.elastic import STANDS_IN, ElasticIndex
from service.index.elastic_cluster import Cluster, Document
from service.index.marks import OutboxMark, read_mark
from service.index.outbox import Outbox, lag_of
from service.store.engine import for_reading
from tests.conftest import World, clock, node_directory
from tests.faults.test_kills import client_of, command, draft, registered, url_of, verify
from tests.nodes import Node
from tests.serving import EMPD, Process, served

pytestmark = pytest.mark.elastic

CASES = 120
SMALL_BATCH = 5
"""Changes carried at a time: a hundred take long enough to be killed between two batches."""
SHORT_TURN = 2
"""Seconds that a killed drain holds the next one up here."""
BEFORE_KILL = 30
PATIENCE_SECONDS = 120.0
STATES = ("while it answers", "while it is away", "after it came back")


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


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    """A node that a test may stop."""
    with node_directory() as directory:
        node = Node(directory)
        try:
            node.start()
            yield node
        finally:
            node.stop()


@dataclass
class Load:
    """Registrations and searches that go on, and what was said to each."""

    server: Process
    token: str
    phase: str = STATES[0]
    acknowledged: dict[str, bool] = field(default_factory=dict)
    refused: list[tuple[str, int]] = field(default_factory=list)
    searched: list[tuple[str, int, str | None, str | None]] = field(default_factory=list)
    """Phase, status, `Retry-After`, and which index stood in."""
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._register, args=(n,)) for n in range(2)]
        threads.append(threading.Thread(target=self._search))
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def enough(self, phase: str) -> bool:
        """Whether both were tried several times in a phase."""
        said = [item for item in self.searched if item[0] == phase]
        stored = [name for name in self.acknowledged if name.endswith(phase)]
        return len(said) >= 5 and len(stored) >= 5

    def _register(self, thread: int) -> None:
        number = 0
        while not self._over.wait(0.05):
            number += 1
            name = f"{thread}-{number}-{self.phase}"
            case = {**draft(7 * number + thread), "record_id": name}
            try:
                answer = self.server.post("/api/v1/cases", case, self.token)
            except HTTPError as error:
                self.refused.append((name, error.code))
                continue
            self.acknowledged[name] = answer["compared"]

    def _search(self) -> None:
        while not self._over.wait(0.05):
            phase = self.phase
            try:
                found = search(self.server, self.token, "Samir Hosseinia")
            except HTTPError as error:
                self.searched.append((phase, error.code, error.headers["Retry-After"], None))
                continue
            self.searched.append((phase, 200, None, found["fallback"]))


def search(server: Process, token: str, name: str) -> dict[str, Any]:
    body = {"purpose": "identification", "reference": "1", "query": {"names": [name]}}
    found: dict[str, Any] = server.post("/api/v1/search", body, token)
    return found


@pytest.mark.parametrize("fallback", [False, True])
def test_an_outage_costs_no_registration(
    world: World, node: Node, fallback: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, url = world.engine, url_of(world)
    settings = Settings(
        index="elastic",
        elastic_url=node.url,
        elastic_prefix=f"t{uuid.uuid4().hex[:12]}",
        elastic_replicas=0,
        elastic_fallback=fallback,
    )
    use(monkeypatch, settings)
    assert command(url, "index", "build").returncode == 0
    with served(url) as server:
        load = Load(server, server.token(*client_of(world)))
        child = {
            "kind": "missing",
            "names": ["Aster Woldemariam"],
            "births": [{"date": "2012-05-19"}],
        }
        before = server.post("/api/v1/cases", child, load.token)
        assert before["compared"]
        with load.going_on():
            until(lambda: load.enough(STATES[0]), "nothing happened before the outage")
            node.kill()
            load.phase = STATES[1]
            again = {**child, "kind": "encountered"}
            during = server.post("/api/v1/cases", again, load.token)
            assert during["compared"] is fallback
            until(lambda: load.enough(STATES[1]), "nothing happened during the outage")
            node.start()
            until(lambda: recovered(server, load.token), "searches did not come back")
            load.phase = STATES[2]
            until(lambda: load.enough(STATES[2]), "nothing happened after the outage")
        until(lambda: lag(engine) == 0 and not waiting(engine), "not everything was made good")
        assert load.refused == []
        check_answers(load, fallback=fallback)
        assert {during["case"]["case_id"], before["case"]["case_id"]} == alerted(
            engine, during["case"]["case_id"]
        )
        found = search(server, load.token, "Aster Woldemariam")
        assert found["fallback"] is None
        assert {before["case"]["case_id"], during["case"]["case_id"]} <= {
            hit["case_id"] for hit in found["hits"]
        }
        assert metric(server, "empd_index_lag_changes") == 0
    with Session(engine) as session:
        stored = set(session.exec(select(col(Case.record_id))))
    assert set(load.acknowledged) <= stored
    assert verify(url)["clean"]


def recovered(server: Process, token: str) -> bool:
    """Whether Elasticsearch itself answers again: the breaker waits a little."""
    try:
        return search(server, token, "Samir Hosseinia")["fallback"] is None
    except HTTPError:
        return False


def check_answers(load: Load, *, fallback: bool) -> None:
    answers = {phase: [said[1:] for said in load.searched if said[0] == phase] for phase in STATES}
    assert set(answers[STATES[2]]) == {(200, None, None)}
    # The first search of the outage may have been under way when it began.
    last = set(answers[STATES[1]][-3:])
    if fallback:
        assert last <= {(200, None, STANDS_IN), (200, None, None)}
        assert (200, None, STANDS_IN) in answers[STATES[1]]
        assert all(load.acknowledged.values())
        return
    refusals = [said for said in answers[STATES[1]] if said[0] != 200]
    assert refusals
    assert {said[0] for said in refusals} == {503}
    assert all(int(said[1] or 0) > 0 for said in refusals)
    compared = {p: [c for n, c in load.acknowledged.items() if n.endswith(p)] for p in STATES}
    assert all(compared[STATES[2]])
    assert not all(compared[STATES[1]])


def waiting(engine: Engine) -> int:
    with Session(engine) as session:
        return WaitingRepository(session).count()


def alerted(engine: Engine, public_id: str) -> set[str]:
    """The cases of those alerts that name a case of its family."""
    with Session(engine) as session:
        ids = {case.id: case.public_id for case in session.exec(select(Case))}
        pairs = [{ids[a.left_id], ids[a.right_id]} for a in session.exec(select(Alert))]
    return set().union(*(pair for pair in pairs if public_id in pair))


def metric(server: Process, name: str) -> float:
    with urllib.request.urlopen(f"{server.base}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])


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
