"""The index in memory: for bulk comparison, and as the reference of the contract suite."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from matching.profile import TermFrequencies
from matching.record import PersonRecord
from matching.retrieval import NAME, IndexEntry, InvertedFile, Ranked, Tally, index_query
from service.errors import IndexNotReady
from service.index.base import Candidate, Candidates, Generation, Scope
from service.index.differences import Differences

NEAR_BITS = 6.0
"""Bits by which the first candidate must stand out for the left out not to matter: one in 64."""


def candidates_of(ranked: Ranked, *, cut: bool) -> Candidates:
    """What was ranked, as the port gives it."""
    pairs = zip(ranked.case_ids.tolist(), ranked.scores.tolist(), strict=True)
    items = tuple(map(Candidate._make, pairs))
    return Candidates(items, ranked.considered, cut or left_out(items, ranked.considered))


def left_out(items: Sequence[Candidate], considered: int) -> bool:
    """Whether cases were left out that may be as good as those offered.

    That others share a term with the query is always so; it matters where the last one
    offered is hardly worse than the first.
    """
    return considered > len(items) > 0 and items[0].score - items[-1].score < NEAR_BITS


class _Contents:
    """One generation."""

    def __init__(self) -> None:
        self.entries: dict[int, IndexEntry] = {}
        self.file = InvertedFile()
        self.built_until = 0

    def put(self, entries: Iterable[IndexEntry]) -> None:
        newest = {entry.case_id: entry for entry in entries}
        self.drop(newest)
        self.file.put(list(newest.values()))
        self.entries.update(newest)

    def drop(self, case_ids: Iterable[int]) -> None:
        held = [self.entries.pop(case_id) for case_id in case_ids if case_id in self.entries]
        self.file.drop(held)


class MemoryIndex:
    """All in this process; gone with it."""

    def __init__(self) -> None:
        self._generations = {1: _Contents()}
        self._active = 1
        self._tally = Tally()

    @property
    def _contents(self) -> _Contents:
        return self._generations[self._active]

    def candidates(self, query: PersonRecord, scope: Scope, limit: int) -> Candidates:
        """The best candidates for a record; ties by id."""
        ranked, cut = self._contents.file.search(
            index_query(query), self._tally, limit=limit, allowed=scope
        )
        return candidates_of(ranked, cut=cut)

    def frequencies(self, tokens: Collection[str]) -> TermFrequencies:
        """How many cases bear each folded name part."""
        file = self._contents.file
        counts = file.counts([f"{NAME}{token}" for token in tokens])
        return TermFrequencies(file.cases, dict(zip(tokens, counts, strict=True)))

    def lines(self, case_ids: Sequence[int]) -> None:
        """None: it holds entries only."""

    def upsert(self, entries: Iterable[IndexEntry]) -> None:
        """Put cases in, replacing what was held of them."""
        given = list(entries)
        for number, contents in self._generations.items():
            is_whole = number == self._active
            contents.put(e for e in given if is_whole or e.case_id <= contents.built_until)

    def remove(self, case_ids: Collection[int]) -> None:
        """Take cases out; unknown ids are no error."""
        for contents in self._generations.values():
            contents.drop(case_ids)

    def hold(self) -> None:
        """Nothing to do: nobody else writes it."""

    def begin(self) -> Generation:
        """Begin a new generation beside the one that answers."""
        number = max(self._generations) + 1
        self._generations[number] = _Contents()
        return Generation(number, f"memory-{number}")

    def fill(self, generation: Generation, entries: Collection[IndexEntry], until: int = 0) -> None:
        """Put a share of the cases into a generation."""
        contents = self._known(generation)
        contents.put(entries)
        reached = max((e.case_id for e in entries), default=contents.built_until)
        contents.built_until = max(until, reached)

    def activate(self, generation: Generation) -> None:
        """Answer from a generation from now on."""
        self._known(generation)
        self._active = generation.number

    def sweep(self, most: int) -> bool:
        """Forget the generations that do not answer."""
        del most
        self._generations = {self._active: self._contents}
        return False

    def scattered(self) -> list[int]:
        """Nothing: it is always in one piece."""
        return []

    def compact(self, scattered: Collection[int]) -> None:
        """Nothing to do."""

    def verify(self, expected: Iterable[IndexEntry]) -> Differences:
        """Compare with what the store says, given by rising id."""
        entries = self._contents.entries
        found = Differences()
        found.compare((entries[case_id] for case_id in sorted(entries)), expected)
        return found

    def generation(self) -> Generation:
        """The generation that answers."""
        return Generation(self._active, f"memory-{self._active}")

    def healthy(self) -> bool:
        """Always: it lives in this process."""
        return True

    def _known(self, generation: Generation) -> _Contents:
        if generation.number not in self._generations:
            raise IndexNotReady("this generation of the index was not built")
        return self._generations[generation.number]
