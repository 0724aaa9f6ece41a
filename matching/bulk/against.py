"""Score one record against many at once: only what it says needs to be prepared of the others.

Example:
    bits = Against.of(query, candidates, profile).match_weights(frequencies_of)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence

import numpy as np

from matching.bulk.dates import BirthTable
from matching.bulk.fields import CodedTable
from matching.bulk.lines import Lines, line_of
from matching.bulk.names import NameScores, NameTable
from matching.bulk.scorer import CODED, FIELDS, Field, decisive, disjoint, limited
from matching.bulk.sounds import FloatArray, IntArray
from matching.bulk.spoken import BoolArray, Spoken
from matching.compare.dates import MOST_CLAIMS
from matching.compare.names import MAX_NAMES
from matching.names.parts import prepare
from matching.profile import Profile, TermFrequencies
from matching.record import Person

Persons = Callable[[Sequence[int]], Sequence[Person]]
"""Gives some of the others whole, by their places among the lines, each asked for once."""
FrequenciesOf = Callable[[Collection[str]], TermFrequencies]
"""Says how common folded name parts are."""
NAME, BIRTH, SEX, NATIONALITY = "name", "date_of_birth", "sex", "nationality"
_OF_LINES = frozenset({NAME, BIRTH, SEX, NATIONALITY})
_ROUNDING = 1e-6
"""Bits by which sums in another order may differ."""
_ANY = -math.inf


class Against:
    """One record against others, of which most is read from their lines.

    Only what may reach the match weight asked for is compared in what lines do not say.
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
        self._beside = _beside_lines(query)

    @classmethod
    def of(cls, query: Person, records: Sequence[Person], profile: Profile) -> Against:
        """Compare with records at hand."""
        lines = Lines.read([line_of(record) for record in records])
        return cls(query, lines, lambda places: [records[place] for place in places], profile)

    def match_weights(self, frequencies_of: FrequenciesOf, *, least: float = _ANY) -> FloatArray:
        """Match weights in bits, as `assess` gives them, shape (records,).

        Args:
            frequencies_of: Asked for the parts whose frequency bears on the weights only, since
                most parts of the others are like none of the query's.
            least: Records that cannot reach it need not be compared in full, and get no
                weight: minus infinity.
        """
        weights, siblings = self._said_by_lines(frequencies_of)
        places = np.flatnonzero(self._at_most(weights) >= least)
        some = {name: bits[places] for name, bits in weights.items()}
        some |= self._said_by_persons(places, frequencies_of)
        kept = limited(some, siblings[places], self._profile).values()
        found = np.full(len(self._lines), -np.inf)
        found[places] = self._profile.prior + sum(kept, start=np.zeros(len(places)))
        return found

    def field_weights(self, frequencies_of: FrequenciesOf) -> dict[str, FloatArray]:
        """Bits of the fields in which the query says something; each other field gives none."""
        weights, siblings = self._said_by_lines(frequencies_of)
        weights |= self._said_by_persons(np.arange(len(self._lines)), frequencies_of)
        return limited(weights, siblings, self._profile)

    def _said_by_lines(
        self, frequencies_of: FrequenciesOf
    ) -> tuple[dict[str, FloatArray], BoolArray]:
        """Bits of fields, not limited yet, and whether names differ as those of siblings do."""
        query, profile, lines = self._query, self._profile, self._lines
        names, siblings = self._names.weights(frequencies_of(self._names.tokens()))
        weights = {NAME: names}
        left, right = np.zeros(len(lines), dtype=np.int64), np.arange(1, len(lines) + 1)
        if query.births:
            births = lines.births.behind(query.births[:MOST_CLAIMS])
            weights[BIRTH] = BirthTable(births, profile).weights(left, right)
        for name, keys in ((SEX, lines.sexes), (NATIONALITY, lines.nationalities)):
            field = CODED[name]
            if own := field.key(query):
                table = CodedTable([own, *keys], profile, field)
                weights[name] = table.weights(left, right)
        return weights, siblings

    def _said_by_persons(
        self, places: IntArray, frequencies_of: FrequenciesOf
    ) -> dict[str, FloatArray]:
        fields = self._beside
        if not fields or not len(places):
            return {}
        both = (self._query, *self._persons(places.tolist()))
        relatives = _relatives_tokens(both) if "relatives" in fields else set[str]()
        frequencies = frequencies_of(relatives) if relatives else TermFrequencies.empty()
        left, right = np.zeros(len(places), dtype=np.int64), np.arange(1, len(both))
        return {
            name: field.table(both, self._profile, frequencies).weights(left, right)
            for name, field in fields.items()
        }

    def _at_most(self, weights: dict[str, FloatArray]) -> FloatArray:
        """What match weights are at most, whatever else the others say, shape (records,)."""
        profile, size = self._profile, len(self._lines)
        if not disjoint(profile.joint):
            # A limit that takes from another's part may leave more than there was.
            return np.full(size, np.inf)
        everywhere = limited(weights, np.zeros(size, dtype=bool), profile)
        found = np.full(size, profile.prior)
        for name, bits in weights.items():
            found += np.where(bits > 0, np.minimum(bits, profile.weight_limit), everywhere[name])
        best = sum(min(profile.best(name), profile.weight_limit) for name in self._beside)
        return found + (best + _ROUNDING)


def _beside_lines(query: Person) -> dict[str, Field]:
    """Fields in which the query says something and lines do not."""
    return {
        name: field for name, field in FIELDS.items() if name not in _OF_LINES and field.said(query)
    }


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
        owns, others = np.divmod(places, len(self._table))
        records = self._of_record[others]
        asked: list[int] = np.unique(records).tolist()
        persons = dict(zip(asked, self._persons(asked), strict=True))
        found = []
        for own, other, record in zip(
            owns.tolist(), others.tolist(), records.tolist(), strict=True
        ):
            first = int(np.searchsorted(self._of_record, record))
            # A record read after its line may have lost a name since.
            text = "".join(name.text for name in persons[record].names[other - first :][:1])
            found.append((self._asked[own].text, text))
        return found
