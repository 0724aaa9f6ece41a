"""Splink as its tutorial sets it up: the comparison library's stock levels, EM without labels."""

from __future__ import annotations

import splink.comparison_library as cl
from splink import SettingsCreator, block_on

from scripts.benchmarking.peers.inputs import Pair, Record, Scored
from scripts.benchmarking.peers.splink_common import base_row, make_linker, scored

RECALL = 0.3
"""Of the deterministic rules, guessed as the tutorial asks."""
MAX_PAIRS = 5e6


def score(records: list[Record], pairs: list[Pair], seed: int) -> Scored:
    """Match weights of the stock model."""
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.NameComparison("given"),
            cl.NameComparison("family"),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.ExactMatch("sex"),
            cl.ExactMatch("nationality").configure(term_frequency_adjustments=True),
            cl.ExactMatch("place").configure(term_frequency_adjustments=True),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.ExactMatch("phone"),
            cl.ExactMatch("document"),
        ],
        blocking_rules_to_generate_predictions=[block_on("dob"), block_on("given", "family")],
        retain_matching_columns=False,
    )
    linker = make_linker((base_row(record) for record in records), settings)
    linker.training.estimate_probability_two_random_records_match(
        [block_on("given", "family", "dob"), block_on("document")], recall=RECALL
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=MAX_PAIRS, seed=seed)
    for rule in (block_on("given", "family"), block_on("dob")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    return scored(
        linker,
        pairs,
        "stock levels on ASCII names, first date, sex, nationality, places, phone, document; "
        f"u by sampling, m by EM on names and on dates; rules' recall {RECALL}",
    )
