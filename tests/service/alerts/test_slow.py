"""A question that Elasticsearch cannot answer in time costs its own case only."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from service.alerts import background, waiting
from service.alerts.background import match_status, match_waiting
from service.alerts.models import Alert
from service.alerts.repository import WaitingRepository
from service.alerts.waiting import AGAIN, compare_waiting
from service.audit.models import AuditEntry
from service.cases.intake import register_case
from service.cases.schemas import CaseDraft
from service.config import Settings
from service.errors import IndexLags, IndexUnavailable
from service.index.elastic import ElasticIndex
from service.index.elastic_cluster import Cluster
from service.index.outbox import Outbox
from service.jobs import JobContext
from service.linkage import Linkage
from service.security.policy import operator
from tests.conftest import World, clock

pytestmark = pytest.mark.elastic

CHILD = {"names": ["Selam Tesfay"], "births": [{"date": "2011-05-20"}]}
OTHER = {"names": ["Arben Hoxha"], "births": [{"date": "2012-02-11"}]}


class SlowCluster(Cluster):
    """The real server, which says of the questions of some cases that time ran out."""

    slow: frozenset[int] = frozenset()
    asked: int = 0

    def search(self, body: Mapping[str, Any]) -> dict[str, Any]:
        answer = super().search(body)
        self.asked += 1
        excluded = [json.dumps({"ids": {"values": [str(case_id)]}}) for case_id in self.slow]
        if any(ids in json.dumps(body) for ids in excluded):
            answer["timed_out"] = True
        return answer


@pytest.fixture
def server(elastic_settings: Settings) -> Iterator[SlowCluster]:
    server = SlowCluster(elastic_settings, clock)
    yield server
    server.close()


@pytest.fixture
def slow(engine: Engine, linkage: Linkage, server: SlowCluster) -> World:
    """Two pairs that wait; the question of the first case that waits takes too long."""

    def open_index(session: Session) -> ElasticIndex:
        return ElasticIndex(session, server, fallback=False, clock=clock)

    world = World(engine, Linkage(linkage.profile, open_index))
    with Session(engine) as session:
        index = open_index(session)
        index.activate(index.begin())
        session.commit()
    for child in (CHILD, OTHER):
        register(world, child, "missing")
    late = [register(world, child, "encountered") for child in (CHILD, OTHER)]
    with world.work() as work:
        for alert in work.session.exec(select(Alert)):
            work.session.delete(alert)
        WaitingRepository(work.session).add(late)
        work._audited = True
    Outbox(engine, server, clock).drain()
    server.slow = frozenset(late[:1])
    return world


def register(world: World, child: dict[str, object], kind: str) -> int:
    with world.work("BE-POL") as work:
        draft = CaseDraft.model_validate({"kind": kind, **child})
        return register_case(work, world.linkage, draft, limit=20).stored.case.id or 0


def left(world: World) -> list[int]:
    with Session(world.engine) as session:
        return WaitingRepository(session).first(100)


def alerts(world: World) -> int:
    with Session(world.engine) as session:
        return len(session.exec(select(Alert)).all())


def test_the_others_are_compared_and_the_slow_one_comes_later(
    slow: World, server: SlowCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A round takes one case: the slow one, which is the first, may not take every round.
    monkeypatch.setattr(waiting, "AT_ONCE", 1)
    put_off: dict[int, datetime] = {}

    def round_at(after: timedelta) -> int:
        return compare_waiting(
            slow.engine, slow.linkage, lambda: clock() + after, limit=20, put_off=put_off
        )

    assert round_at(timedelta()) == 0
    # What was found of it stands.
    assert (left(slow)[0], alerts(slow)) == (*server.slow, 1)
    assert round_at(timedelta()) == 1
    assert (left(slow), alerts(slow)) == (list(server.slow), 2)
    asked = server.asked
    assert round_at(timedelta()) == 0
    assert server.asked == asked
    server.slow = frozenset()
    assert round_at(AGAIN) == 1
    assert (left(slow), alerts(slow), put_off) == ([], 2, {})


def test_a_run_goes_to_its_end_and_says_what_is_left(
    slow: World, server: SlowCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "IN_MEMORY_AT_MOST", 0)
    monkeypatch.setattr(background, "SHARE", 1)
    context = JobContext(slow.engine, operator("test"), clock, slow.linkage, lambda *_: None)
    with pytest.raises(IndexUnavailable, match="out of time") as caught:
        match_waiting(context)
    assert not isinstance(caught.value, IndexLags)
    assert (left(slow), alerts(slow)) == (list(server.slow), 2)
    with slow.work() as work:
        status = match_status(work)
    assert (status.running, status.done, status.unseen, status.waiting) == (False, 1, 1, 1)
    assert status.as_json()["unseen"] == 1
    with Session(slow.engine) as session:
        ended = session.exec(select(AuditEntry).where(AuditEntry.action == "match:end")).one()
    assert ended.detail == {"cases": 1, "alerts": 2, "unseen": 1}
