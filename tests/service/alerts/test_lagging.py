"""While Elasticsearch has not seen the newest cases, what is compared is compared again later."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from service.alerts import background
from service.alerts.background import match_status, match_waiting
from service.alerts.models import Alert
from service.alerts.repository import WaitingRepository
from service.alerts.waiting import compare_waiting
from service.cases.intake import register_case
from service.cases.schemas import CaseDraft
from service.config import Settings
from service.errors import IndexLags
from service.index import elastic
from service.index.elastic import elastic_factory
from service.index.elastic_cluster import Cluster
from service.index.outbox import Outbox
from service.jobs import JobContext
from service.linkage import Linkage
from service.security.policy import operator
from tests.conftest import World, clock

pytestmark = pytest.mark.elastic

CHILD = {"names": ["Selam Tesfay"], "births": [{"date": "2011-05-20"}]}
OTHERS = ("Arben Hoxha", "Linh Nguyen", "Andrei Popescu")


@pytest.fixture
def lagging(
    engine: Engine,
    linkage: Linkage,
    elastic_settings: Settings,
    cluster: Cluster,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    """A store whose index reads the newest two changes only: a partner lies further back."""
    monkeypatch.setattr(elastic, "PENDING_AT_MOST", 2)
    world = World(engine, Linkage(linkage.profile, elastic_factory(elastic_settings, clock)))
    with Session(engine) as session:
        index = world.linkage.open_index(session)
        index.activate(index.begin())
        session.commit()
    register(world, CHILD, "missing")
    for name in OTHERS:
        register(world, {"names": [name]}, "missing")
    return world


def register(world: World, child: dict[str, object], kind: str) -> tuple[bool, int]:
    """Whether the case was compared, and how many alerts it raised."""
    with world.work("BE-POL") as work:
        draft = CaseDraft.model_validate({"kind": kind, **child})
        intake = register_case(work, world.linkage, draft, limit=20)
        return intake.compared, len(intake.alerts)


def waiting(world: World) -> int:
    with Session(world.engine) as session:
        return WaitingRepository(session).count()


def alerts(world: World) -> int:
    with Session(world.engine) as session:
        return len(session.exec(select(Alert)).all())


def test_a_registration_is_compared_again(lagging: World, cluster: Cluster) -> None:
    before = waiting(lagging)
    assert register(lagging, CHILD, "encountered") == (False, 0)
    assert waiting(lagging) == before + 1
    with pytest.raises(IndexLags):
        compare_waiting(lagging.engine, lagging.linkage, clock, limit=20)
    assert waiting(lagging) == before + 1
    Outbox(lagging.engine, cluster, clock).drain()
    assert compare_waiting(lagging.engine, lagging.linkage, clock, limit=20) == before + 1
    assert (waiting(lagging), alerts(lagging)) == (0, 1)


def test_a_run_stops_and_says_so(
    lagging: World, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "IN_MEMORY_AT_MOST", 0)
    monkeypatch.setattr(background, "SHARE", 1)
    register(lagging, CHILD, "encountered")
    before, told = waiting(lagging), list[str]()

    def tell(stage: str, *_: object) -> None:
        told.append(stage)

    context = JobContext(lagging.engine, operator("test"), clock, lagging.linkage, tell)
    with pytest.raises(IndexLags, match="empd index drain"):
        match_waiting(context)
    assert waiting(lagging) == before
    assert told.count("matching") == 1
    with lagging.work() as work:
        status = match_status(work)
    assert (status.running, status.done) == (False, 0)
    # What carries the changes first, as the command line does, compares them all.
    carrying = JobContext(
        lagging.engine,
        operator("test"),
        clock,
        lagging.linkage,
        tell,
        Outbox(lagging.engine, cluster, clock).drain,
    )
    assert match_waiting(carrying) == 1
    assert (waiting(lagging), alerts(lagging)) == (0, 1)
