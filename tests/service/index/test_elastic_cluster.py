"""The client of Elasticsearch: who signs in, whom it trusts, and when it stops asking."""

from __future__ import annotations

import gc
import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from service.config import Settings
from service.errors import IndexUnavailable
from service.index.breaker import FAILURES_TO_OPEN
from service.index.elastic_cluster import Cluster
from tests.conftest import clock, node_directory
from tests.nodes import Node

pytestmark = pytest.mark.elastic

PASSWORD = "secret-of-a-test"


@pytest.mark.parametrize(
    ("status", "opens"),
    [(400, False), (401, False), (413, False), (429, True), (500, True), (503, True)],
)
def test_only_failures_of_the_server_open_the_breaker(status: int, opens: bool) -> None:
    with answering(status) as (url, _):
        cluster = Cluster(Settings(elastic_url=url), clock)
        for _ in range(FAILURES_TO_OPEN):
            with pytest.raises(IndexUnavailable):
                cluster.search({"query": {"match_all": {}}})
        assert cluster.breaker.allows() is not opens
        cluster.close()


@contextmanager
def answering(status: int) -> Iterator[tuple[str, list[str]]]:
    """A server that gives one answer to everything, and who signed in there."""
    seen: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def answer(self) -> None:
            seen.append(self.headers["Authorization"])
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            self.send_response(status)
            self.send_header("X-Elastic-Product", "Elasticsearch")
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_POST = answer  # noqa: N815 - as the library calls them

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_api_key_is_sent() -> None:
    with answering(200) as (url, seen):
        cluster = Cluster(Settings(elastic_url=url, elastic_api_key="aWQ6a2V5"), clock)
        assert cluster.generations() == {}
        cluster.close()
    assert seen == ["ApiKey aWQ6a2V5"]


@pytest.fixture(scope="module")
def secure_node() -> Iterator[Node]:
    with node_directory() as directory:
        node = Node(directory, ("--secure",), {"EMPD_TEST_ELASTICSEARCH_PASSWORD": PASSWORD})
        try:
            node.start()
            yield node
        finally:
            node.stop()


def secured(node: Node, **other: str) -> Settings:
    return Settings.model_validate(
        {"elastic_url": node.url, "elastic_user": "elastic", "elastic_password": PASSWORD, **other}
    )


def test_tls_is_checked_and_the_password_is_sent(secure_node: Node) -> None:
    certificate = str(secure_node.data / "config" / "http.crt")
    trusted = Cluster(secured(secure_node, elastic_ca=certificate), clock)
    trusted.create(1, since=0)
    trusted.answer_from(1)
    assert trusted.generations() == {1: True}
    assert trusted.healthy()
    wrong = Cluster(secured(secure_node, elastic_ca=certificate, elastic_password="no"), clock)
    with pytest.raises(IndexUnavailable, match="401"):
        wrong.generations()
    stranger = Cluster(secured(secure_node), clock)
    with pytest.raises(IndexUnavailable):
        stranger.generations()
    pinned = Cluster(secured(secure_node, elastic_fingerprint="00" * 32), clock)
    with pytest.raises(IndexUnavailable):
        pinned.generations()
    for each in (trusted, wrong, stranger, pinned):
        each.close()


def test_a_forked_process_begins_with_connections_of_its_own() -> None:
    with answering(200) as (url, _):
        kept, closed = (Cluster(Settings(elastic_url=url), clock) for _ in range(2))
        before = [cluster._client for cluster in (kept, closed)]
        closed.close()
        forked = os.fork()
        if not forked:
            now = [cluster._client for cluster in (kept, closed)]
            same = [one is other for one, other in zip(now, before, strict=True)]
            os._exit(0 if same == [False, True] else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(forked, 0)[1]) == 0
        assert kept._client is before[0]
        kept.close()


def test_a_client_that_nobody_needs_is_forgotten() -> None:
    cluster = Cluster(Settings(elastic_url="http://127.0.0.1:9"), clock)
    seen = weakref.ref(cluster)
    del cluster
    gc.collect()
    assert seen() is None
