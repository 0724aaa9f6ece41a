"""Score one record against many at once: only what it says needs to be prepared of the others.

Example:
    comparison = Against.of(query, candidates, profile)
    bits = comparison.match_weights(frequencies_of(comparison.tokens))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from matching.bulk.dates import BirthTable
from matching.bulk.fields import CodedTable
from matching.bulk.lines import Lines, line_of
from matching.bulk.names import NameScores, NameTable
from matching.bulk.scorer import CODED, FIELDS, decisive, limited
from matching.bulk.sounds import FloatArray, IntArray
from matching.bulk.spoken import BoolArray, Spoken
from matching.compare.dates import MOST_CLAIMS
from matching.compare.names import MAX_NAMES
from matching.names.parts import prepare
from matching.profile import Profile, TermFrequencies
from matching.record import Person

Persons = Callable[[], Sequence[Person]]
"""Gives the others whole, in the order of their lines."""


class Against:
    """One record against others, of which most is read from their lines.

    Attributes:
        tokens: Folded name parts whose frequency bears on the scores: the index is asked
            for these only, since most parts of the others are like none of the query's.
    """

    def __init__(self, query: Person, lines: Lines, persons: Persons, profile: Profile) -> None:
        """Prepare a comparison.

        Args:
            query: The one record.
            lines: Of the others.
            persons: Asked only if the query says something that lines do not.
            profile: Every weight and threshold.
        """
        self._query, self._persons, self._profile = query, persons, profile
        self._lines = lines
        self._names = _Names(query, lines, persons, profile)
        self.tokens = self._names.tokens()
        if query.relatives:
            self.tokens |= _relatives_tokens((query, *persons()))

    @classmethod
    def of(cls, query: Person, records: Sequence[Person], profile: Profile) -> Against:
        """Compare with records at hand."""
        lines = Lines.read([line_of(record) for record in records])
        return cls(query, lines, lambda: records, profile)

    def match_weights(self, frequencies: TermFrequencies) -> FloatArray:
        """Match weights in bits, as `assess` gives them, shape (records,).

        Args:
            frequencies: How common `tokens` are.
        """
        weights = self.field_weights(frequencies)
        return self._profile.prior + sum(weights.values(), start=np.zeros(len(self._lines)))

    def field_weights(self, frequencies: TermFrequencies) -> dict[str, FloatArray]:
        """Bits of the fields in which the query says something; each other field gives none."""
        query, profile, lines = self._query, self._profile, self._lines
        names, siblings = self._names.weights(frequencies)
        weights = {"name": names}
        left, right = np.zeros(len(lines), dtype=np.int64), np.arange(1, len(lines) + 1)
        if query.births:
            births = lines.births.behind(query.births[:MOST_CLAIMS])
            weights["date_of_birth"] = BirthTable(births, profile).weights(left, right)
        for name, keys in (("sex", lines.sexes), ("nationality", lines.nationalities)):
            field = CODED[name]
            if own := field.key(query):
                table = CodedTable([own, *keys], profile, field)
                weights[name] = table.weights(left, right)
        more = {n: field for n, field in FIELDS.items() if n not in weights and field.said(query)}
        if more:
            both = (query, *self._persons())
            for name, said in more.items():
                weights[name] = said.table(both, profile, frequencies).weights(left, right)
        return limited(weights, siblings, profile)


def _relatives_tokens(records: Sequence[Person]) -> set[str]:
    return {
        part.fold
        for record in records
        for relative in record.relatives
        for part in prepare(relative.name)
    }


class _Names:
    """The names of one record against those of others."""

    def __init__(self, query: Person, lines: Lines, persons: Persons, profile: Profile) -> None:
        self._asked = query.names[:MAX_NAMES]
        self._persons = persons
        self._of_record, self._size = lines.of_record, len(lines)
        unknown = TermFrequencies.empty()
        self._own = [NameTable(Spoken.of((name,)), profile, unknown) for name in self._asked]
        joined_to = frozenset[str]().union(*(own.skeletons_to_join() for own in self._own))
        others = lines.names if self._asked else Spoken.of(())
        self._table = NameTable(others, profile, unknown, joined_to=joined_to)
        self._alike = [own.sounds.all_pairs(self._table.sounds) for own in self._own]

    def tokens(self) -> set[str]:
        """Folded parts whose frequency bears on the bits."""
        pairs = zip(self._own, self._alike, strict=True)
        return set[str]().union(*(own.weighing(self._table, alike) for own, alike in pairs))

    def weights(self, frequencies: TermFrequencies) -> tuple[FloatArray, BoolArray]:
        """Bits, and whether the names differ as those of siblings do, shape (records,)."""
        if not len(self._table):
            return np.zeros(self._size), np.zeros(self._size, dtype=bool)
        self._table.weigh(frequencies)
        scores = []
        for own, alike in zip(self._own, self._alike, strict=True):
            own.weigh(frequencies)
            scores.append(own.against_all(self._table, alike))
        together = NameScores(
            np.concatenate([score.bits for score in scores]),
            np.concatenate([score.known for score in scores]),
            np.concatenate([score.given_differs for score in scores]),
        )
        pair = np.tile(self._of_record, len(scores))
        return decisive(together, pair, self._texts, self._size)

    def _texts(self, places: IntArray) -> list[tuple[str, str]]:
        """Own and other name of pairs of names."""
        persons = self._persons()
        found = []
        for own, other in zip(*np.divmod(places, len(self._table)), strict=True):
            record = int(self._of_record[other])
            first = int(np.searchsorted(self._of_record, record))
            # A record read after its line may have lost a name since.
            text = "".join(name.text for name in persons[record].names[other - first :][:1])
            found.append((self._asked[own].text, text))
        return found
