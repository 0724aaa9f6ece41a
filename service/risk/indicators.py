"""Indicator lists as data, and the rule by which answers become an assessment."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict

LISTS = ("ilo-child-labour", "early-warning")
_HASH_DIGITS = 12


class Answer(StrEnum):
    """An answer to an indicator; unknown is not no."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Finding(StrEnum):
    """What the answers of a dimension, or a whole list, amount to. Never a verdict."""

    POSITIVE = "positive"
    NOT_POSITIVE = "not_positive"
    INSUFFICIENT = "insufficient_data"


Strength = Literal["strong", "medium", "weak"]


class Indicator(BaseModel):
    """One indicator with its strength; `base` says where the sign is attested."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    strength: Strength
    text: str
    base: str = ""
    computed: bool = False


class Rule(BaseModel):
    """One combination that makes a dimension positive; `others` are medium or weak."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    strong: int = 0
    medium: int = 0
    weak: int = 0
    others: int = 0

    def met(self, counts: Mapping[Strength, int]) -> bool:
        """Whether so many answers of each strength meet the combination.

        A stronger answer may stand in for a weaker one.
        """
        strong, medium, weak = counts["strong"], counts["medium"], counts["weak"]
        if self.others:
            return strong >= self.strong and strong + medium + weak >= self.strong + self.others
        return (
            strong >= self.strong
            and strong + medium >= self.strong + self.medium
            and strong + medium + weak >= self.strong + self.medium + self.weak
        )


class Dimension(BaseModel):
    """Indicators that are assessed together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    title: str
    role: Literal["means", "exploitation", "coercion", "vulnerability", "warning"]
    indicators: tuple[Indicator, ...]


class IndicatorList(BaseModel):
    """A list with its source and rule."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    title: str
    source: str
    source_status: str
    rule: tuple[Rule, ...]
    dimension: tuple[Dimension, ...]
    version: str = ""

    def indicators(self) -> dict[str, Indicator]:
        """Indicators by code."""
        return {item.code: item for part in self.dimension for item in part.indicators}

    def finding(self, dimension: Dimension, answers: Mapping[str, Answer]) -> Finding:
        """What the answers of one dimension amount to.

        Args:
            dimension: One of the list's own.
            answers: By indicator code; those left out are unknown.
        """
        counts = _counts(dimension, answers, {Answer.YES})
        if self._positive(counts):
            return Finding.POSITIVE
        # Were every unknown a yes: if even that is not enough, the data suffice to say so.
        at_most = _counts(dimension, answers, {Answer.YES, Answer.UNKNOWN})
        return Finding.INSUFFICIENT if self._positive(at_most) else Finding.NOT_POSITIVE

    def _positive(self, counts: Mapping[Strength, int]) -> bool:
        return any(rule.met(counts) for rule in self.rule)

    def overall(self, findings: Mapping[str, Finding]) -> Finding:
        """The finding on a child: act and exploitation suffice, means are further evidence.

        Palermo Protocol Article 3(c): for a child no means need be shown.
        """
        deciding = [d for d in self.dimension if d.role in {"exploitation", "warning"}]
        found = {findings[dimension.code] for dimension in deciding}
        if Finding.POSITIVE in found:
            return Finding.POSITIVE
        return Finding.INSUFFICIENT if Finding.INSUFFICIENT in found else Finding.NOT_POSITIVE


def _counts(
    dimension: Dimension, answers: Mapping[str, Answer], counted: set[Answer]
) -> dict[Strength, int]:
    counts: dict[Strength, int] = {"strong": 0, "medium": 0, "weak": 0}
    for indicator in dimension.indicators:
        if answers.get(indicator.code, Answer.UNKNOWN) in counted:
            counts[indicator.strength] += 1
    return counts


@cache
def load_list(list_id: str) -> IndicatorList:
    """Load a list that ships with EMPD; its version is a hash of its content.

    Raises:
        KeyError: If there is none of this id.
    """
    if list_id not in LISTS:
        raise KeyError(list_id)
    data = resources.files("service.risk.matrix").joinpath(f"{list_id}.toml").read_bytes()
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()[:_HASH_DIGITS]
    body = tomllib.loads(data.decode("utf-8"))
    return IndicatorList.model_validate({**body, "version": f"{list_id}@{digest}"})
