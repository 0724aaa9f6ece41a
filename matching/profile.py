"""Profiles: every weight and threshold of a score as versioned data.

A profile's id is its name and a hash of its content, so that a stored score says
exactly which numbers it came from.
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from matching.compare.name_bits import PartCurve
from matching.evidence import Band

_HASH_DIGITS = 12
NAME_SETTINGS = (
    "frequency_floor", "frequency_ceiling", "smoothing", "joined", "initial", "different",
    "different_given", "surplus", "whole_different", "soft_limit", "limit", "family_only",
)  # fmt: skip
DATE_BITS = (
    "exact", "swapped", "digit", "calendar", "calendar_years", "year_slip", "month", "year",
    "placeholder", "near_year", "calendar_year", "overlap_day", "same_year_other_day", "apart_2",
    "apart_5", "apart", "assessed_floor",
)  # fmt: skip
LEVELS_OF = {
    **dict.fromkeys(
        ("sex", "nationality", "country_of_birth", "language", "height", "weight"), "agree disagree"
    ),
    **dict.fromkeys(
        (
            "place_of_birth", "address", "city", "postcode", "document", "eye_colour",
            "hair_colour", "marks", "relatives",
        ),
        "agree close disagree",
    ),
    "phone": "agree close",
    "email": "agree",
    "events": "possible impossible two_places",
}  # fmt: skip
"""What a profile must hold for every comparison to find its numbers."""


@dataclass(frozen=True, slots=True)
class TermFrequencies:
    """How often folded name parts occur in a collection.

    Attributes:
        total: Records in the collection.
        counts: Folded part to the number of records that bear it.
    """

    total: int
    counts: Mapping[str, int]

    @classmethod
    def empty(cls) -> TermFrequencies:
        """Nothing known: every part counts as uncommon."""
        return cls(0, {})


@dataclass(frozen=True, slots=True)
class JointLimit:
    """Fields that depend on one another, and the most bits that they give together."""

    fields: frozenset[str]
    limit: float


@dataclass(frozen=True, slots=True)
class Profile:
    """The numbers of a score; see `profiles/default.toml` for the meaning of each.

    Attributes:
        id: Name and content hash.
        weights: `field.level` to bits, from m- and u-probabilities.
        m: `field.level` to the m-probability alone, for learning from verdicts.
        names: Settings of the comparison of names.
        dates: Bits of the levels of dates of birth.
        vowelled: What similarity of name parts is worth.
        vowelless: The same where a side's script leaves its vowels out.
    """

    id: str
    prior: float
    weight_limit: float
    bands: Mapping[Band, float]
    slope: float
    intercept: float
    weights: Mapping[str, float]
    m: Mapping[str, float]
    names: Mapping[str, float]
    dates: Mapping[str, float]
    vowelled: PartCurve
    vowelless: PartCurve
    siblings: JointLimit
    joint: tuple[JointLimit, ...] = field(default=())

    def weight(self, field_name: str, level: str) -> float:
        """Bits of one level of one field."""
        return self.weights[f"{field_name}.{level}"]

    def best(self, field_name: str) -> float:
        """Most bits that a level of a field gives; 0 where none speaks for a pair."""
        given = (bits for key, bits in self.weights.items() if key.split(".")[0] == field_name)
        return max(0.0, max(given, default=0.0))

    def band(self, bits: float) -> Band:
        """The band of a match weight."""
        reached = [band for band, lowest in self.bands.items() if bits >= lowest]
        return max(reached, key=lambda band: self.bands[band], default=Band.UNLIKELY)

    def probability(self, bits: float) -> float:
        """The calibrated probability of a match weight."""
        exponent = -(self.slope * bits + self.intercept)
        return 1.0 / (1.0 + math.exp(min(max(exponent, -700.0), 700.0)))

    def share(self, folded: str, frequencies: TermFrequencies) -> float:
        """The share of records that bear a part: the rarer, the more agreement says.

        It is smoothed towards the floor while the collection is small.
        """
        names = self.names
        count = frequencies.counts.get(folded, 0)
        belief = names["smoothing"]
        share = (count + belief * names["frequency_floor"]) / (frequencies.total + belief)
        return min(max(share, names["frequency_floor"]), names["frequency_ceiling"])

    def part_curve(self, vowelless: bool) -> PartCurve:  # noqa: FBT001 - the one question
        """What similarity of parts is worth, by whether a side leaves its vowels out."""
        return self.vowelless if vowelless else self.vowelled


@cache
def load_profile(name: str = "default") -> Profile:
    """Load a profile that ships with the library.

    Raises:
        FileNotFoundError: If there is none of this name.
    """
    return parse_profile(resources.files("matching.profiles").joinpath(f"{name}.toml").read_bytes())


def parse_profile(data: bytes) -> Profile:
    """Make a profile from TOML.

    Args:
        data: The file's bytes; they make the hash.

    Raises:
        ValueError: If a number cannot be, naming it; TOML that cannot be read is one too.
        KeyError: If a part is missing.
    """
    body: dict[str, Any] = tomllib.loads(data.decode("utf-8"))
    _check(body)
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()[:_HASH_DIGITS]
    score, calibration = body["score"], body["calibration"]
    return Profile(
        id=f"{body['name']}@{digest}",
        prior=score["prior"],
        weight_limit=score["weight_limit"],
        bands={Band(name): lowest for name, lowest in body["bands"].items()},
        slope=calibration["slope"],
        intercept=calibration["intercept"],
        weights=_weights(body["levels"]),
        m={
            f"{field_name}.{level}": probabilities["m"]
            for field_name, levels in body["levels"].items()
            for level, probabilities in levels.items()
        },
        names=body["names"],
        dates=body["dates"],
        vowelled=_curve(body["name_parts"]["vowelled"]),
        vowelless=_curve(body["name_parts"]["vowelless"]),
        siblings=JointLimit(frozenset(body["siblings"]["fields"]), body["siblings"]["limit"]),
        joint=tuple(
            JointLimit(frozenset(item["fields"]), item["limit"]) for item in body["joint"].values()
        ),
    )


def _check(body: Mapping[str, Any]) -> None:
    """Refuse numbers that no score could stand on, before any pair meets them."""
    for table in ("score", "bands", "calibration", "names", "dates"):
        for name, value in body[table].items():
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not is_number or not math.isfinite(value):
                raise ValueError(f"{table}.{name} is no finite number")
    bands = [body["bands"][band.value] for band in Band if band is not Band.UNLIKELY]
    if bands != sorted(bands):
        raise ValueError("bands: possible, probable and strong do not rise")
    if body["calibration"]["slope"] <= 0:
        raise ValueError("calibration.slope is not above 0")
    missing = [
        f"{table}.{name}"
        for table, names in (("names", NAME_SETTINGS), ("dates", DATE_BITS))
        for name in names
        if name not in body[table]
    ]
    missing += [
        f"levels.{field}.{level}"
        for field, levels in LEVELS_OF.items()
        for level in levels.split()
        if level not in body["levels"].get(field, {})
    ]
    if missing:
        raise ValueError(f"{missing[0]} is missing")
    _check_limits(body)


def _check_limits(body: Mapping[str, Any]) -> None:
    """A limit below nothing would turn what speaks against a pair into what speaks for it."""
    known = {*body["levels"], "name", "date_of_birth"}
    if body["score"]["weight_limit"] < 0:
        raise ValueError("score.weight_limit lies below 0")
    for joint in (body["siblings"], *body["joint"].values()):
        limit = joint["limit"]
        is_number = isinstance(limit, (int, float)) and not isinstance(limit, bool)
        if not is_number or not 0 <= limit < math.inf:
            raise ValueError("the limit of joint fields is no finite number from 0")
        unknown = sorted(set(joint["fields"]) - known)
        if unknown:
            raise ValueError(f"no field is called {unknown[0]}")


def _weights(levels: Mapping[str, Mapping[str, Mapping[str, float]]]) -> dict[str, float]:
    weights = {}
    for field_name, of_field in levels.items():
        for level, probabilities in of_field.items():
            m, u = probabilities["m"], probabilities["u"]
            if not (0 < m <= 1 and 0 < u <= 1):
                raise ValueError(f"{field_name}.{level}: m and u lie between 0 and 1")
            weights[f"{field_name}.{level}"] = math.log2(m / u)
    return weights


def _curve(data: Mapping[str, Any]) -> PartCurve:
    similarity, m, u = data["similarity"], data["m"], data["u"]
    if not len(similarity) == len(m) == len(u) or sorted(set(similarity)) != list(similarity):
        raise ValueError("name_parts: as many m and u as rising similarities")
    if not all(0 < value <= 1 for value in (*m, *u)):
        raise ValueError("name_parts: m and u lie between 0 and 1")
    return PartCurve(
        tuple(map(float, similarity)),
        tuple(math.log2(value) for value in m),
        tuple(math.log2(value) for value in u),
    )
