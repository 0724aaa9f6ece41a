"""Compare many pairs of names at once: `compare_two` over arrays.

Names with many parts, and pairs in which two parts of one are one part of the
other, are few: they go through the explained comparison itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from matching.bulk.lexicon import letters_in, skeleton_code
from matching.bulk.sounds import FloatArray, IntArray, within
from matching.bulk.spoken import BoolArray, Spoken
from matching.compare.names import GIVEN_CLASH, GIVEN_DIFFERS, LEAST_SHIFTED, compare_parts
from matching.evidence import Evidence
from matching.names.alignment import LEAST_JOINED, SAME_KIND, TIE
from matching.names.parts import Part, kept_letters, kept_together, may_be_joined, reading
from matching.profile import Profile, TermFrequencies
from matching.record import NamePartKind

MOST_PARTS = 6
"""Longer names are rare; they are compared one by one."""
CHUNK = 100_000
"""Pairs compared in one go: arrays of a few megabytes stay in the processor's cache."""
_GIVEN = list(NamePartKind).index(NamePartKind.GIVEN)
_NONE = -1
_NO_TEXTS = ("", "")
"""Evidence that only lends its weight shows nothing."""


@dataclass(frozen=True, slots=True)
class NameScores:
    """Bits of each pair, whether both sides have a part at all, and whether siblings would fit."""

    bits: FloatArray
    known: BoolArray
    given_differs: BoolArray


class NameTable:
    """Names prepared as columns, shape (names, parts); `-1` where a name has fewer parts."""

    def __init__(
        self,
        names: Spoken,
        profile: Profile,
        frequencies: TermFrequencies,
        *,
        joined_to: Collection[str] | None = None,
    ) -> None:
        """Prepare names.

        Args:
            names: Taken apart.
            profile: Settings and bits.
            frequencies: How common each folded part is.
            joined_to: Skeletons that two parts of a name together may meet; left out, any.
        """
        self.names = names
        self._profile = profile
        self.counts = names.counts
        shape = (len(names), min(int(self.counts.max(initial=1)), MOST_PARTS))
        short = self.counts <= MOST_PARTS
        here = np.repeat(short, self.counts)
        distinct, numbers = np.unique(names.numbers[here], return_inverse=True)
        self.sounds = names.lexicon.sounds(distinct)
        rows = np.repeat(np.flatnonzero(short), self.counts[short])
        places = within(self.counts[short])
        self.parts = np.full(shape, _NONE, dtype=np.int64)
        self.parts[rows, places] = numbers
        self.kinds = np.zeros(shape, dtype=np.int64)
        self.kinds[rows, places] = names.kinds[here]
        self.given = (self.kinds == _GIVEN).argmax(axis=1)
        self._describe()
        self.joined = np.full(shape, _NONE, dtype=np.int64)
        self._join(joined_to)
        self.weigh(frequencies)

    def __len__(self) -> int:
        return len(self.names)

    def _join(self, joined_to: Collection[str] | None) -> None:
        """Note the skeletons of neighbours written as one, where anything may meet them."""
        for row, place, joined in self._neighbours(joined_to):
            skeleton = reading(joined).skeleton
            if len(skeleton) >= LEAST_JOINED and (joined_to is None or skeleton in joined_to):
                self.joined[row, place] = skeleton_code(skeleton)

    def _neighbours(self, joined_to: Collection[str] | None) -> Iterator[tuple[int, int, str]]:
        """Row, place and common letters of parts that may meet one of these with the next."""
        following = self.parts[:, 1:] != _NONE
        asked: dict[str, list[str]] = defaultdict(list)
        for text in joined_to or ():
            asked[kept_letters(text)].append(text)
        if joined_to is not None:
            # Which letters first, for all at once; a particle between them has letters too.
            letters = self.letters[self.parts]
            both = letters[:, :-1] | letters[:, 1:]
            following &= np.isin(both, list(map(letters_in, asked))) | self.names.left_out[:, None]
        rows, places = np.nonzero(following)
        ones, others = self.parts[rows, places], self.parts[rows, places + 1]
        latins, bones = self._latins, self._skeletons
        for row, place, one, other in zip(
            rows.tolist(), places.tolist(), ones.tolist(), others.tolist(), strict=True
        ):
            between = self.names.left_out[row]
            some = joined_to
            if some is not None and not between:
                some = asked.get(kept_together(latins[one], latins[other]), ())
            if some is None or (some and may_be_joined(bones[one], bones[other], some)):
                joined = self.names.joined(row, place) if between else latins[one] + latins[other]
                yield row, place, joined

    def _describe(self) -> None:
        """Columns by number of sound."""
        sounds = self.sounds
        self.folds = sounds.likeliest(sounds.folds)
        self._latins = sounds.likeliest(sounds.latins)
        self._skeletons = sounds.likeliest(sounds.skeletons)
        facts = sounds.facts
        self.tie, self.vowelless, self.initial = facts["tie"], facts["vowelless"], facts["initial"]
        self.letter, self.skeleton = facts["letter"], facts["skeleton"]
        # The last stands for no part.
        self.letters = np.append(facts["letters"], 0)

    def weigh(self, frequencies: TermFrequencies) -> None:
        """Take note of how common each folded part is: `Profile.share` of every sound."""
        names, self._frequencies = self._profile.names, frequencies
        counts = np.array([frequencies.counts.get(fold, 0) for fold in self.folds], dtype=float)
        belief = names["smoothing"]
        share = (counts + belief * names["frequency_floor"]) / (frequencies.total + belief)
        self.share = np.clip(share, names["frequency_floor"], names["frequency_ceiling"])

    def skeletons_to_join(self) -> frozenset[str]:
        """Skeletons of own parts that two parts of another name may meet together."""
        return frozenset(text for text in self._skeletons if len(text) >= LEAST_JOINED)

    def scores(self, other: NameTable, left: IntArray, right: IntArray) -> NameScores:
        """Compare own rows with another table's, pair by pair, shape (pairs,)."""
        return self._scores(other, left, right, None)

    def against_all(self, other: NameTable, alike: FloatArray | None = None) -> NameScores:
        """Compare the only name of this table with every name of another, shape (other,).

        Args:
            other: The other names.
            alike: `sounds.all_pairs` of both tables where it is at hand.
        """
        right = np.arange(len(other))
        left = np.zeros(len(right), dtype=np.int64)
        if alike is None:
            alike = self.sounds.all_pairs(other.sounds)
        return self._scores(other, left, right, alike)

    def weighing(self, other: NameTable, alike: FloatArray) -> set[str]:
        """Folded parts whose frequency bears on the scores of `against_all`."""
        near = np.flatnonzero(alike.any(axis=0)).tolist()
        found = {*self.folds, *(other.folds[sound] for sound in near)}
        right = np.arange(len(other))
        one_by_one = ~self._plain(other, np.zeros(len(right), dtype=np.int64), right)
        for row in np.flatnonzero(one_by_one).tolist():
            found.update(part.fold for part in other.names.parts(row))
        return found

    def _scores(
        self, other: NameTable, left: IntArray, right: IntArray, alike: FloatArray | None
    ) -> NameScores:
        counts, others = self.counts[left], other.counts[right]
        known = (counts > 0) & (others > 0)
        bits = np.zeros(len(left))
        differs = np.zeros(len(left), dtype=bool)
        plain = known & self._plain(other, left, right)
        compared: dict[tuple[tuple[Part, ...], tuple[Part, ...]], Evidence] = {}
        for place in np.flatnonzero(known & ~plain).tolist():
            parts = self.names.parts(left[place]), other.names.parts(right[place])
            found = compared.get(parts)
            if found is None:
                found = compare_parts(*parts, _NO_TEXTS, self._profile, self._frequencies)
                compared[parts] = found
            bits[place], differs[place] = found.weight, found.reason == GIVEN_DIFFERS
        shapes = counts * (MOST_PARTS + 1) + others
        for shape in np.unique(shapes[plain]).tolist():
            here = np.flatnonzero(plain & (shapes == shape))
            for start in range(0, len(here), CHUNK):
                some = here[start : start + CHUNK]
                bits[some], differs[some] = self._shaped(other, left[some], right[some], alike)
        return NameScores(bits, known, differs)

    def _plain(self, other: NameTable, left: IntArray, right: IntArray) -> BoolArray:
        """Pairs that arrays compare: short names of which no two parts may be one of the other."""
        short = (self.counts[left] <= MOST_PARTS) & (other.counts[right] <= MOST_PARTS)
        joined = _may_join(self, left, other, right) | _may_join(other, right, self, left)
        plain: BoolArray = short & ~joined
        return plain

    def _shaped(
        self, other: NameTable, left: IntArray, right: IntArray, alike: FloatArray | None
    ) -> tuple[FloatArray, BoolArray]:
        """Pairs of names that have p and q parts: arrays of shape (pairs, p, q)."""
        p, q = int(self.counts[left[0]]), int(other.counts[right[0]])
        shape = (len(left), p, q)
        ones = np.broadcast_to(self.parts[left, :p, None], shape)
        others = np.broadcast_to(other.parts[right, None, :q], shape)
        if alike is None:
            similarity = self._unique_similarity(other, ones, others)
        else:
            similarity = alike[ones, others]
        weights = self._part_bits(other, ones, others, similarity)
        kinds_left, kinds_right = self.kinds[left, :p, None], other.kinds[right, None, :q]
        same_kind = (kinds_left == kinds_right) & (kinds_left > 0)
        ties = self.tie[ones] + other.tie[others]
        taken, left_bits, right_bits, apart = _greedy(
            weights + (same_kind * SAME_KIND + TIE * ties), weights
        )
        severity = np.minimum(
            self._severity(left_bits, self.given[left]),
            self._severity(right_bits, other.given[right]),
        )
        severity[_shifted(taken, apart)] = 1.0
        agreeing = np.where(taken > 0, taken, 0.0).sum(axis=1)
        clashing = np.where(taken <= 0, taken, 0.0).sum(axis=1)
        bits = self._totals(agreeing, clashing, severity, abs(p - q))
        return bits, (severity >= GIVEN_CLASH) & (taken > 0).any(axis=1)

    def _unique_similarity(self, other: NameTable, ones: IntArray, others: IntArray) -> FloatArray:
        size = len(other.sounds)
        codes, inverse = np.unique(ones * size + others, return_inverse=True)
        left, right = np.divmod(codes, size)
        found = self.sounds.pairs(other.sounds, left, right)
        spread: FloatArray = found[inverse.reshape(ones.shape)]
        return spread

    def _part_bits(
        self, other: NameTable, ones: IntArray, others: IntArray, alike: FloatArray
    ) -> FloatArray:
        names = self._profile.names
        bits = np.full(ones.shape, names["different"])
        near = alike > 0
        left, right, similar = ones[near], others[near], alike[near]
        share = np.maximum(self.share[left], other.share[right])
        vowelless = self.vowelless[left] | other.vowelless[right]
        found = np.empty(len(left))
        for leaves_out in (False, True):
            here = vowelless == leaves_out
            curve = self._profile.part_curve(leaves_out)
            m = np.interp(similar[here], curve.similarity, curve.log2_m)
            u = np.interp(similar[here], curve.similarity, curve.log2_u)
            found[here] = m - np.log2(share[here] + 2.0**u)
        bits[near] = np.maximum(found, names["different"])
        one, two = self.initial[ones], other.initial[others]
        if one.any() or two.any():
            same = self.letter[ones] == other.letter[others]
            bits[(one ^ two) & same] = names["initial"]
            bits[(one | two) & ~same] = names["different"]
        return bits

    def _severity(self, bits: FloatArray, given: IntArray) -> FloatArray:
        own = np.take_along_axis(bits, given[:, None], axis=1)[:, 0]
        lost = np.isnan(own)
        return np.where(lost, 1.0, np.maximum(0.0, own / self._profile.names["different"]))

    def _totals(
        self, agreeing: FloatArray, clashing: FloatArray, severity: FloatArray, surplus: int
    ) -> FloatArray:
        names = self._profile.names
        agreeing = agreeing - severity * np.maximum(0.0, agreeing - names["family_only"])
        clashing = clashing + severity * (names["different_given"] - names["different"])
        total = agreeing + clashing + surplus * names["surplus"]
        soft, room = names["soft_limit"], names["limit"] - names["soft_limit"]
        over = total > soft
        total[over] = soft + room * (1.0 - np.exp((soft - total[over]) / room))
        return np.maximum(total, names["whole_different"])


def _may_join(one: NameTable, ones: IntArray, other: NameTable, others: IntArray) -> BoolArray:
    """Whether two neighbouring parts of one side may be one part of the other."""
    found = np.zeros(len(ones), dtype=bool)
    width = min(one.joined.shape[1], int(one.counts[ones].max(initial=0)))
    for i in range(width):
        joined = one.joined[ones, i]
        places = np.flatnonzero(joined >= 0)
        if len(places) == 0:
            continue
        for j in range(other.parts.shape[1]):
            part = other.parts[others[places], j]
            here = places[part >= 0]
            found[here] |= other.skeleton[part[part >= 0]] == joined[here]
    return found


def _shifted(taken: FloatArray, apart: IntArray) -> BoolArray:
    """`is_shifted` of each pair."""
    agrees = taken > 0
    count = agrees.sum(axis=1)
    enough = (count >= LEAST_SHIFTED) & (count < taken.shape[1])
    up = (apart == 1) | ~agrees
    down = (apart == -1) | ~agrees
    shifted: BoolArray = enough & (up.all(axis=1) | down.all(axis=1))
    return shifted


def _greedy(
    order: FloatArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, IntArray]:
    """Take the best offer of each pair again and again, each part once.

    Returns:
        Weights taken, shape (pairs, min(p, q)), the weight that each part of the
        left and the right got, not a number where it was left over, and how many
        places the parts of each taken offer lie apart.
    """
    count, p, q = order.shape
    order = order.copy()
    rows = np.arange(count)
    taken = np.zeros((count, min(p, q)))
    apart = np.zeros((count, min(p, q)), dtype=np.int64)
    left, right = np.full((count, p), np.nan), np.full((count, q), np.nan)
    for turn in range(min(p, q)):
        i, j = np.divmod(order.reshape(count, -1).argmax(axis=1), q)
        best = weights[rows, i, j]
        taken[:, turn] = left[rows, i] = right[rows, j] = best
        apart[:, turn] = i - j
        order[rows, i, :] = -np.inf
        order[rows, :, j] = -np.inf
    return taken, left, right, apart
