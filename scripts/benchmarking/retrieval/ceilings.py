"""What any search could find at best: every case scored for every query, nothing left out."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from matching.bulk.scorer import RecordTable
from matching.profile import TermFrequencies, load_profile
from matching.record import PersonRecord
from matching.retrieval import NAME, exact_groups, index_query
from matching.retrieval.attributes import attribute_bits
from matching.retrieval.expansion import LEAST_BITS, fold_similarities
from matching.retrieval.terms import JOIN
from scripts.benchmarking.rivals.base import Source
from service.linkage import record_tokens

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]


class _InMemory:
    """What all of them have in common."""

    def size_bytes(self) -> int:
        """Nothing is on disk."""
        return 0

    def server_processes(self) -> Sequence[int]:
        """None."""
        return ()

    def close(self) -> None:
        """Goes with the process."""


class Exhaustive(_InMemory):
    """The bits of retrieval for all terms and all cases: no keys, no bounds, no caps."""

    settings = "the scorer of retrieval over every term and every case"

    def __init__(self, _folder: Path) -> None:
        self._numbers: dict[str, int] = {}
        self._cases: list[array[int]] = []
        self._packed = np.zeros(0, dtype=np.uint32)
        self._total = 0

    def build(self, source: Source) -> None:
        """Keep the cases of every term."""
        packed = array("I", [0])
        for entry in source.entries():
            packed.extend([0] * (entry.case_id + 1 - len(packed)))
            packed[entry.case_id] = entry.packed
            self._total += 1
            for term in entry.terms:
                number = self._numbers.setdefault(term, len(self._cases))
                if number == len(self._cases):
                    self._cases.append(array("I"))
                self._cases[number].append(entry.case_id)
        self._packed = np.array(packed, dtype=np.uint32)
        self._index_names()

    def _index_names(self) -> None:
        self._names = [term for term in self._numbers if term.startswith((NAME, JOIN))]
        lists = [self._cases[self._numbers[term]] for term in self._names]
        self._counts = np.array([len(cases) for cases in lists], dtype=np.int64)
        self._flat = np.concatenate([np.frombuffer(cases, dtype=np.uint32) for cases in lists])
        self._folds = [term[len(NAME) :] for term in self._names]

    def ask(self, record: PersonRecord, exclude: frozenset[int], limit: int) -> Sequence[int]:
        """The best of all cases."""
        query = index_query(record)
        scores = attribute_bits(query.packed, self._packed).astype(np.float32)
        for part in query.parts:
            best = np.zeros(len(scores), dtype=np.float32)
            weights = self._weights(fold_similarities(part, self._folds))
            np.maximum.at(best, self._flat, np.repeat(weights, self._counts))
            scores += best
        for terms, bits in exact_groups(query):
            known = [self._cases[self._numbers[term]] for term in terms if term in self._numbers]
            if known:
                scores[np.unique(np.concatenate([np.array(ids) for ids in known]))] += bits
        return _best(scores, exclude, limit)

    def _weights(self, alike: FloatArray) -> FloatArray:
        """Bits of every name part: the information of agreeing this well or better."""
        order = np.argsort(-alike, kind="stable")
        borne = np.cumsum(self._counts[order])
        information = np.log2(max(self._total, 2) / borne)
        weights = np.empty(len(alike), dtype=np.float32)
        weights[order] = np.maximum(information * alike[order] ** 2, LEAST_BITS)
        return weights


class FullScorer(_InMemory):
    """The assessment itself, all fields of all cases, for every query."""

    settings = "match weights of the shipped profile over every case"

    def __init__(self, _folder: Path) -> None:
        self._ids = np.zeros(0, dtype=np.int64)
        self._places: dict[int, int] = {}

    def build(self, source: Source) -> None:
        """Prepare all cases and, since a table takes all records at once, all that is asked."""
        held = list(source.records())
        self._ids = np.array([case_id for case_id, _ in held], dtype=np.int64)
        asked = source.asked()
        records = [record for _, record in held]
        frequencies = _frequencies(source, records)
        self._table = RecordTable([*records, *asked], load_profile(), frequencies)
        self._places = {id(record): len(records) + n for n, record in enumerate(asked)}

    def ask(self, record: PersonRecord, exclude: frozenset[int], limit: int) -> Sequence[int]:
        """The best of all cases."""
        right = np.arange(len(self._ids))
        left = np.full(len(right), self._places[id(record)])
        scores = np.full(int(self._ids.max()) + 1, -np.inf, dtype=np.float32)
        scores[self._ids] = self._table.match_weights(left, right)
        return _best(scores, exclude, limit)


def _frequencies(source: Source, records: Sequence[PersonRecord]) -> TermFrequencies:
    tokens = record_tokens([*records, *source.asked()])
    counts = dict.fromkeys(tokens, 0)
    for entry in source.entries():
        for term in entry.terms:
            token = term.removeprefix(NAME)
            if term.startswith(NAME) and token in counts:
                counts[token] += 1
    return TermFrequencies(len(records), counts)


def _best(scores: FloatArray, exclude: frozenset[int], limit: int) -> list[int]:
    """Case ids by falling score, ties by id; id 0 is nobody."""
    scores[[0, *exclude]] = -np.inf
    top = np.argpartition(-scores, min(limit, len(scores)) - 1)[:limit]
    order: list[int] = top[np.lexsort((top, -scores[top]))].tolist()
    return [case_id for case_id in order if np.isfinite(scores[case_id])]
