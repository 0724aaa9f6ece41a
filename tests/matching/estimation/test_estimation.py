"""EM finds what made the data, calibration says what is true, proposals keep the rest."""

from __future__ import annotations

from importlib import resources

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import TermFrequencies, load_profile
from matching.bulk.scorer import RecordTable
from matching.estimation.calibration import platt
from matching.estimation.mixture import fit, frequencies
from matching.estimation.patterns import Patterns, patterns
from matching.estimation.proposal import LEAST_M, from_mixture, with_calibration, with_levels
from matching.estimation.verdicts import changed, posterior_m
from matching.evaluation.metrics import calibration
from matching.profile import parse_profile
from scripts.benchmarking.offers import offer
from scripts.benchmarking.sets import population
from scripts.estimate import estimate_from

PROFILE = load_profile()
NAMES = ("name", "born", "nationality", "mark")
TRUE_M = ([0.1, 0.2, 0.7], [0.1, 0.9], [0.05, 0.95], [0.2, 0.8])
STRANGERS = ([0.7, 0.2, 0.1], [0.9, 0.1], [0.95, 0.05], [0.9, 0.1])
OF_ORIGIN = ([0.6, 0.3, 0.1], [0.85, 0.15], [0.05, 0.95], [0.9, 0.1])
SHARES = (0.03, 0.4, 0.57)


def drawn(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Levels of pairs drawn from three classes, and the class of each."""
    rng = np.random.default_rng(5)
    classes = rng.choice(3, size, p=SHARES)
    codes = np.empty((size, len(NAMES)), dtype=np.int64)
    for number, levels in enumerate((TRUE_M, OF_ORIGIN, STRANGERS)):
        here = np.flatnonzero(classes == number)
        for field, chances in enumerate(levels):
            codes[here, field] = rng.choice(len(chances), len(here), p=chances)
    codes[rng.random(codes.shape) < 0.1] = -1
    return codes, classes


def test_three_classes_are_told_apart_without_labels() -> None:
    codes, classes = drawn(60_000)
    start = tuple(
        np.array([1.0, 2.0, 4.0][-len(m) :]) / sum([1.0, 2.0, 4.0][-len(m) :]) for m in TRUE_M
    )
    found = fit(codes, NAMES, start)
    assert found.shares[0] == pytest.approx(SHARES[0], abs=0.02)
    for estimated, true in zip(found.m, TRUE_M, strict=True):
        assert np.abs(estimated - true).max() < 0.12
    said = found.probabilities(codes)
    assert said[classes == 0].mean() > 10 * said[classes != 0].mean()
    again = fit(codes, NAMES, start)
    assert np.array_equal(again.m[0], found.m[0])


def test_m_of_the_population_is_found_without_its_truth() -> None:
    estimate = estimate_from(offer(population(1_500, 12)), PROFILE)
    assert estimate.mixture.shares[0] == pytest.approx(estimate.true_share, rel=0.5)
    assert estimate.distance < 0.08


@given(st.lists(st.tuples(st.integers(-1, 2), st.integers(-1, 1)), max_size=40))
def test_frequencies_are_probabilities(rows: list[tuple[int, int]]) -> None:
    codes = np.array(rows, dtype=np.int64).reshape(-1, 2)
    for found in frequencies(codes, [3, 2]):
        assert found.sum() == pytest.approx(1.0)
        assert (found > 0).all()


def labelled(size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    bits = rng.normal(-3, 5, size)
    return bits, rng.random(size) < 1 / (1 + np.exp(-(0.5 * bits - 1)))


def test_calibration_holds_on_other_data() -> None:
    bits, matches = labelled(20_000, 1)
    other, truth = labelled(20_000, 2)
    logistic = platt(bits, matches.tolist())
    assert logistic.slope == pytest.approx(0.5, abs=0.05)
    assert logistic.intercept == pytest.approx(-1, abs=0.1)
    said = logistic.probabilities(other)
    assert calibration(said.tolist(), truth.tolist())[1] < 0.02


@settings(deadline=None, max_examples=60)
@given(st.floats(0.1, 2), st.floats(-6, 6), st.floats(-30, 30), st.integers(0, 99))
def test_calibration_converges_wherever_the_weights_lie(
    slope: float, at: float, shift: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    bits = rng.normal(at, 6, 4_000)
    matches = rng.random(4_000) < 1 / (1 + np.exp(-slope * (bits - at)))
    found = platt(bits + shift, matches.tolist())
    assert found.slope == pytest.approx(slope, rel=0.3)
    said = found.probabilities(bits + shift)
    assert said.mean() == pytest.approx(matches.mean(), abs=0.02)


def test_calibration_needs_both_kinds() -> None:
    with pytest.raises(ValueError, match="one person and of two"):
        platt([1.0, 2.0], [True, True])
    with pytest.raises(ValueError, match="rising"):
        platt([1.0, 2.0, 3.0, 4.0], [True, True, False, False])


def confirmed(levels: list[int]) -> Patterns:
    return Patterns({"sex": ("disagree", "close", "agree")}, np.array(levels).reshape(-1, 1))


def test_few_verdicts_move_m_little_and_many_decide() -> None:
    before = PROFILE.m["sex.disagree"]
    few = posterior_m(confirmed([0] * 5), PROFILE)["sex"]["disagree"]
    many = posterior_m(confirmed([0] * 5_000), PROFILE)["sex"]["disagree"]
    assert before < few < 0.2
    assert many > 0.9
    assert posterior_m(confirmed([-1] * 5), PROFILE)["sex"]["disagree"] == pytest.approx(before)
    assert changed({"sex": {"agree": 0.5, "disagree": before}}, PROFILE)[0][0] == "sex.agree"


def test_a_proposal_changes_levels_only_and_says_where_it_comes_from() -> None:
    labelled_set = population(300, 5)
    offered = offer(labelled_set)
    table = RecordTable(offered.records, PROFILE, TermFrequencies.empty())
    found = patterns(table, offered.left, offered.right)
    mixture = fit(found.codes, list(found.fields), frequencies(found.codes, found.sizes))
    levels = from_mixture(mixture, found.fields, PROFILE, ["language", "height"])
    assert set(levels) == {"language", "height"}
    assert all(item["m"] >= LEAST_M for field in levels.values() for item in field.values())
    source = resources.files("matching.profiles").joinpath("default.toml").read_text("utf-8")
    text = with_levels(source, levels, name="proposed", provenance="a test")
    proposed = parse_profile(text.encode())
    same = {n: w for n, w in PROFILE.weights.items() if n.split(".")[0] not in levels}
    assert {name: proposed.weights[name] for name in same} == same
    assert 'provenance = "a test"' in text
    assert text.count("#") == source[source.index("name = ") :].count("#")
    again = parse_profile(with_calibration(text, 0.6, -1.5).encode())
    assert (again.slope, again.intercept) == (0.6, -1.5)
