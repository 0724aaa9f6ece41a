"""How alike two parts sound: one edit distance at three depths of folding.

Optimal string alignment (Damerau 1964, restricted) is taken on the reading, on
its fold and on its consonants. A vowel exchanged costs at the first depth only,
a doubled consonant too, another consonant at all three: a weighted edit
distance out of fast ones.
"""

from __future__ import annotations

from functools import lru_cache

from rapidfuzz.distance import OSA

from matching.names.parts import Reading, Sound

LATIN_SHARE, FOLD_SHARE, SKELETON_SHARE = 0.44, 0.34, 0.22
"""Fitted by conditional logit on spellings of the train lists in `fixtures/names` to rank the
true name first among 20,000; Jaro-Winkler beside them got no weight."""
LEAST_FOLD = 0.34
"""Folds less alike than this are not looked at further: such pairs never agree."""
OTHER_READING = 0.98
"""An unlikely reading that fits says a little less than the likeliest that does."""
NICKNAME = 0.78
"""Pet forms and foreign forms count as this alike, however they sound."""


@lru_cache(maxsize=100_000)
def sound_similarity(left: Sound, right: Sound) -> float:
    """How alike two parts sound, 0 to 1; symmetric, 1 where the likeliest readings are equal."""
    ones, others = left.readings, right.readings
    best = reading_similarity(ones[0], others[0])
    for one in ones[1:]:
        best = max(best, OTHER_READING * reading_similarity(one, others[0]))
    for other in others[1:]:
        best = max(best, OTHER_READING * reading_similarity(ones[0], other))
    if left.groups and not left.groups.isdisjoint(right.groups):
        best = max(best, NICKNAME)
    return best


def reading_similarity(left: Reading, right: Reading) -> float:
    """How alike two readings are, 0 to 1."""
    if left.latin == right.latin:
        return 1.0
    folds = OSA.normalized_similarity(left.fold, right.fold)
    if folds < LEAST_FOLD:
        return 0.0
    latin = OSA.normalized_similarity(left.latin, right.latin)
    bones = OSA.normalized_similarity(left.skeleton, right.skeleton)
    return LATIN_SHARE * latin + FOLD_SHARE * folds + SKELETON_SHARE * bones
