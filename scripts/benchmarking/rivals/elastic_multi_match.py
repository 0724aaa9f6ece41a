"""Elasticsearch as it is usually set up: text fields, multi_match with fuzziness AUTO."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch
from elasticsearch.helpers import bulk

from matching.record import PersonRecord
from scripts.benchmarking.elastic_node import Node
from scripts.benchmarking.rivals.base import Person, Source, people, person

INDEX = "persons"
SAME_DAY, SAME_YEAR, SAME_SEX, SAME_NATION = 8.0, 2.0, 1.0, 2.5
"""Boosts of the clauses beside the name, whose scores are of this size."""
PATIENCE_SECONDS = 60.0
MERGE_SECONDS = 900.0
"""For merging a million cases or several."""
_KEYWORD = {"type": "keyword"}
MAPPING: dict[str, Any] = {
    "dynamic": "strict",
    "properties": {
        # Whole names, and the last word of each once more, as where family names have a field.
        "name": {"type": "text"},
        "family": {"type": "text"},
        "born": _KEYWORD,
        "year": {"type": "integer"},
        "sex": _KEYWORD,
        "nation": _KEYWORD,
        "case": {"type": "long", "index": False},
    },
}


class MultiMatch:
    """Names by fuzziness AUTO; birth, sex and nationality as clauses beside them, or not at all."""

    def __init__(self, _folder: Path, *, with_attributes: bool) -> None:
        self._with_attributes = with_attributes
        self._node = Node()
        self._client = Elasticsearch(self._node.url, request_timeout=PATIENCE_SECONDS)
        beside = "birth, sex, nationality as clauses" if with_attributes else "names alone"
        self.settings = f"{Node.settings}, multi_match, fuzziness AUTO, {beside}"

    def build(self, source: Source) -> None:
        """Load in bulk without refreshing, then merge as EMPD does, and refresh."""
        self._client.indices.create(
            index=INDEX,
            mappings=MAPPING,
            settings={"number_of_replicas": 0, "refresh_interval": "-1"},
        )
        bulk(self._client, _documents(source))
        self._client.indices.refresh(index=INDEX)
        patient = self._client.options(request_timeout=MERGE_SECONDS)
        patient.indices.forcemerge(index=INDEX, max_num_segments=1)
        self._client.indices.refresh(index=INDEX)

    def ask(self, record: PersonRecord, exclude: frozenset[int], limit: int) -> Sequence[int]:
        """By names and, where they count, by what else is known."""
        clauses = _clauses(person(0, record), with_attributes=self._with_attributes)
        if not clauses:
            return []
        answer = self._client.search(
            index=INDEX,
            query={"bool": {"should": clauses}},
            size=limit + len(exclude),
            source=False,
            stored_fields="_none_",
            docvalue_fields=[{"field": "case"}],
            track_total_hits=False,
            request_cache=False,
        )
        found = (hit["fields"]["case"][0] for hit in answer["hits"]["hits"])
        return [case_id for case_id in found if case_id not in exclude][:limit]

    def size_bytes(self) -> int:
        """Of what the node stored."""
        return self._node.size_bytes()

    def server_processes(self) -> Sequence[int]:
        """The node."""
        return (self._node.pid(),)

    def close(self) -> None:
        """Stop the node."""
        self._client.close()
        self._node.close()


def _documents(source: Source) -> Iterator[dict[str, Any]]:
    for case in people(source):
        known = {"born": case.born, "year": case.year, "sex": case.sex, "nation": case.nation}
        yield {
            "_index": INDEX,
            "_source": {
                "case": case.case_id,
                "name": list(case.names),
                "family": [name.split()[-1] for name in case.names],
                **{field: value for field, value in known.items() if value},
            },
        }


def _clauses(asked: Person, *, with_attributes: bool) -> list[dict[str, Any]]:
    clauses: list[dict[str, Any]] = [
        {"multi_match": {"query": name, "fields": ["name", "family"], "fuzziness": "AUTO"}}
        for name in asked.names
    ]
    if with_attributes:
        said = (
            ("born", asked.born, SAME_DAY),
            ("year", asked.year, SAME_YEAR),
            ("sex", asked.sex, SAME_SEX),
            ("nation", asked.nation, SAME_NATION),
        )
        clauses += [
            {"constant_score": {"filter": {"term": {field: value}}, "boost": boost}}
            for field, value, boost in said
            if value
        ]
    return clauses


by_names = partial(MultiMatch, with_attributes=False)
with_attributes = partial(MultiMatch, with_attributes=True)
