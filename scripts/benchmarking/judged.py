"""The suite of judged names: which tool tells same names from different ones, by script."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources

from matching import Profile, compare_names
from scripts.benchmarking.peering import score_names

OURS_THRESHOLD = 0.0
"""Bits from which names speak for one person."""
NamePair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Judged:
    """A pair of names with its verdict."""

    group: str
    left: str
    right: str
    same: bool
    kind: str


@dataclass(frozen=True, slots=True)
class NameScores:
    """What a tool says of pairs of names."""

    tool: str
    version: str
    threshold: float
    values: list[float]
    seconds: float


NameTool = Callable[[Sequence[NamePair], Profile], NameScores]
"""Scores pairs of names; the profile is for EMPD alone."""


def judged_pairs() -> list[Judged]:
    """The project's own list, `fixtures/judged.csv`."""
    text = resources.files("fixtures").joinpath("judged.csv").read_text("utf-8")
    return [
        Judged(row["group"], row["left"], row["right"], row["verdict"] == "same", row["kind"])
        for row in csv.DictReader(text.splitlines())
    ]


def ours(pairs: Sequence[NamePair], profile: Profile) -> NameScores:
    """EMPD by the evidence of the names alone, every part uncommon."""
    started = time.perf_counter()
    values = [compare_names(left, right, profile).weight for left, right in pairs]
    seconds = time.perf_counter() - started
    return NameScores("empd", profile.id, OURS_THRESHOLD, values, seconds)


def peer(tool: str) -> NameTool:
    """A tool that runs in the peers' environment."""

    def score(pairs: Sequence[NamePair], _profile: Profile) -> NameScores:
        found = score_names(tool, pairs)
        return NameScores(tool, found.version, found.threshold, found.scores, found.seconds)

    return score


NAME_TOOLS: dict[str, NameTool] = {
    "empd": ours,
    **{name: peer(name) for name in ("nomenklatura_logic", "wratio", "jarowinkler")},
}
