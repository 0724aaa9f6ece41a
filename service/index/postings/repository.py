"""All statements on the postings of the SQL index: chunks for the vocabulary, rows for the rare."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from itertools import chain
from struct import pack
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    bindparam,
    case,
    delete,
    func,
    select,
    tuple_,
    update,
)
from sqlmodel import Session

from matching.retrieval.terms import rare_key
from service.cases.repository import chunks
from service.index.models import STREAM, IndexPosting, IndexRare, IndexTerm
from service.index.pairs import PairSums, words
from service.store.among import among
from service.store.base import table_of
from service.store.reading import ASKED
from service.store.writing import BoundRow, delete_bound, insert_plain

CHUNK = 512
"""Pairs in one posting chunk, 4 KB: little to rewrite for an insert, few rows for a search."""
_SEVERAL = 2
"""Chunks more than are needed, from which it pays to write them anew."""
SUMMED = 250
"""Chunks added to sums at a time: 128,000 pairs at most, 7 MB with their hashes."""
PAIR = np.dtype([("case", "<u4"), ("packed", "<u4")])
"""One entry of a chunk: internal id of the case, and its packed attributes."""

Pairs = list[tuple[int, int]]
"""Case ids with packed attributes."""
PairArray = NDArray[np.void]

_POSTINGS = table_of(IndexPosting)
_RARE = table_of(IndexRare)
_TERMS = table_of(IndexTerm)
_REWRITE = (
    update(_POSTINGS)
    .where(_POSTINGS.c.term_id == bindparam("b_term"), _POSTINGS.c.chunk == bindparam("b_chunk"))
    .values(size=bindparam("b_size"), pairs=bindparam("b_pairs"))
)


def encode(pairs: Pairs) -> bytes:
    """Pairs as little-endian 32-bit integers."""
    # Most lists are short, for which an array costs more than it saves.
    return pack(f"<{2 * len(pairs)}I", *chain.from_iterable(pairs))


def decode(data: Iterable[bytes]) -> PairArray:
    """The pairs of several chunks."""
    return np.frombuffer(b"".join(data), dtype=PAIR)


class PostingRepository:
    """Postings within one transaction; ids of terms are unique across generations."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of_terms(self, term_ids: Collection[int]) -> dict[int, PairArray]:
        """Cases of several terms, by id of the term."""
        blobs: dict[int, list[bytes]] = defaultdict(list)
        for chunk in chunks(sorted(term_ids)):
            rows = self._session.connection().execute(
                select(_POSTINGS.c.term_id, _POSTINGS.c.pairs).where(_POSTINGS.c.term_id.in_(chunk))
            )
            for term_id, pairs in rows:
                blobs[term_id].append(pairs)
        return {term_id: decode(found) for term_id, found in blobs.items()}

    def add(self, pairs: Mapping[int, Pairs], fresh: Collection[int], *, append: bool) -> None:
        """Put cases into the postings of terms that do not hold them.

        Args:
            pairs: Cases by id of the term.
            fresh: Terms that have no postings yet.
            append: Fill the last chunk of each known term; else begin a new one, which
                is quicker for many cases at once and is compacted later. Chunks are
                numbered by their first case: the ids must be larger than the terms'
                `last_number`.
        """
        known = {term_id: found for term_id, found in pairs.items() if term_id not in fresh}
        last = self._last_chunks(known) if append else {}
        rows: list[BoundRow] = []
        changed: list[dict[str, Any]] = []
        for term_id, found in pairs.items():
            number, size, held = last.get(term_id, (-1, CHUNK, b""))
            fits = CHUNK - size if append else 0
            if found[:fits]:
                changed.append(_chunk(term_id, number, decode([held, encode(found[:fits])])))
            rows.extend(_chunk_rows(term_id, found[fits:], number + 1 if append else 0))
        self._write(changed)
        insert_plain(self._session, _POSTINGS, rows)

    def drop(self, gone: Mapping[int, set[int]]) -> None:
        """Take cases out of the postings of terms that hold them."""
        changed: list[dict[str, Any]] = []
        emptied: list[tuple[int, int]] = []
        for chunk in chunks(sorted(gone)):
            rows = self._session.connection().execute(
                select(_POSTINGS.c.term_id, _POSTINGS.c.chunk, _POSTINGS.c.pairs).where(
                    _POSTINGS.c.term_id.in_(chunk)
                )
            )
            for term_id, number, pairs in rows:
                held = decode([pairs])
                stays = ~np.isin(held["case"], np.fromiter(gone[term_id], dtype=np.uint32))
                if not stays.any():
                    emptied.append((term_id, number))
                elif not stays.all():
                    changed.append(_chunk(term_id, number, held[stays]))
        self._write(changed)
        for some in chunks(emptied):
            self._session.connection().execute(
                delete(_POSTINGS).where(tuple_(_POSTINGS.c.term_id, _POSTINGS.c.chunk).in_(some))
            )

    def last_number(self, term_ids: Collection[int]) -> int:
        """The largest number of a chunk of any of the terms; -1 when there is none."""
        if not term_ids:
            return -1
        last = _last_of(among(self._session, _TERMS.c.id, sorted(term_ids)))
        largest = self._session.connection().scalar(select(func.max(last.c.chunk)))
        return -1 if largest is None else int(largest)

    def _write(self, rows: list[dict[str, Any]]) -> None:
        if rows:
            self._session.connection().execute(_REWRITE, rows)

    def _last_chunks(self, term_ids: Collection[int]) -> dict[int, tuple[int, int, bytes]]:
        """Number, size and pairs of the last chunk of each term; no pairs where it is full."""
        found: dict[int, tuple[int, int, bytes]] = {}
        for ids in chunks(sorted(term_ids)):
            for term_id, *rest in self._session.connection().execute(_last_chunks(), {"ids": ids}):
                found[term_id] = (rest[0], rest[1], rest[2])
        return found

    def miscounted(self, generation: int) -> int:
        """Terms of a generation whose number of cases differs from their postings."""
        held = (
            select(_POSTINGS.c.term_id, func.sum(_POSTINGS.c.size).label("cases"))
            .group_by(_POSTINGS.c.term_id)
            .subquery()
        )
        query = (
            select(func.count())
            .select_from(_TERMS)
            .outerjoin(held, held.c.term_id == _TERMS.c.id)
            .where(
                _TERMS.c.generation == generation,
                _TERMS.c.cases != func.coalesce(held.c.cases, 0),
            )
        )
        return self._session.connection().scalar(query) or 0

    def sums(self, generation: int) -> PairSums:
        """Sums over all pairs of a generation, read as streams."""
        found, connection = PairSums(), self._session.connection()
        chunked = (
            select(_TERMS.c.term, _POSTINGS.c.pairs)
            .join(_TERMS, _TERMS.c.id == _POSTINGS.c.term_id)
            .where(_TERMS.c.generation == generation)
            .execution_options(yield_per=SUMMED)
        )
        for rows in connection.execute(chunked).partitions():
            # A chunk that is damaged counts as empty, and shows as what is missing in the sums.
            held = [decode([b"" if len(p) % PAIR.itemsize else p]) for _, p in rows]
            keys = np.repeat(words(rare_key(term) for term, _ in rows), [len(one) for one in held])
            pairs = np.concatenate(held)
            found.add(keys, pairs["case"].astype(np.uint64), pairs["packed"].astype(np.uint64))
        rare = (
            select(_RARE.c.key, _RARE.c.case_id, _RARE.c.packed)
            .where(_RARE.c.generation == generation)
            .execution_options(yield_per=STREAM)
        )
        for some in connection.execute(rare).partitions():
            key, case_id, packed = zip(*some, strict=True)
            found.add(words(key), words(case_id), words(packed))
        return found

    def scattered(self) -> list[int]:
        """Terms whose cases lie in more chunks than they need."""
        # Counted in the key alone: few terms have so many chunks that their cases matter.
        several = (
            select(_POSTINGS.c.term_id, func.count().label("chunks"))
            .group_by(_POSTINGS.c.term_id)
            .having(func.count() > _SEVERAL)
            .subquery()
        )
        query = (
            select(several.c.term_id)
            .join(_TERMS, _TERMS.c.id == several.c.term_id)
            .where(several.c.chunks > _TERMS.c.cases / CHUNK + _SEVERAL)
            .order_by(several.c.term_id)
        )
        return list(self._session.connection().scalars(query))

    def compact(self, term_ids: Collection[int]) -> None:
        """Write the cases of terms in as few chunks as they need, by rising id.

        Chunks that are so already stay: of a term that grows with every import, all but the last.
        """
        held: dict[int, dict[int, bytes]] = defaultdict(dict)
        for ids in chunks(sorted(term_ids)):
            columns = _POSTINGS.c
            query = select(columns.term_id, columns.chunk, columns.pairs)
            for term_id, number, pairs in self._session.connection().execute(
                query.where(columns.term_id.in_(ids))
            ):
                held[term_id][number] = pairs
        rows: list[BoundRow] = []
        stale: list[BoundRow] = []
        for term_id, found in held.items():
            wanted = dict(_in_order(decode(found.values())))
            stale += [(term_id, one) for one in found if found[one] != wanted.get(one)]
            rows += [
                (term_id, number, len(pairs) // PAIR.itemsize, pairs)
                for number, pairs in wanted.items()
                if pairs != found.get(number)
            ]
        delete_bound(self._session, _POSTINGS, stale)
        insert_plain(self._session, _POSTINGS, rows)

    def of_rare(self, generation: int, keys: Collection[int]) -> dict[int, Pairs]:
        """Cases that hold rare terms, by hash of the term."""
        found: dict[int, Pairs] = defaultdict(list)
        for chunk in chunks(sorted(keys)):
            rows = self._session.connection().execute(
                select(_RARE.c.key, _RARE.c.case_id, _RARE.c.packed).where(
                    _RARE.c.generation == generation, _RARE.c.key.in_(chunk)
                )
            )
            for key, case_id, packed in rows:
                found[key].append((case_id, packed))
        return found

    def add_rare(self, generation: int, rows: Collection[tuple[int, int, int]]) -> None:
        """Put in hash, case id and packed attributes of rare terms."""
        insert_plain(self._session, _RARE, [(generation, *row) for row in sorted(rows)])

    def drop_rare(self, generation: int, keys: Collection[int], case_ids: Collection[int]) -> None:
        """Take cases out of rare terms."""
        for chunk in chunks(sorted(keys)):
            for ids in chunks(sorted(case_ids)):
                self._session.connection().execute(
                    delete(_RARE).where(
                        _RARE.c.generation == generation,
                        _RARE.c.key.in_(chunk),
                        _RARE.c.case_id.in_(ids),
                    )
                )

    def all_postings(self, generation: int) -> Iterator[tuple[int, bytes]]:
        """Every chunk of a generation with the id of its term, by rising id, streamed."""
        of_generation = select(_TERMS.c.id).where(_TERMS.c.generation == generation)
        bounds = self._session.connection().execute(
            select(func.min(_TERMS.c.id), func.max(_TERMS.c.id)).where(
                _TERMS.c.generation == generation
            )
        )
        low, high = bounds.one()
        if low is None:
            return
        query = (
            select(_POSTINGS.c.term_id, _POSTINGS.c.pairs)
            .where(_POSTINGS.c.term_id.between(low, high), _POSTINGS.c.term_id.in_(of_generation))
            .order_by(_POSTINGS.c.term_id, _POSTINGS.c.chunk)
            .execution_options(yield_per=STREAM)
        )
        yield from self._session.connection().execute(query)

    def all_rare(self, generation: int) -> Iterator[tuple[int, int]]:
        """Hash and case id of every rare term of a generation, streamed."""
        query = select(_RARE.c.key, _RARE.c.case_id).where(_RARE.c.generation == generation)
        rows = self._session.connection().execute(query.execution_options(yield_per=STREAM))
        yield from rows

    def drop_share(self, most: int) -> bool:
        """Delete about so many chunks that belong to no term; true while some are left."""
        connection = self._session.connection()
        orphans = (
            select(_POSTINGS.c.term_id)
            .where(~select(_TERMS.c.id).where(_TERMS.c.id == _POSTINGS.c.term_id).exists())
            .limit(most)
        )
        term_ids = set(connection.scalars(orphans))
        for chunk in chunks(sorted(term_ids)):
            connection.execute(delete(_POSTINGS).where(_POSTINGS.c.term_id.in_(chunk)))
        return bool(term_ids)

    def drop_rare_share(self, generation: int, most: int) -> bool:
        """Delete about so many rare rows of a generation; true while some are left."""
        connection = self._session.connection()
        keys = connection.scalars(
            select(_RARE.c.key)
            .where(_RARE.c.generation == generation)
            .order_by(_RARE.c.key)
            .limit(most)
        ).all()
        if keys:
            connection.execute(
                delete(_RARE).where(
                    _RARE.c.generation == generation, _RARE.c.key.between(min(keys), max(keys))
                )
            )
        return bool(keys)


def _in_order(pairs: PairArray) -> Iterator[tuple[int, bytes]]:
    """Numbers and pairs of as few chunks as hold them, by rising id of the case."""
    ordered = np.sort(pairs, order="case")
    for start in range(0, len(ordered), CHUNK):
        part = ordered[start : start + CHUNK]
        yield int(part["case"][0]), part.tobytes()


def _chunk(term_id: int, chunk: int, pairs: PairArray) -> dict[str, Any]:
    return {"b_term": term_id, "b_chunk": chunk, "b_size": len(pairs), "b_pairs": pairs.tobytes()}


def _last_of(which: ColumnElement[bool]) -> Subquery:
    """Term and number of its last chunk: one step into the table a term, not a walk over all."""
    last = select(func.max(_POSTINGS.c.chunk)).where(_POSTINGS.c.term_id == _TERMS.c.id)
    return (
        select(_TERMS.c.id.label("term_id"), last.scalar_subquery().label("chunk"))
        .where(which)
        .subquery()
    )


@cache
def _last_chunks() -> Select[Any]:
    """The last chunk of each term; no pairs where it is full."""
    last = _last_of(_TERMS.c.id.in_(ASKED))
    if_room = case((_POSTINGS.c.size < CHUNK, _POSTINGS.c.pairs), else_=b"")
    columns = _POSTINGS.c
    return select(columns.term_id, columns.chunk, columns.size, if_room).join(
        last, (columns.term_id == last.c.term_id) & (columns.chunk == last.c.chunk)
    )


def _chunk_rows(term_id: int, pairs: Pairs, least: int) -> Iterator[BoundRow]:
    """Chunks of a term, each numbered by its first case: later ones have larger numbers."""
    for start in range(0, len(pairs), CHUNK):
        part = pairs[start : start + CHUNK]
        number = max(least + start // CHUNK, part[0][0])
        yield (term_id, number, len(part), encode(part))
