"""The port of the candidate index: ids and retrieval scores, never records."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from matching.profile import TermFrequencies
from matching.record import PersonRecord
from matching.retrieval import IndexEntry


@dataclass(frozen=True, slots=True)
class Scope:
    """What an index may offer; access rules are applied by the store, again and in full.

    Attributes:
        kinds: Kinds of cases; empty means all.
        exclude: Internal ids never to offer, such as the query's own.
    """

    kinds: frozenset[str] = frozenset()
    exclude: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A case that may be the one asked for, with its retrieval score in bits."""

    case_id: int
    score: float


@dataclass(frozen=True, slots=True)
class Candidates:
    """Best first; `cut` says that more were found than asked for."""

    items: tuple[Candidate, ...]
    considered: int
    cut: bool


@dataclass(frozen=True, slots=True)
class Generation:
    """One build of the index."""

    number: int
    name: str = field(default="")


class CandidateIndex(Protocol):
    """What every adapter offers; one contract suite holds them to it.

    Errors of the adapter's own world become `IndexUnavailable` or `IndexNotReady`.
    """

    def candidates(self, query: PersonRecord, scope: Scope, limit: int) -> Candidates:
        """The best candidates for a record; ties by id."""

    def frequencies(self, tokens: Collection[str]) -> TermFrequencies:
        """How many cases bear each folded name part."""

    def upsert(self, entries: Iterable[IndexEntry]) -> None:
        """Put cases in, replacing what was held of them."""

    def remove(self, case_ids: Collection[int]) -> None:
        """Take cases out; unknown ids are no error."""

    def build(self, entries: Iterable[IndexEntry]) -> Generation:
        """Build a new generation beside the active one."""

    def activate(self, generation: Generation) -> None:
        """Answer from a generation from now on, and drop the others."""

    def generation(self) -> Generation:
        """The generation that answers."""

    def healthy(self) -> bool:
        """Whether the index answers; raises when it does not."""
