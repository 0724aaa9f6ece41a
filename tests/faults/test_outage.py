"""Elasticsearch dies and comes back under load: no registration is lost, searches say so."""

from __future__ import annotations

import threading
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from service.alerts.models import Alert
from service.alerts.repository import WaitingRepository
from service.cases.models import Case
from service.config import Settings
from service.index.elastic import STANDS_IN
from tests.conftest import World, node_directory
from tests.faults.test_kills import client_of, command, draft, url_of, verify
from tests.faults.test_outbox import lag, until, use
from tests.nodes import Node
from tests.serving import Process, served

pytestmark = pytest.mark.elastic

STATES = ("while it answers", "while it is away", "after it came back")


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
