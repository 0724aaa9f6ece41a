"""The Elasticsearch cluster as the index needs it: names, calls, time-outs, errors in our words.

An index of cases is called `PREFIX-cases-GENERATION`. Searches ask the alias
`PREFIX-cases-vSCHEMA`, so that a process never meets terms of another version than its own;
writes go to `PREFIX-cases-GENERATION-write`, so that no write can make an index by itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from weakref import WeakSet

from elastic_transport import ConnectionTimeout, TransportError
from elasticsearch import ApiError, Elasticsearch, NotFoundError
from elasticsearch.helpers import streaming_bulk

from matching.retrieval import SCHEMA
from service.clock import Clock
from service.config import Settings
from service.errors import IndexNotReady, IndexUnavailable
from service.index.breaker import Breaker
from service.index.elastic_query import MAPPING, SORT

CHUNK_DOCUMENTS = 2_000
CHUNK_BYTES = 10_000_000
"""One bulk request: Elastic advises 5 to 15 MB."""
WRITE_RETRIES = 5
FIRST_BACKOFF_SECONDS, LAST_BACKOFF_SECONDS = 0.5, 10.0
BUSY = (429, 503)
"""Told for a single document or a whole request: come back later."""
GONE, NEWER_THERE = 404, 409
REQUEST_ERRORS = range(400, 500)
"""What is wrong with a request or its sender; of these 429 alone speaks of the server."""
TOMBSTONES = "10m"
"""How long deletions remember their version: longer than any late writer lives."""
MERGE_SECONDS = 900.0
"""For merging what a build has written: a million cases take a minute at most."""
PAGE = 2_000
PAGE_KEPT = "2m"
ANSWER_SHARE = 0.75
"""Share of the time-out after which shards answer with what they have found."""

Document = tuple[int, Mapping[str, Any] | None, int]
"""Case id, what to store of it (nothing: delete it), and the version of that."""


class Cluster:
    """A client with the settings of this installation; one for each process."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self.breaker = Breaker(clock)
        self.connect()
        _OPEN.add(self)

    def connect(self) -> None:
        """Begin with new connections; what became of those before is not touched."""
        settings = self._settings
        self._client = _client(settings)
        self._searching = self._client.options(request_timeout=settings.elastic_search_seconds)
        self._writing = self._client.options(
            request_timeout=settings.elastic_write_seconds, max_retries=WRITE_RETRIES
        )
        self._admin = self._client.options(request_timeout=settings.elastic_admin_seconds)

    @property
    def alias(self) -> str:
        """What searches ask."""
        return f"{self._settings.elastic_prefix}-cases-v{SCHEMA}"

    def name(self, generation: int) -> str:
        """The index of a generation."""
        return f"{self._settings.elastic_prefix}-cases-{generation}"

    def search(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Ask the index that answers.

        Raises:
            IndexUnavailable: If it does not answer in time, or not as a whole.
            IndexNotReady: If there is none of this version.
        """
        if not self.breaker.allows():
            raise IndexUnavailable("Elasticsearch does not answer; it is asked again shortly")
        seconds = self._settings.elastic_search_seconds
        many = self._settings.elastic_shards > 1
        try:
            with _told():
                answer = self._searching.search(
                    index=self.alias,
                    search_type="dfs_query_then_fetch" if many else None,
                    timeout=f"{int(seconds * ANSWER_SHARE * 1000)}ms",
                    filter_path=ANSWERED,
                    **body,
                ).body
            _refuse_parts(answer)
        except (_Refused, IndexNotReady):
            # It is there and answers: other questions may go to it.
            self.breaker.succeeded()
            raise
        except IndexUnavailable:
            self.breaker.failed()
            raise
        self.breaker.succeeded()
        return dict(answer)

    def create(self, generation: int, *, since: int) -> None:
        """Make an index to fill: no copies, and nothing visible until it is refreshed.

        Args:
            generation: Its number.
            since: Number of the last change before anything is read to fill it.
        """
        name = self.name(generation)
        with _told():
            self._admin.indices.create(
                index=name,
                settings={
                    "number_of_shards": self._settings.elastic_shards,
                    "number_of_replicas": 0,
                    # Who writes refreshes, and then notes how far searches can see.
                    "refresh_interval": "-1",
                    "gc_deletes": TOMBSTONES,
                    "sort.field": list(SORT),
                    "sort.order": ["asc"] * len(SORT),
                },
                mappings={
                    **MAPPING,
                    "_meta": {
                        "term_schema": SCHEMA,
                        "generation": generation,
                        "since": since,
                    },
                },
                aliases={_writing(name): {}},
            )

    def since(self, generation: int) -> int:
        """Number of the last change before an index was begun."""
        name = self.name(generation)
        with _told():
            mappings = self._admin.indices.get_mapping(index=name).body[name]["mappings"]
        return int(mappings["_meta"]["since"])

    def generations(self) -> dict[int, bool]:
        """Every index of this installation, by generation, and whether it answers searches."""
        stem = f"{self._settings.elastic_prefix}-cases-"
        with _told():
            found = self._admin.indices.get_alias(
                index=f"{stem}*", allow_no_indices=True, expand_wildcards="all"
            ).body
        numbered = re.compile(re.escape(stem) + r"(\d+)")
        return {
            int(match[1]): self.alias in held["aliases"]
            for name, held in found.items()
            if (match := numbered.fullmatch(name))
        }

    def write(self, generations: Iterable[int], documents: Iterable[Document]) -> None:
        """Store and delete documents; an older version never replaces a newer one.

        Raises:
            IndexUnavailable: If not all could be written; those that were stay, and
                writing them again changes nothing.
            IndexNotReady: If an index is gone.
        """
        targets = [_writing(self.name(number)) for number in generations]
        actions = (_action(target, document) for document in documents for target in targets)
        with _told():
            for done, item in streaming_bulk(
                self._writing,
                actions,
                chunk_size=CHUNK_DOCUMENTS,
                max_chunk_bytes=CHUNK_BYTES,
                max_retries=WRITE_RETRIES,
                initial_backoff=FIRST_BACKOFF_SECONDS,
                max_backoff=LAST_BACKOFF_SECONDS,
                retry_on_status=BUSY,
                raise_on_error=False,
                yield_ok=False,
                require_alias=True,
            ):
                _check(done, next(iter(item.values())))

    def refresh(self, generations: Iterable[int]) -> None:
        """Let searches see everything that was written.

        Raises:
            IndexUnavailable: If a copy of a shard could not.
        """
        for number in generations:
            with _told():
                answer = self._admin.indices.refresh(index=self.name(number)).body
            if answer["_shards"]["failed"]:
                raise IndexUnavailable("a part of the Elasticsearch index cannot be refreshed")

    def merge(self, generation: int) -> None:
        """Write an index as one segment a shard: a query looks its terms up in every segment.

        Only speed depends on it. Where it takes too long it goes on there by itself.
        """
        patient = self._admin.options(request_timeout=MERGE_SECONDS)
        with suppress(IndexUnavailable), _told():
            patient.indices.forcemerge(index=self.name(generation), max_num_segments=1)

    def answer_from(self, generation: int) -> None:
        """Let a filled index answer instead of the others, in one step.

        Raises:
            IndexNotReady: If there is no such index.
        """
        name = self.name(generation)
        with _told():
            self._admin.indices.put_settings(
                index=name, settings={"number_of_replicas": self._settings.elastic_replicas}
            )
            others = [number for number, answers in self.generations().items() if answers]
            actions: list[dict[str, Any]] = [
                {"remove": {"index": self.name(number), "alias": self.alias}}
                for number in others
                if number != generation
            ]
            actions.append({"add": {"index": name, "alias": self.alias}})
            self._admin.indices.update_aliases(actions=actions)

    def drop(self, generation: int) -> None:
        """Delete an index, with its aliases; none is no error."""
        with _told():
            self._admin.indices.delete(index=self.name(generation), ignore_unavailable=True)

    def healthy(self) -> bool:
        """Whether the index answers searches as a whole.

        Raises:
            IndexUnavailable: If it does not.
            IndexNotReady: If there is none of this version.
        """
        with _told():
            if not self._searching.indices.exists_alias(name=self.alias):
                raise IndexNotReady(NOT_BUILT)
            status = self._searching.cluster.health(index=self.alias).body["status"]
        if status == "red":
            raise IndexUnavailable("a part of the Elasticsearch index is lost or starting")
        return True

    def documents(self) -> Iterator[dict[str, Any]]:
        """The source of every document that searches see, by rising id, of one frozen view."""
        with _told():
            frozen = self._admin.open_point_in_time(index=self.alias, keep_alive=PAGE_KEPT).body[
                "id"
            ]
            after: list[Any] | None = None
            try:
                while True:
                    page = self._admin.search(
                        pit={"id": frozen, "keep_alive": PAGE_KEPT},
                        size=PAGE,
                        sort=[{"rid": "asc"}],
                        search_after=after,
                        track_total_hits=False,
                    ).body
                    frozen = page["pit_id"]
                    hits = page["hits"]["hits"]
                    if not hits:
                        return
                    after = hits[-1]["sort"]
                    yield from (hit["_source"] for hit in hits)
            finally:
                self._admin.close_point_in_time(id=frozen)

    def close(self) -> None:
        """Let the connections go."""
        _OPEN.discard(self)
        self._client.close()


_OPEN: WeakSet[Cluster] = WeakSet()
"""The clients of this process."""


def _connect_anew() -> None:
    """In a forked process: two processes on one connection would read each other's answers."""
    for cluster in list(_OPEN):
        cluster.connect()


os.register_at_fork(after_in_child=_connect_anew)


ANSWERED = ["timed_out", "_shards.failed", "hits.hits.sort"]
NOT_BUILT = "the candidate index must be built: run `empd index build`"


def _client(settings: Settings) -> Elasticsearch:
    trust: dict[str, Any] = {}
    if settings.elastic_ca:
        trust["ca_certs"] = settings.elastic_ca
    if settings.elastic_fingerprint:
        trust["ssl_assert_fingerprint"] = settings.elastic_fingerprint
    if key := settings.elastic_api_key.get_secret_value():
        trust["api_key"] = key
    elif settings.elastic_user:
        trust["basic_auth"] = (
            settings.elastic_user,
            settings.elastic_password.get_secret_value(),
        )
    # Another node is tried at once; a slow answer is not asked for a second time.
    return Elasticsearch(settings.elastic_urls, max_retries=1, retry_on_timeout=False, **trust)


def _refuse_parts(answer: Mapping[str, Any]) -> None:
    if answer.get("_shards", {}).get("failed"):
        # Candidates of a lost shard would be missing without a word.
        raise IndexUnavailable("a part of the Elasticsearch index does not answer")


def _writing(name: str) -> str:
    return f"{name}-write"


def _action(target: str, document: Document) -> dict[str, Any]:
    case_id, source, version = document
    action: dict[str, Any] = {
        "_index": target,
        "_id": str(case_id),
        "version": version,
        "version_type": "external_gte",
        "_op_type": "delete" if source is None else "index",
    }
    if source is not None:
        action["_source"] = source
    return action


def _check(done: bool, result: Mapping[str, Any]) -> None:  # noqa: FBT001 - as the library gives it
    if done or result["status"] == NEWER_THERE:
        return
    if result["status"] == GONE:
        if "error" in result:
            raise IndexNotReady(NOT_BUILT)
        return
    raise IndexUnavailable(f"Elasticsearch refused a document with status {result['status']}")


class _Refused(IndexUnavailable):
    """The server answers, but not this request."""


@contextmanager
def _told() -> Iterator[None]:
    """Say Elasticsearch's errors in our words; their own texts may hold what was asked."""
    try:
        yield
    except NotFoundError:
        raise IndexNotReady(NOT_BUILT) from None
    except ApiError as error:
        is_ours = error.status_code in REQUEST_ERRORS and error.status_code not in BUSY
        kind = _Refused if is_ours else IndexUnavailable
        raise kind(f"Elasticsearch refuses with status {error.status_code}") from None
    except ConnectionTimeout:
        raise IndexUnavailable("Elasticsearch does not answer in time") from None
    except TransportError:
        raise IndexUnavailable("Elasticsearch does not answer") from None
