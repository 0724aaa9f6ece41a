"""What an index holds beside what it should hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from matching.retrieval import IndexEntry
from matching.retrieval.terms import is_rare


@dataclass(slots=True)
class Differences:
    """What a verification found; empty when the index says what the store says.

    Attributes:
        missing: Entries of cases that the index lacks.
        stale: Entries that it holds otherwise.
        surplus: Cases that it holds and should not.
        miscounted: Terms, keys or postings too many, too few or at the wrong place in the
            tables behind the entries, about; only a new build mends them.
    """

    missing: list[IndexEntry] = field(default_factory=list)
    stale: list[IndexEntry] = field(default_factory=list)
    surplus: list[int] = field(default_factory=list)
    miscounted: int = 0

    @property
    def clean(self) -> bool:
        """Whether nothing differs."""
        return not (self.missing or self.stale or self.surplus or self.miscounted)

    def compare(self, held: Iterator[IndexEntry], expected: Iterable[IndexEntry]) -> None:
        """Note how two sequences of entries differ, both by rising id."""
        ours = next(held, None)
        for entry in expected:
            while ours is not None and ours.case_id < entry.case_id:
                self.surplus.append(ours.case_id)
                ours = next(held, None)
            if ours is None or ours.case_id != entry.case_id:
                self.missing.append(entry)
                continue
            if ours != entry:
                self.stale.append(entry)
            ours = next(held, None)
        while ours is not None:
            self.surplus.append(ours.case_id)
            ours = next(held, None)

    def without(self, case_ids: frozenset[int]) -> Differences:
        """The same without cases that changed meanwhile."""
        return Differences(
            [entry for entry in self.missing if entry.case_id not in case_ids],
            [entry for entry in self.stale if entry.case_id not in case_ids],
            [case_id for case_id in self.surplus if case_id not in case_ids],
            self.miscounted,
        )


@dataclass(slots=True)
class Counts:
    """How many terms of the vocabulary entries hold, counted while they pass by."""

    plain: int = 0

    def of(self, entries: Iterable[IndexEntry]) -> Iterator[IndexEntry]:
        """The same entries."""
        for entry in entries:
            self.plain += sum(not is_rare(term) for term in entry.terms)
            yield entry
