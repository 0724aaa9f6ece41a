"""Score one record against many at once: only what it says needs to be prepared of the others.

Example:
    comparison = Against(query, candidates, profile)
    bits = comparison.match_weights(frequencies_of(comparison.tokens))
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from matching.bulk.dates import BirthTable
from matching.bulk.names import BoolArray, NameScores, NameTable
from matching.bulk.scorer import FIELDS, best_names, limited
from matching.bulk.sounds import FloatArray, IntArray
from matching.compare.names import MAX_NAMES
from matching.names.parts import prepare
from matching.profile import Profile, TermFrequencies
from matching.record import PersonRecord


class Against:
    """One record against others.

    Attributes:
        tokens: Folded name parts whose frequency bears on the scores: the index is asked
            for these only, since most parts of the others are like none of the query's.
    """

    def __init__(
        self, query: PersonRecord, records: Sequence[PersonRecord], profile: Profile
    ) -> None:
        self._query, self._records, self._profile = query, records, profile
        self._names = _Names(query, records, profile)
        self.tokens = self._names.tokens()
        if query.relatives:
            self.tokens |= _relatives_tokens((query, *records))

    def match_weights(self, frequencies: TermFrequencies) -> FloatArray:
        """Match weights in bits, as `assess` gives them, shape (records,).

        Args:
            frequencies: How common `tokens` are.
        """
        weights = self.field_weights(frequencies)
        return self._profile.prior + sum(weights.values(), start=np.zeros(len(self._records)))

    def field_weights(self, frequencies: TermFrequencies) -> dict[str, FloatArray]:
        """Bits of the fields in which the query says something; each other field gives none."""
        query, profile = self._query, self._profile
        names, siblings = self._names.weights(frequencies)
        weights = {"name": names}
        both = (query, *self._records)
        left, right = np.zeros(len(both) - 1, dtype=np.int64), np.arange(1, len(both))
        if query.births:
            weights["date_of_birth"] = BirthTable(both, profile).weights(left, right)
        for name, field in FIELDS.items():
            if field.said(query):
                weights[name] = field.table(both, profile, frequencies).weights(left, right)
        return limited(weights, siblings, profile)


def _relatives_tokens(records: Sequence[PersonRecord]) -> set[str]:
    return {
        part.fold
        for record in records
        for relative in record.relatives
        for part in prepare(relative.name)
    }


class _Names:
    """The names of one record against those of others."""

    def __init__(
        self, query: PersonRecord, records: Sequence[PersonRecord], profile: Profile
    ) -> None:
        self._asked = query.names[:MAX_NAMES]
        others = [record.names[:MAX_NAMES] for record in records] if self._asked else []
        self._flat = [name for names in others for name in names]
        self._size = len(records)
        self._pair = np.repeat(np.arange(len(others)), [len(names) for names in others])
        unknown = TermFrequencies.empty()
        self._own = [NameTable((name,), profile, unknown) for name in self._asked]
        joined_to = frozenset[str]().union(*(own.skeletons_to_join() for own in self._own))
        self._table = NameTable(self._flat, profile, unknown, joined_to=joined_to)
        self._alike = [own.sounds.all_pairs(self._table.sounds) for own in self._own]

    def tokens(self) -> set[str]:
        """Folded parts whose frequency bears on the bits."""
        pairs = zip(self._own, self._alike, strict=True)
        return set[str]().union(*(own.weighing(self._table, alike) for own, alike in pairs))

    def weights(self, frequencies: TermFrequencies) -> tuple[FloatArray, BoolArray]:
        """Bits, and whether the names differ as those of siblings do, shape (records,)."""
        if not self._flat:
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
        return best_names(together, np.tile(self._pair, len(scores)), self._ranks(), self._size)

    def _ranks(self) -> tuple[IntArray, IntArray]:
        asked, texts = [name.text for name in self._asked], [name.text for name in self._flat]
        rank = {text: place for place, text in enumerate(sorted({*asked, *texts}))}
        theirs = np.array([rank[text] for text in texts], dtype=np.int64)
        ours = np.array([rank[text] for text in asked], dtype=np.int64)
        return np.repeat(ours, len(texts)), np.tile(theirs, len(asked))
