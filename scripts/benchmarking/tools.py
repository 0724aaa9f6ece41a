"""The tools that a benchmark compares: each scores the same pairs of a set."""

from __future__ import annotations

import dataclasses
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
import numpy.typing as npt
from anyascii import anyascii
from rapidfuzz import fuzz

from matching.bulk.scorer import RecordTable
from matching.evidence import Band
from matching.profile import Profile
from matching.record import Description, Document, PersonRecord
from matching.scorer import assess
from scripts.benchmarking.offers import Offered
from scripts.benchmarking.peering import score_records
from scripts.estimate import estimate_from

BASELINE_THRESHOLD = 90.0
"""WRatio from which the baseline links, its bonus for the same birthday included."""
DATE_BONUS = 10.0
KB_PER_MB = 1024
EXPLAINED = 3_000
"""Pairs that are explained one by one, to say what that costs."""
MOST_ODDS = 60.0
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scores:
    """What a tool says of the pairs.

    Attributes:
        tool: Its name.
        version: Of the tool, or the id of the profile.
        threshold: From which it links by default.
        values: Score of each pair.
        probabilities: Calibrated, of each pair, where the tool gives them.
        seconds: For all pairs, preparation included.
        peak_mb: Of its process.
        settings: What it was given.
        explained_us: Microseconds of an explained pair, cold and warm, where it explains.
    """

    tool: str
    version: str
    threshold: float
    values: FloatArray
    probabilities: FloatArray | None
    seconds: float
    peak_mb: int
    settings: str
    explained_us: tuple[float, float] | None = None


def ours(offered: Offered) -> Scores:
    """EMPD over arrays, linking from the band probable on."""
    profile = offered.profile
    started = time.perf_counter()
    table = RecordTable(offered.records, profile, offered.frequencies)
    bits = table.match_weights(offered.left, offered.right)
    seconds = time.perf_counter() - started
    said = np.array([profile.probability(value) for value in bits.tolist()])
    return Scores(
        "empd", profile.id, profile.bands[Band.PROBABLE], bits, said, seconds, _peak(),
        "shipped profile", (_explain(offered, profile), _explain(offered, profile)),
    )  # fmt: skip


def ours_on_common_fields(offered: Offered) -> Scores:
    """EMPD on nothing but the fields that the peers are given."""
    records = [_common(record) for record in offered.records]
    found = ours(dataclasses.replace(offered, records=records))
    return dataclasses.replace(found, tool="empd_common", settings="the peers' fields only")


def _common(record: PersonRecord) -> PersonRecord:
    return dataclasses.replace(
        record,
        languages=(),
        description=Description(),
        places_of_birth=record.places_of_birth[:1],
        addresses=record.addresses[:1],
        contacts=tuple(item for item in record.contacts if item.kind == "phone"),
        documents=tuple(Document(item.number) for item in record.documents),
        relatives=tuple(r for r in record.relatives if r.relation in {"mother", "father"}),
        events=(),
    )


def _explain(offered: Offered, profile: Profile) -> float:
    places = np.linspace(0, len(offered.left) - 1, min(EXPLAINED, len(offered.left)))
    pairs = [
        (offered.records[offered.left[place]], offered.records[offered.right[place]])
        for place in places.astype(int).tolist()
    ]
    started = time.perf_counter()
    for left, right in pairs:
        assess(left, right, profile, offered.frequencies)
    return (time.perf_counter() - started) / max(len(pairs), 1) * 1e6


def ours_estimated(offered: Offered) -> Scores:
    """EMPD with m and u estimated on the set itself, without labels."""
    profile = offered.profile
    started = time.perf_counter()
    estimate = estimate_from(offered, profile)
    said = estimate.mixture.probabilities(estimate.found.codes)
    seconds = time.perf_counter() - started
    odds = np.log2(np.maximum(said, 1e-18) / np.maximum(1.0 - said, 1e-18))
    values = np.clip(odds, -MOST_ODDS, MOST_ODDS)
    settings = "EM of three classes on the set itself, no labels; p >= .5"
    return Scores("empd_em", profile.id, 0.0, values, said, seconds, _peak(), settings)


def baseline(offered: Offered) -> Scores:
    """WRatio of rapidfuzz on names in ASCII, and a bonus for the same date of birth."""
    started = time.perf_counter()
    values = [
        _baseline_score(offered.records[left], offered.records[right])
        for left, right in zip(offered.left.tolist(), offered.right.tolist(), strict=True)
    ]
    seconds = time.perf_counter() - started
    return Scores(
        "rapidfuzz", version("rapidfuzz"), BASELINE_THRESHOLD, np.array(values), None, seconds,
        _peak(), "WRatio of names in ASCII, 10 for the same birthday",
    )  # fmt: skip


def _baseline_score(left: PersonRecord, right: PersonRecord) -> float:
    names = max(
        (
            fuzz.WRatio(anyascii(one.text).lower(), anyascii(other.text).lower())
            for one in left.names
            for other in right.names
        ),
        default=0.0,
    )
    same = {born.date.text for born in left.births} & {born.date.text for born in right.births}
    return names + (DATE_BONUS if same else -DATE_BONUS)


def peer(tool: str) -> Callable[[Offered], Scores]:
    """A tool of `scripts/benchmarking/peers`, run in its own environment."""

    def score(offered: Offered) -> Scores:
        found = score_records(tool, offered)
        return Scores(
            tool, found.version, found.threshold, np.array(found.scores), None, found.seconds,
            found.peak_mb, found.settings,
        )  # fmt: skip

    return score


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // KB_PER_MB


TOOLS: dict[str, Callable[[Offered], Scores]] = {
    "empd": ours,
    "empd_common": ours_on_common_fields,
    "empd_em": ours_estimated,
    "rapidfuzz": baseline,
    **{
        name: peer(name)
        for name in (
            "splink_stock",
            "splink_tuned",
            "recordlinkage_ecm",
            "nomenklatura_logic",
            "rapidfuzz_levels",
        )
    },
}
