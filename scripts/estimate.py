#!/usr/bin/env python3
"""Propose a profile: m and u by EM without labels, calibration on other, labelled train seeds.

The truth of a generated population is used for two things only: to say how far the
estimate lies from it, and to calibrate. Test seeds are refused.

Example:
    scripts/estimate.py --size 6000 --seed 101 --calibrate 104,105 --out var/estimate
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from matching.bulk.scorer import RecordTable
from matching.estimation.calibration import platt
from matching.estimation.mixture import Mixture, fit, frequencies
from matching.estimation.patterns import BIRTH, NAME, Patterns, patterns
from matching.estimation.proposal import from_mixture, with_calibration, with_levels
from matching.profile import Profile, load_profile, parse_profile
from scripts.benchmarking.offers import Offered, offer
from scripts.benchmarking.sets import population

MOST_TRAIN_SEED = 999
"""Seeds from here on are for tests: nothing may be tuned on them."""
TOO_FEW = ("address", "city", "postcode", "document", "email")
"""Fields that too few records of the generator have: their numbers stay as they are."""
BY_HAND = ("events.two_places", "eye_colour.close", "hair_colour.close")
"""Levels that the generator hardly makes: it rewords no colours."""
LEAST_SIZE = 300
NOT_LEVELS = (NAME, BIRTH)
"""Their bits are curves and intervals, set from the train lists; the mixture only uses them."""
_console = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What EM found on one population, and what is true there."""

    mixture: Mixture
    found: Patterns
    true_share: float
    distance: float


def main(arguments: list[str] | None = None) -> int:
    """Estimate, calibrate, write the proposal; 0 when done, 2 for wrong use."""
    options = _options(arguments)
    profile = load_profile()
    _console.print(f"offering pairs of seed {options.seed} ...")
    estimate = estimate_from(offer(population(options.size, options.seed)), profile)
    chosen = [f for f in estimate.found.fields if f not in {*NOT_LEVELS, *TOO_FEW}]
    levels = from_mixture(estimate.mixture, estimate.found.fields, profile, chosen)
    provenance = (
        f"EM without labels on {options.size} synthetic cases of train seed {options.seed}; "
        f"calibrated on train seeds {', '.join(map(str, options.calibrate))}"
    )
    source = resources.files("matching.profiles").joinpath("default.toml").read_text("utf-8")
    for name in BY_HAND:
        field, level = name.split(".")
        levels.get(field, {}).pop(level, None)
    text = with_levels(source, levels, name="proposed", provenance=provenance)
    try:
        slope, intercept = calibrate(parse_profile(text.encode()), options.size, options.calibrate)
    except ValueError as error:
        print(f"estimate: {error}", file=sys.stderr)
        return 2
    text = with_calibration(text, slope, intercept)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "profile.toml").write_text(text, "utf-8")
    report = _report(estimate, slope, intercept)
    (options.out / "estimate.json").write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    print(json.dumps(report) if options.json else _lines(report, options.out))
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", type=int, default=6_000)
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--calibrate", default="104,105", help="train seeds, with commas")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    try:
        options.calibrate = [int(seed) for seed in options.calibrate.split(",")]
    except ValueError:
        parser.error("--calibrate takes seeds with commas between them")
    seeds = [options.seed, *options.calibrate]
    if len(set(seeds)) < len(seeds):
        parser.error("a seed that sets weights, or another of these, cannot calibrate")
    if options.size < LEAST_SIZE:
        parser.error(f"--size is {LEAST_SIZE} at least: fewer pairs teach nothing")
    if any(not 0 < seed <= MOST_TRAIN_SEED for seed in seeds):
        parser.error(f"train seeds lie between 1 and {MOST_TRAIN_SEED}; others are for tests")
    return options


def estimate_from(offered: Offered, profile: Profile) -> Estimate:
    """Fit the mixture to what retrieval offers, and compare with the truth."""
    table = RecordTable(offered.records, profile, offered.frequencies)
    found = patterns(table, offered.left, offered.right)
    start = tuple(_start(field, levels, profile) for field, levels in found.fields.items())
    mixture = fit(found.codes, list(found.fields), start)
    truth = frequencies(found.codes[offered.matches], found.sizes)
    distance = float(
        np.mean([np.abs(m - t).sum() / 2 for m, t in zip(mixture.m, truth, strict=True)])
    )
    return Estimate(mixture, found, float(offered.matches.mean()), distance)


def _start(field: str, levels: tuple[str, ...], profile: Profile) -> Any:
    """Where m starts: what the profile says, the better the likelier for names and dates."""
    if field == NAME:
        likely = np.exp2(np.arange(len(levels)) / 2.0)
    elif field == BIRTH:
        likely = np.exp2([profile.dates.get(level, 0.0) / 2.0 for level in levels])
    else:
        likely = np.array([profile.m.get(f"{field}.{level}", 0.0) for level in levels]) + 0.01
    return likely / likely.sum()


def calibrate(profile: Profile, size: int, seeds: list[int]) -> tuple[float, float]:
    """Slope and intercept of the probability, on populations that set no weight."""
    bits, matches = [], []
    for seed in seeds:
        _console.print(f"calibrating on seed {seed} ...")
        offered = offer(population(size, seed))
        table = RecordTable(offered.records, profile, offered.frequencies)
        bits.append(table.match_weights(offered.left, offered.right))
        matches.append(offered.matches)
    found = platt(np.concatenate(bits), np.concatenate(matches).tolist())
    return found.slope, found.intercept


def _report(estimate: Estimate, slope: float, intercept: float) -> dict[str, Any]:
    return {
        "share": round(estimate.mixture.shares[0], 5),
        "true_share": round(estimate.true_share, 5),
        "rounds": estimate.mixture.rounds,
        "mean_distance_of_m_from_truth": round(estimate.distance, 4),
        "calibration": {"slope": round(slope, 4), "intercept": round(intercept, 4)},
        "m": {
            field: {level: round(float(m), 4) for level, m in zip(levels, values, strict=True)}
            for (field, levels), values in zip(
                estimate.found.fields.items(), estimate.mixture.m, strict=True
            )
        },
    }


def _lines(report: dict[str, Any], out: Path) -> str:
    return (
        f"share of one person's pairs {report['share']}, in truth {report['true_share']}; "
        f"m lies {report['mean_distance_of_m_from_truth']} from the truth on average\n"
        f"calibration: slope {report['calibration']['slope']}, "
        f"intercept {report['calibration']['intercept']}\n"
        f"written: {out / 'profile.toml'}, {out / 'estimate.json'}"
    )


if __name__ == "__main__":
    sys.exit(main())
