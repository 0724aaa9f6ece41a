"""The assessment rule as data: every combination at its boundary; unknown is not no."""

from __future__ import annotations

import pytest

from service.risk.indicators import LISTS, Answer, Finding, load_list

LABOUR = load_list("ilo-child-labour")
COERCION = next(item for item in LABOUR.dimension if item.code == "D5")
EXPLOITATION = next(item for item in LABOUR.dimension if item.code == "D4")


def answers(strong: int, medium: int, rest: Answer = Answer.NO) -> dict[str, Answer]:
    left = {"strong": strong, "medium": medium, "weak": 0}
    given = {}
    for item in COERCION.indicators:
        given[item.code] = Answer.YES if left[item.strength] > 0 else rest
        left[item.strength] -= 1
    return given


@pytest.mark.parametrize(
    ("strong", "medium", "positive"),
    [(0, 0, False), (1, 0, False), (0, 2, False), (2, 0, True), (1, 1, True), (0, 3, True)],
)
def test_the_rule_at_its_boundaries(strong: int, medium: int, positive: bool) -> None:
    expected = Finding.POSITIVE if positive else Finding.NOT_POSITIVE
    assert LABOUR.finding(COERCION, answers(strong, medium)) is expected


def test_unknown_is_not_no() -> None:
    assert LABOUR.finding(COERCION, answers(1, 0, Answer.UNKNOWN)) is Finding.INSUFFICIENT
    assert LABOUR.finding(COERCION, {}) is Finding.INSUFFICIENT


def test_for_a_child_means_are_not_needed_and_not_enough() -> None:
    findings = {item.code: Finding.NOT_POSITIVE for item in LABOUR.dimension}
    assert LABOUR.overall({**findings, "D4": Finding.POSITIVE}) is Finding.POSITIVE
    assert LABOUR.overall({**findings, "D1": Finding.POSITIVE}) is Finding.NOT_POSITIVE


def test_the_counts_of_the_published_list() -> None:
    strengths = [item.strength for item in LABOUR.indicators().values()]
    assert (strengths.count("strong"), strengths.count("medium"), len(strengths)) == (15, 50, 65)
    assert [item.strength for item in EXPLOITATION.indicators].count("strong") == 1


def test_no_list_scores_origin_or_belief_of_the_child() -> None:
    for list_id in LISTS:
        codes = " ".join(load_list(list_id).indicators())
        assert not {"nationality", "ethnicity", "religion"} & set(codes.split("."))
