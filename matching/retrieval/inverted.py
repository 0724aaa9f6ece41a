"""Terms and their cases in memory, as flat arrays: the fastest form an index can have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from matching.bulk.growing import with_room
from matching.retrieval.attributes import FloatArray, IdArray, IntArray, PackedArray
from matching.retrieval.expansion import exact_groups, expand, likely_parts
from matching.retrieval.ranking import MAX_POSTINGS, Allowed, Ranked, Tally
from matching.retrieval.terms import (
    IndexEntry,
    IndexQuery,
    Readings,
    is_rare,
    keys_of,
    rare_key,
    term_keys,
)

MAX_CACHED_PARTS = 20_000
"""Expanded parts kept between two changes; a bulk comparison asks for the same ones again."""


@dataclass(frozen=True, slots=True)
class Group:
    """Lists of cases of which the best counts, the most telling first."""

    lists: tuple[IdArray, ...]
    bits: FloatArray


class Vocabulary:
    """Terms by number, and the numbers of the name parts under each key."""

    def __init__(self) -> None:
        self.terms: list[str] = []
        self._checks: NDArray[np.uint32] = np.zeros(0, dtype=np.uint32)
        self._of_check: IdArray = np.zeros(0, dtype=np.uint32)
        self._added: dict[str, int] = {}
        self._keys: NDArray[np.uint32] = np.zeros(0, dtype=np.uint32)
        self._under: NDArray[np.uint32] = np.zeros(0, dtype=np.uint32)
        self._more: dict[int, list[int]] = defaultdict(list)

    def load(self, terms: Sequence[str], keys: NDArray[np.uint32], under: IdArray) -> None:
        """Take over a whole vocabulary.

        Args:
            terms: All terms; their places are their numbers.
            keys: Keys of name parts, shape (pairs,).
            under: Number of the part under each key, shape (pairs,).
        """
        self.terms = list(terms)
        self._added.clear()
        # A table of half a million texts would take five times as much room.
        checks = np.fromiter(map(_check, self.terms), np.uint32, len(self.terms))
        by_check = np.argsort(checks, kind="stable")
        self._checks, self._of_check = checks[by_check], by_check.astype(np.uint32)
        order = np.argsort(keys, kind="stable")
        self._keys, self._under = keys[order], under[order]
        self._more.clear()

    def number(self, term: str) -> int | None:
        """The number of a term that is known."""
        return next(iter(self.numbers((term,))))

    def numbers(self, terms: Collection[str]) -> list[int | None]:
        """The number of each of the terms, None where it is not known."""
        checks = np.fromiter(map(_check, terms), np.uint32, len(terms))
        firsts = self._checks.searchsorted(checks, side="left").tolist()
        lasts = self._checks.searchsorted(checks, side="right").tolist()
        found = []
        for term, first, last in zip(terms, firsts, lasts, strict=True):
            number = self._added.get(term)
            if number is None and first < last:
                same = self._of_check[first:last].tolist()
                number = next((one for one in same if self.terms[one] == term), None)
            found.append(number)
        return found

    def add(self, term: str) -> int:
        """The number of a term, given now if it has none."""
        known = self.number(term)
        if known is not None:
            return known
        number = self._added[term] = len(self.terms)
        self.terms.append(term)
        for key in term_keys(term):
            self._more[key].append(number)
        return number

    def under(self, keys: Collection[int]) -> IntArray:
        """Distinct numbers of the name parts under any of the keys."""
        asked = np.fromiter(keys, dtype=np.uint32, count=len(keys))
        first = np.searchsorted(self._keys, asked, side="left")
        last = np.searchsorted(self._keys, asked, side="right")
        found = [
            self._under[one:end] for one, end in zip(first.tolist(), last.tolist(), strict=True)
        ]
        found.extend(
            np.array(self._more[key], dtype=np.uint32) for key in keys if key in self._more
        )
        return np.unique(np.concatenate(found)).astype(np.int64)


def _check(term: str) -> int:
    """A number of 32 bits that few terms share."""
    return crc32(term.encode())


class InvertedFile:
    """Everything that answers a query, without what is needed to take a case out again."""

    def __init__(self) -> None:
        self.vocabulary = Vocabulary()
        self.cases = 0
        self._packed: PackedArray = np.zeros(0, dtype=np.uint32)
        self._first: IntArray = np.zeros(1, dtype=np.int64)
        self._flat: IdArray = np.zeros(0, dtype=np.uint32)
        self._changed: dict[int, IdArray] = {}
        self._rare_keys: IntArray = np.zeros(0, dtype=np.int64)
        self._rare_ids: IdArray = np.zeros(0, dtype=np.uint32)
        self._rare_changed: dict[int, IdArray] = {}
        self._expanded: dict[Readings, tuple[IntArray, FloatArray]] = {}

    def load_postings(self, first: IntArray, flat: IdArray) -> None:
        """Take over the cases of all terms of the vocabulary.

        Args:
            first: Where the cases of each term begin in `flat`, and its end, shape (terms + 1,).
            flat: Case ids.
        """
        self._first, self._flat = first, flat
        self._changed.clear()
        self._expanded.clear()

    def load_rare(self, keys: IntArray, ids: IdArray) -> None:
        """Take over the rare terms by hash, shapes (pairs,)."""
        order = np.argsort(keys, kind="stable")
        self._rare_keys, self._rare_ids = keys[order], ids[order]
        self._rare_changed.clear()

    def load_attributes(self, packed: PackedArray, cases: int) -> None:
        """Take over the attributes by case id, and how many cases there are."""
        self._packed, self.cases = packed, cases

    @property
    def largest_id(self) -> int:
        """The largest case id there is room for."""
        return len(self._packed) - 1

    def packed_of(self, ids: IntArray) -> PackedArray:
        """Packed attributes of cases."""
        found: PackedArray = self._packed[ids]
        return found

    def put(self, entries: Collection[IndexEntry]) -> None:
        """Put in cases that are not held."""
        more: dict[int, list[int]] = defaultdict(list)
        rare: dict[int, list[int]] = defaultdict(list)
        for entry in entries:
            self._packed = with_room(self._packed, entry.case_id + 1)
            self._packed[entry.case_id] = entry.packed
            for term in entry.terms:
                if is_rare(term):
                    rare[rare_key(term)].append(entry.case_id)
                else:
                    more[self.vocabulary.add(term)].append(entry.case_id)
        self.cases += len(entries)
        for number, ids in more.items():
            self._changed[number] = _joined(self.cases_of(number), ids)
        for key, ids in rare.items():
            self._rare_changed[key] = _joined(self._rare(key), ids)
        self._expanded.clear()

    def drop(self, entries: Iterable[IndexEntry]) -> None:
        """Take out cases that are held with exactly these terms."""
        for entry in entries:
            for term in entry.terms:
                if is_rare(term):
                    key = rare_key(term)
                    self._rare_changed[key] = _without(self._rare(key), entry.case_id)
                elif (number := self.vocabulary.number(term)) is not None:
                    self._changed[number] = _without(self.cases_of(number), entry.case_id)
            self.cases -= 1
        self._expanded.clear()

    def cases_of(self, number: int) -> IdArray:
        """Cases that hold a term of the vocabulary."""
        changed = self._changed.get(number)
        if changed is not None:
            return changed
        if number + 1 >= len(self._first):
            return self._flat[:0]
        return self._flat[self._first[number] : self._first[number + 1]]

    def counts(self, terms: Collection[str]) -> list[int]:
        """How many cases hold each term of the vocabulary."""
        numbers = self.vocabulary.numbers(terms)
        return [0 if number is None else len(self.cases_of(number)) for number in numbers]

    def _rare(self, key: int) -> IdArray:
        changed = self._rare_changed.get(key)
        if changed is not None:
            return changed
        first, last = np.searchsorted(self._rare_keys, [key, key + 1])
        return self._rare_ids[first:last]

    def search(
        self, query: IndexQuery, tally: Tally, *, limit: int, allowed: Allowed
    ) -> tuple[Ranked, bool]:
        """The best candidates, and whether terms were left out."""
        tally.reserve(self.largest_id)
        groups = [self._name_group(part) for part in query.parts]
        for terms, bits in exact_groups(query):
            lists = tuple(self.exact(term) for term in terms)
            groups.append(Group(lists, np.full(len(lists), bits, dtype=np.float32)))
        sizes = [[len(ids) for ids in group.lists] for group in groups]
        kept, cut = bounded(sizes, [group.bits for group in groups], MAX_POSTINGS)
        for group, counts, most in zip(groups, sizes, kept, strict=True):
            if most:
                # The least telling first, so that the best is written last.
                ids = np.concatenate(group.lists[:most][::-1])
                tally.add(ids, np.repeat(group.bits[:most][::-1], counts[:most][::-1]))
        for term in query.days:
            tally.bring_in(self.exact(term))
        return tally.rank(query, self.packed_of, limit=limit, allowed=allowed), cut

    def _name_group(self, part: Readings) -> Group:
        found = self._expanded.get(part)
        if found is None:
            found = self._expand(part)
            if len(self._expanded) < MAX_CACHED_PARTS:
                self._expanded[part] = found
        numbers, bits = found
        return Group(tuple(self.cases_of(number) for number in numbers.tolist()), bits)

    def _expand(self, part: Readings) -> tuple[IntArray, FloatArray]:
        numbers = self.vocabulary.under(keys_of(part))
        terms = self.vocabulary.terms
        likely = likely_parts(part, [terms[number] for number in numbers.tolist()])
        found = numbers[likely.places]
        kept, bits = expand(likely, self._counts(found), self.cases)
        return found[kept], bits

    def _counts(self, numbers: IntArray) -> IntArray:
        known = np.minimum(numbers, len(self._first) - 2)
        counts = np.where(
            numbers < len(self._first) - 1, self._first[known + 1] - self._first[known], 0
        )
        if self._changed:
            for place, number in enumerate(numbers.tolist()):
                if number in self._changed:
                    counts[place] = len(self._changed[number])
        return counts

    def exact(self, term: str) -> IdArray:
        """Cases that hold a term exactly."""
        if is_rare(term):
            return self._rare(rare_key(term))
        number = self.vocabulary.number(term)
        return self._flat[:0] if number is None else self.cases_of(number)


def bounded(
    sizes: Sequence[Sequence[int]], bits: Sequence[FloatArray], most: int
) -> tuple[list[int], bool]:
    """Leave out the least telling lists when there would be too many cases to go through.

    Args:
        sizes: Cases in each list of each group, the most telling list first.
        bits: Bits of each list of each group.
        most: Cases to go through at most.

    Returns:
        How many lists of each group are followed, and whether any is left out.
    """
    if sum(sum(counts) for counts in sizes) <= most:
        return [len(counts) for counts in sizes], False
    order = sorted(
        (-float(value), number, place)
        for number, values in enumerate(bits)
        for place, value in enumerate(values)
    )
    left, kept = most, [0] * len(sizes)
    for rank, (_, number, place) in enumerate(order):
        left -= sizes[number][place]
        # The most telling list is always followed: a search for one common name has no other.
        if left < 0 and rank:
            break
        kept[number] = place + 1
    return kept, True


def _joined(ids: IdArray, more: Sequence[int]) -> IdArray:
    added = np.array(more, dtype=np.uint32)
    if not len(ids):
        return added
    # Putting in what is held already changes nothing: a mirror may hear of a case twice.
    return np.concatenate([ids[~np.isin(ids, added)], added])


def _without(ids: IdArray, case_id: int) -> IdArray:
    rest: IdArray = ids[ids != case_id]
    return rest
