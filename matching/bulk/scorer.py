"""Score many pairs of records at once: `assess` over arrays, the same match weights.

Example:
    table = RecordTable(records, profile, frequencies)
    bits = table.match_weights(left, right)  # places in `records`, shape (pairs,)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from matching.bulk.dates import BirthTable
from matching.bulk.fields import (
    NOT_COMPARED,
    Coded,
    CodedTable,
    ContactTable,
    DocumentTable,
    EventTable,
    LevelTable,
    RangeTable,
    TextTable,
)
from matching.bulk.lines import nationalities_of, nationality_key, sex_key
from matching.bulk.names import NameScores, NameTable
from matching.bulk.rows import Column
from matching.bulk.sounds import FloatArray, IntArray
from matching.bulk.spoken import BoolArray, Spoken
from matching.compare.appearance import colour, compare_eyes, compare_hair
from matching.compare.attributes import (
    KEPT_CODES,
    codes,
    compare_country_of_birth,
    compare_languages,
    compare_nationality,
    compare_sex,
)
from matching.compare.dates import MOST_CLAIMS
from matching.compare.identifiers import contacts, numbered
from matching.compare.names import MAX_NAMES
from matching.compare.relatives import AGREE_BITS, CLOSE_BITS, KIN, independent
from matching.compare.texts import LEVELS, TEXT_FIELDS, TextField
from matching.profile import JointLimit, Profile, TermFrequencies
from matching.record import Description, Name, Person, PersonRecord, Sex

PAIRS_AT_ONCE = 200_000
"""Pairs scored in one go: some hundred megabytes of arrays at most."""


class RecordTable:
    """Records prepared once, to score any pairs of them."""

    def __init__(
        self, records: Sequence[Person], profile: Profile, frequencies: TermFrequencies
    ) -> None:
        self._profile = profile
        self.names = _Names(records, profile, frequencies)
        births = Column([record.births[:MOST_CLAIMS] for record in records])
        self.births = BirthTable(births, profile)
        self.fields: dict[str, LevelTable] = {
            name: field.table(records, profile, frequencies) for name, field in FIELDS.items()
        }

    def match_weights(self, left: IntArray, right: IntArray) -> FloatArray:
        """Match weights of pairs in bits, as `assess` gives them, shape (pairs,).

        Args:
            left: Places of the left records, shape (pairs,).
            right: Places of the right ones.
        """
        found = np.empty(len(left))
        for start in range(0, len(left), PAIRS_AT_ONCE):
            some = slice(start, start + PAIRS_AT_ONCE)
            weights = self.field_weights(left[some], right[some])
            found[some] = self._profile.prior + sum(weights.values())
        return found

    def field_weights(self, left: IntArray, right: IntArray) -> dict[str, FloatArray]:
        """Bits of each field after the limits on fields that depend on one another."""
        name, siblings = self.names.weights(left, right)
        weights = {"name": name, "date_of_birth": self.births.weights(left, right)}
        weights.update((key, field.weights(left, right)) for key, field in self.fields.items())
        return limited(weights, siblings, self._profile)


def limited(
    weights: dict[str, FloatArray], siblings: BoolArray, profile: Profile
) -> dict[str, FloatArray]:
    """Bits within the limits of a field and of fields that depend on one another.

    Args:
        weights: Bits by field, each of shape (pairs,).
        siblings: Whether the names of a pair differ as those of siblings do.
        profile: The limits.
    """
    limit = profile.weight_limit
    weights = {key: np.clip(bits, -limit, limit) for key, bits in weights.items()}
    everywhere = np.ones(len(siblings), dtype=bool)
    for joint in profile.joint:
        for sign in (1, -1):
            _share(weights, joint, everywhere, sign)
    _share(weights, profile.siblings, siblings, 1)
    return weights


def disjoint(joints: Collection[JointLimit]) -> bool:
    """Whether no field stands under two limits."""
    fields = [field for joint in joints for field in joint.fields]
    return len(fields) == len(set(fields))


def _share(weights: dict[str, FloatArray], joint: JointLimit, where: BoolArray, sign: int) -> None:
    """Scale what speaks one way in some fields down to what they may give together."""
    known = [field for field in joint.fields if field in weights]
    together = np.zeros(len(where))
    for field in known:
        together += np.maximum(weights[field] * sign, 0.0)
    over = where & (together > joint.limit)
    if not over.any():
        return
    share = np.where(over, joint.limit / np.where(over, together, 1.0), 1.0)
    for field in known:
        bits = weights[field]
        weights[field] = np.where(bits * sign > 0, bits * share, bits)


class _Names:
    """The best pair of names of two records."""

    def __init__(
        self, records: Sequence[Person], profile: Profile, frequencies: TermFrequencies
    ) -> None:
        self._column: Column[Name] = Column([record.names[:MAX_NAMES] for record in records])
        self._table = NameTable(Spoken.of(self._column.values), profile, frequencies)

    def known(self, left: IntArray, right: IntArray) -> BoolArray:
        """Whether both records give a name."""
        both: BoolArray = (self._column.counts[left] > 0) & (self._column.counts[right] > 0)
        return both

    def weights(self, left: IntArray, right: IntArray) -> tuple[FloatArray, BoolArray]:
        """Bits, and whether the names differ as those of siblings do."""
        pair, one, other = self._column.combinations(left, right)
        scores = self._table.scores(self._table, one, other)
        names = self._column.values

        def texts(places: IntArray) -> list[tuple[str, str]]:
            both = zip(one[places].tolist(), other[places].tolist(), strict=True)
            return [(names[left].text, names[right].text) for left, right in both]

        return decisive(scores, pair, texts, len(left))


def decisive(
    scores: NameScores,
    pair: IntArray,
    texts: Callable[[IntArray], Sequence[tuple[str, str]]],
    size: int,
) -> tuple[FloatArray, BoolArray]:
    """The pair of names that decides for each pair of records, as `compare_name_fields` chooses.

    Args:
        scores: Of pairs of names.
        pair: The pair of records that each belongs to, below `size`.
        texts: Both names of given pairs of names; asked only where equal bits leave it open
            whether the names differ as those of siblings do.
        size: Pairs of records.

    Returns:
        Bits, and whether the names differ as those of siblings do, shape (size,).
    """
    order = np.lexsort((scores.bits, scores.known, pair))
    best = order[np.flatnonzero(np.diff(pair[order], append=-1))]
    bits, siblings = np.zeros(size), np.zeros(size, dtype=bool)
    known = np.zeros(size, dtype=bool)
    bits[pair[best]], known[pair[best]] = scores.bits[best], scores.known[best]
    siblings[pair[best]] = scores.given_differs[best]
    equal = (scores.bits == bits[pair]) & (scores.known == known[pair])
    open_pairs = np.unique(pair[equal & (scores.given_differs != siblings[pair])])
    if len(open_pairs):
        places = np.flatnonzero(equal & np.isin(pair, open_pairs))
        names = [sorted(both) for both in texts(places)]
        for _, place in sorted(zip(names, places.tolist(), strict=True)):
            siblings[pair[place]] = scores.given_differs[place]
    return bits, siblings


class _Relatives(LevelTable):
    """The best pair of names of those who stand in one relation to the persons."""

    def __init__(
        self, records: Sequence[Person], profile: Profile, frequencies: TermFrequencies
    ) -> None:
        super().__init__(LEVELS, [profile.weight("relatives", level) for level in LEVELS])
        self._column: Column[tuple[str, Name]] = Column(
            [tuple(independent(record)) for record in records]
        )
        relations = sorted({relation for relation, _ in self._column.values})
        self._relation = np.array(
            [relations.index(relation) for relation, _ in self._column.values], dtype=np.int64
        )
        self._is_kin = np.array(
            [relation in KIN for relation, _ in self._column.values], dtype=bool
        )
        names = [name for _, name in self._column.values]
        self._table = NameTable(Spoken.of(names), profile, frequencies)

    def codes(self, left: IntArray, right: IntArray) -> IntArray:
        """Levels of pairs of records."""
        pair, one, other = self._column.combinations(left, right)
        alike = self._relation[one] == self._relation[other]
        pair, one, other = pair[alike], one[alike], other[alike]
        best = np.full(len(left), -np.inf)
        np.maximum.at(best, pair, self._table.scores(self._table, one, other).bits)
        levels = (best >= CLOSE_BITS).astype(np.int64) + (best >= AGREE_BITS)
        kin = np.zeros(len(left), dtype=bool)
        kin[pair[self._is_kin[one]]] = True
        silent = np.isneginf(best) | ((levels == 0) & ~kin)
        return np.where(silent, NOT_COMPARED, levels)


@dataclass(frozen=True, slots=True)
class Field:
    """How many pairs are compared in one field.

    Attributes:
        table: Prepares records for it.
        said: What a record says in it; something empty where it says nothing.
    """

    table: Callable[[Sequence[Person], Profile, TermFrequencies], LevelTable]
    said: Callable[[Person], object]


def _coded(name: str) -> Field:
    coded = CODED[name]

    def table(records: Sequence[Person], profile: Profile, _: TermFrequencies) -> CodedTable:
        return CodedTable([coded.key(record) for record in records], profile, coded)

    return Field(table, coded.key)


def _contacts(kind: str) -> Field:
    return Field(
        lambda records, profile, _: ContactTable(records, profile, kind),
        lambda record: contacts(record, kind),
    )


def _ranged(name: str, said: Callable[[Person], object]) -> Field:
    return Field(lambda records, profile, _: RangeTable(records, profile, name), said)


def _text(field: TextField) -> Field:
    return Field(lambda records, profile, _: TextTable(records, profile, field), field.said)


def _sexed(key: str) -> Person:
    return PersonRecord("", sex=Sex(key))


_CODED = (
    Coded("sex", compare_sex, sex_key, _sexed),
    Coded(
        "nationality",
        compare_nationality,
        nationality_key,
        lambda key: PersonRecord("", nationalities=nationalities_of(key)),
    ),
    Coded(
        "country_of_birth",
        compare_country_of_birth,
        lambda record: tuple(codes(record.countries_of_birth)),
        lambda key: PersonRecord("", countries_of_birth=key),
    ),
    Coded(
        "language",
        compare_languages,
        lambda record: tuple(codes(record.languages)),
        lambda key: PersonRecord("", languages=key),
    ),
    Coded(
        "eye_colour",
        compare_eyes,
        lambda record: colour(record.description.eye_colour),
        lambda key: PersonRecord("", description=Description(eye_colour=key)),
    ),
    Coded(
        "hair_colour",
        compare_hair,
        lambda record: colour(record.description.hair_colour),
        lambda key: PersonRecord("", description=Description(hair_colour=key)),
    ),
)
CODED = {
    field.name: dataclasses.replace(field, said=lru_cache(KEPT_CODES)(field.said))
    for field in _CODED
}
"""Fields with few distinct values; to make a record of one takes longer than to compare two."""


FIELDS: dict[str, Field] = {
    "sex": _coded("sex"),
    "nationality": _coded("nationality"),
    "country_of_birth": _coded("country_of_birth"),
    "language": _coded("language"),
    "document": Field(lambda records, profile, _: DocumentTable(records, profile), numbered),
    "phone": _contacts("phone"),
    "email": _contacts("email"),
    "height": _ranged("height", lambda record: record.description.height_cm),
    "weight": _ranged("weight", lambda record: record.description.weight_kg),
    "eye_colour": _coded("eye_colour"),
    "hair_colour": _coded("hair_colour"),
    "events": Field(
        lambda records, profile, _: EventTable(records, profile), lambda record: record.events
    ),
    "relatives": Field(_Relatives, lambda record: record.relatives),
    **{field.name: _text(field) for field in TEXT_FIELDS},
}
"""All fields but name and date of birth."""
