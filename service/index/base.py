"""The port of the candidate index: ids and retrieval scores, never records."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from matching.bulk.lines import Lines
from matching.profile import TermFrequencies
from matching.record import PersonRecord
from matching.retrieval import IndexEntry
from matching.retrieval.ranking import Allowed
from service.index.differences import Differences


@dataclass(frozen=True, slots=True)
class Scope(Allowed):
    """What an index may offer; access rules are applied by the store, again and in full.

    Attributes:
        kinds: Kinds of cases; empty means all.
        exclude: Internal ids never to offer, such as the query's own.
    """


class Candidate(NamedTuple):
    """A case that may be the one asked for, with its retrieval score in bits."""

    case_id: int
    score: float


@dataclass(frozen=True, slots=True)
class Candidates:
    """Best first.

    Attributes:
        items: The candidates.
        considered: Cases that had something in common with the query; from a server, of
            those it was asked for.
        cut: Whether cases may be missing that are as good: left out beyond the limit, or
            not looked at.
        fallback: Name of the index that answered in place of the chosen one.
        complete: Whether every case could be met. If not, a server has not seen the newest
            changes yet or ran out of time: what was compared has to be compared again.
        lags: Whether it is the changes: once they are carried the same question is answered
            in full, and until then no other is.
    """

    items: tuple[Candidate, ...]
    considered: int
    cut: bool
    fallback: str | None = None
    complete: bool = True
    lags: bool = False


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

    def lines(self, case_ids: Sequence[int]) -> Lines | None:
        """What of cases is compared, in the order given, where all of it is at hand in memory.

        None sends the asker to the store; no adapter need keep lines.
        """

    def upsert(self, entries: Iterable[IndexEntry]) -> None:
        """Put cases in, replacing what was held of them."""

    def remove(self, case_ids: Collection[int]) -> None:
        """Take cases out; unknown ids are no error."""

    def hold(self) -> None:
        """Let nobody else write the index until this transaction ends."""

    def begin(self) -> Generation:
        """Begin a new generation beside the one that answers."""

    def fill(self, generation: Generation, entries: Collection[IndexEntry], until: int = 0) -> None:
        """Put a share of the cases into a generation, by rising ids, share after share.

        From then on `upsert` and `remove` keep these cases up to date in both, and all up
        to the id `until`, those included of which there was nothing to put in.
        """

    def activate(self, generation: Generation) -> None:
        """Answer from a generation from now on; the others are swept later."""

    def sweep(self, most: int) -> bool:
        """Delete about so many rows that no generation needs; true while some are left."""

    def scattered(self) -> list[int]:
        """What `compact` would write in a better form; empty when there is nothing to do."""

    def compact(self, scattered: Collection[int]) -> None:
        """Write a share of what `scattered` named in a form that is quicker to read."""

    def verify(self, expected: Iterable[IndexEntry]) -> Differences:
        """Compare with what the store says, given by rising id."""

    def generation(self) -> Generation:
        """The generation that answers."""

    def healthy(self) -> bool:
        """Whether the index answers; raises when it does not."""
