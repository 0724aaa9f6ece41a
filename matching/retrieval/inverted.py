"""Terms and their cases in memory, as flat arrays: the fastest form an index can have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from matching.bulk.growing import with_room
from matching.retrieval.attributes import FloatArray, IdArray, IntArray, PackedArray
from matching.retrieval.expansion import exact_groups
from matching.retrieval.ranking import MAX_POSTINGS, Allowed, Ranked, Tally
from matching.retrieval.terms import (
    IndexEntry,
    IndexQuery,
    Readings,
    is_rare,
    rare_key,
)
from matching.retrieval.vocabulary import TermsInMemory


@dataclass(frozen=True, slots=True)
class Group:
    """Lists of cases of which the best counts, the most telling first."""

    lists: tuple[IdArray, ...]
    bits: FloatArray


class InvertedFile(TermsInMemory):
    """Everything that answers a query, without what is needed to take a case out again."""

    def __init__(self) -> None:
        super().__init__()
        self._packed: PackedArray = np.zeros(0, dtype=np.uint32)
        self._first: IntArray = np.zeros(1, dtype=np.int64)
        self._flat: IdArray = np.zeros(0, dtype=np.uint32)
        self._changed: dict[int, IdArray] = {}
        self._rare_keys: IntArray = np.zeros(0, dtype=np.int64)
        self._rare_ids: IdArray = np.zeros(0, dtype=np.uint32)
        self._rare_changed: dict[int, IdArray] = {}

    def load_postings(self, first: IntArray, flat: IdArray) -> None:
        """Take over the cases of all terms of the vocabulary.

        Args:
            first: Where the cases of each term begin in `flat`, and its end, shape (terms + 1,).
            flat: Case ids.
        """
        self._first, self._flat = first, flat
        self._changed.clear()
        self.changed()

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
        self.changed()

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
        self.changed()

    def cases_of(self, number: int) -> IdArray:
        """Cases that hold a term of the vocabulary."""
        changed = self._changed.get(number)
        if changed is not None:
            return changed
        if number + 1 >= len(self._first):
            return self._flat[:0]
        return self._flat[self._first[number] : self._first[number + 1]]

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
        numbers, bits = self.expanded(part)
        return Group(tuple(self.cases_of(number) for number in numbers.tolist()), bits)

    def cases_with(self, numbers: IntArray) -> IntArray:
        """How many cases hold each term, by number."""
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
