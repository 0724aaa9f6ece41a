"""Splink after a day of tuning: own levels of names and dates, term frequencies, more fields.

The levels were chosen, and m was counted with labels, on training populations alone
(scripts/generate.py --size 12000 --seed 102); prior and u are estimated on what is to be scored.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import Linker, SettingsCreator, block_on
from splink.internals.comparison_level_creator import ComparisonLevelCreator

from scripts.benchmarking.peers.inputs import Pair, Record, Scored, plain, words, years
from scripts.benchmarking.peers.splink_common import base_row, make_linker, scored

RECALL = 0.35
"""Of the deterministic rules."""
MAX_PAIRS = 1e7
RARE = 0.004
"""Share of records up to which a part of a name is rare."""
MATCHES = {
    "name": (
        0.375, 0.086, 0.155, 0.077, 0.042, 0.034, 0.022,
        0.052, 0.032, 0.026, 0.066, 0.008, 0.007, 0.019,
    ),
    "birth": (0.5, 0.035, 0.01, 0.064, 0.016, 0.022, 0.22, 0.067, 0.008, 0.026, 0.016, 0.017),
    "father": (0.35, 0.114, 0.015, 0.481, 0.04),
    "mother": (0.98, 0.01, 0.01),
    "sex": (0.997, 0.003),
    "country": (0.914, 0.054, 0.033),
    "place": (0.879, 0.089, 0.032),
    "address": (0.98, 0.01, 0.01),
    "phones": (0.448, 0.552),
    "documents": (0.995, 0.005),
}  # fmt: skip
"""Share of matches at each level, from the best down."""
RELATIVES = {
    "father": (0.05, 0.02, 0.003, 0.2),
    "mother": (0.05, 0.02),
    "address": (0.05, 0.05),
    "phones": (0.001,),
}
"""Share of others at each level, by hand: brothers and sisters are the likely mistakes, and random
pairs know none."""
SHORTEST = 2
"""Letters of a part that counts; articles are no parts."""
_ARTICLES = frozenset({"al", "el", "ad", "as", "ar", "an", "at", "az", "de", "di", "da", "van"})
_FOLDS = tuple(
    (re.compile(pattern), letter)
    for pattern, letter in (
        ("tsch|sch|tch|sh|ch|c(?=[ei])|z|x(?=h)", "s"),
        ("kh|gh|x", "h"),
        ("dsch|dzh|dj|zh|g(?=[ei])", "j"),
        ("ph", "f"),
        ("th", "t"),
        ("dh", "d"),
        ("ck|q|c", "k"),
        ("w", "v"),
        ("p", "b"),
    )
)


def skeleton(word: str) -> str:
    """The consonants of a word, letters of like sound folded, doubles once."""
    for pattern, letter in _FOLDS:
        word = pattern.sub(letter, word)
    first = "a" if word[0] in "aeiouyh" else word[0]
    return re.sub(r"(.)\1+", r"\1", first + re.sub("[aeiouyh]", "", word[1:]))


def rows(records: Iterable[Record]) -> list[dict[str, object]]:
    """The frame: arrays for names, their parts and numbers; a date in pieces."""
    found = [_row(record) for record in records]
    counts = Counter(part for _, parts in found for part in parts)
    limit = max(1.0, RARE * len(found))
    for row, parts in found:
        row["rare_parts"] = [part for part in parts if counts[part] <= limit]
    return [row for row, _ in found]


def _row(record: Record) -> tuple[dict[str, object], list[str]]:
    names = [kept for name in record["names"] if (kept := _parts(name))]
    keys = [" ".join(sorted(name)) for name in names]
    skeletons = [" ".join(sorted(map(skeleton, name))) for name in names]
    parts = sorted({skeleton(word) for name in names for word in name})
    father = [skeleton(word) for word in _parts(record["father"])]
    row = base_row(record)
    dob = str(row["dob"] or "")
    born = years(record)
    month = next((b[:7] for b in record["births"] if b[4:5] == "-" and ".." not in b), "")
    sharp = dob if dob and not dob.endswith("-01-01") else ""
    row |= {
        "name_key": next(iter(keys), None),
        "name_keys": keys or None,
        "skeleton_key": next(iter(skeletons), None),
        "skeleton_keys": skeletons,
        "words": sorted({word for name in names for word in name}),
        "parts": parts,
        "sharp_dob": sharp or None,
        "swapped_dob": f"{sharp[:4]}-{sharp[8:]}-{sharp[5:7]}" if sharp else None,
        "month": month if sharp or not dob else None,
        "day": sharp[5:] or None,
        "first_year": born[0] if born else None,
        "last_year": born[1] if born else None,
        "countries": sorted({*record["nationalities"], *record["countries_of_birth"]}) or None,
        "phones": record["phones"] or None,
        "documents": record["documents"] or None,
        "mother": " ".join(sorted(_parts(record["mother"]))) or None,
        "father": " ".join(sorted(_parts(record["father"]))) or None,
        "father_parts": father,
        "street": plain(record["street"]) or None,
        "event_country": record["event_country"] or None,
    }
    return row, parts


def _parts(name: str) -> list[str]:
    found = words(name)
    kept = [word for word in found if len(word) >= SHORTEST and word not in _ARTICLES]
    return kept or found


def _shared(column: str, least: int) -> str:
    return f"len(list_intersect({column}_l, {column}_r)) >= {least}"


def _comparison(name: str, unknown: str, *levels: ComparisonLevelCreator) -> cl.CustomComparison:
    """Levels from the best down, with the shares of matches found on training populations."""
    found = [*levels, cll.ElseLevel()]
    for level, share in zip(found, MATCHES[name], strict=True):
        level.configure(m_probability=share)
    for level, share in zip(found, RELATIVES.get(name, ()), strict=False):
        level.configure(u_probability=share, fix_u_probability=True)
    null = cll.CustomLevel(unknown).configure(is_null_level=True)
    return cl.CustomComparison(output_column_name=name, comparison_levels=[null, *found])


def _unknown(column: str) -> str:
    return f"{column}_l IS NULL OR {column}_r IS NULL"


def _name() -> cl.CustomComparison:
    fewest = "least(len(parts_l), len(parts_r))"
    return _comparison(
        "name",
        _unknown("name_key"),
        cll.ExactMatchLevel("name_key").configure(tf_adjustment_column="name_key"),
        cll.CustomLevel(
            "list_has_any(name_keys_l, name_keys_r) "
            "OR jaro_winkler_similarity(name_key_l, name_key_r) >= 0.97"
        ),
        cll.CustomLevel(f"{_shared('skeleton_keys', 1)} AND {fewest} >= 2"),
        cll.CustomLevel(f"{_shared('parts', 2)} AND {_shared('rare_parts', 1)}"),
        cll.CustomLevel(_shared("parts", 2)),
        cll.PairwiseStringDistanceFunctionLevel("name_keys", "jaro_winkler", 0.92),
        cll.CustomLevel(
            f"{_shared('rare_parts', 1)} AND len(list_intersect(parts_l, parts_r)) = {fewest}"
        ),
        cll.CustomLevel(f"{_shared('parts', 1)} AND {fewest} = 1"),
        cll.CustomLevel(
            f"{_shared('parts', 1)} AND jaro_winkler_similarity(name_key_l, name_key_r) >= 0.85"
        ),
        cll.CustomLevel(_shared("rare_parts", 1)),
        cll.CustomLevel(_shared("parts", 1)),
        cll.PairwiseStringDistanceFunctionLevel("words", "jaro_winkler", 0.9),
        cll.JaroWinklerLevel("name_key", 0.78),
    )


def _birth() -> cl.CustomComparison:
    overlap = "first_year_l <= last_year_r AND first_year_r <= last_year_l"
    apart = "greatest(first_year_l - last_year_r, first_year_r - last_year_l)"
    vague = "(sharp_dob_l IS NULL OR sharp_dob_r IS NULL)"
    return _comparison(
        "birth",
        _unknown("first_year"),
        cll.CustomLevel("sharp_dob_l = sharp_dob_r"),
        cll.CustomLevel("dob_l = dob_r"),
        cll.CustomLevel("sharp_dob_l = swapped_dob_r"),
        cll.CustomLevel("damerau_levenshtein(sharp_dob_l, sharp_dob_r) <= 1"),
        cll.CustomLevel(f"day_l = day_r AND {apart} <= 5"),
        cll.CustomLevel("month_l = month_r"),
        cll.CustomLevel(
            f"{vague} AND {overlap} AND first_year_l = last_year_l AND first_year_r = last_year_r"
        ),
        cll.CustomLevel(f"{vague} AND {overlap}"),
        cll.CustomLevel(f"{apart} <= 0"),
        cll.CustomLevel(f"{apart} <= 1"),
        cll.CustomLevel(f"{apart} <= 3"),
    )


def _father() -> cl.CustomComparison:
    surname = "(list_has_any(father_parts_l, parts_r) OR list_has_any(father_parts_r, parts_l))"
    return _comparison(
        "father",
        f"(father_l IS NULL OR father_r IS NULL) AND NOT {surname}",
        cll.ExactMatchLevel("father"),
        cll.CustomLevel("list_has_any(father_parts_l, father_parts_r)"),
        cll.JaroWinklerLevel("father", 0.88),
        cll.CustomLevel(surname),
    )


def settings() -> SettingsCreator:
    """The tuned model; its prior and most of its u are yet to be estimated."""
    return SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            _name(),
            _birth(),
            _father(),
            _comparison(
                "mother",
                _unknown("mother"),
                cll.ExactMatchLevel("mother"),
                cll.JaroWinklerLevel("mother", 0.85),
            ),
            _comparison("sex", _unknown("sex"), cll.ExactMatchLevel("sex")),
            _comparison(
                "country",
                _unknown("countries"),
                cll.ExactMatchLevel("nationality").configure(tf_adjustment_column="nationality"),
                cll.CustomLevel(_shared("countries", 1)),
            ),
            _comparison(
                "place",
                _unknown("place"),
                cll.ExactMatchLevel("place").configure(tf_adjustment_column="place"),
                cll.JaroWinklerLevel("place", 0.85),
            ),
            _comparison(
                "address",
                _unknown("city"),
                cll.CustomLevel("street_l = street_r AND city_l = city_r"),
                cll.CustomLevel("city_l = city_r"),
            ),
            _comparison("phones", _unknown("phones"), cll.ArrayIntersectLevel("phones", 1)),
            _comparison(
                "documents", _unknown("documents"), cll.ArrayIntersectLevel("documents", 1)
            ),
        ],
        blocking_rules_to_generate_predictions=[block_on("sharp_dob"), block_on("skeleton_key")],
        retain_matching_columns=False,
    )


def train(linker: Linker, seed: int) -> None:
    """The prior from deterministic rules, u from random pairs; m is in the settings."""
    linker.training.estimate_probability_two_random_records_match(
        [
            block_on("skeleton_key", "sharp_dob"),
            block_on("documents", arrays_to_explode=["documents"]),
        ],
        recall=RECALL,
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=MAX_PAIRS, seed=seed)


def score(records: list[Record], pairs: list[Pair], seed: int) -> Scored:
    """Match weights of the tuned model."""
    linker = make_linker(rows(records), settings())
    train(linker, seed)
    return scored(
        linker,
        pairs,
        "own levels of names (order, aliases, skeletons, rare parts) and dates (swaps, "
        "placeholders, ranges), parents, address, phones, documents, term frequencies; "
        f"m from labels of a training population, u by sampling; rules' recall {RECALL}",
    )
