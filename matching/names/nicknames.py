"""Pet forms and foreign forms of given names: Sasha and Alexander, Ivan and John."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from matching.names.folding import fold

_NONE: frozenset[int] = frozenset()


def nickname_groups(folded: str) -> frozenset[int]:
    """The groups of forms to which a folded part belongs; empty for most.

    Args:
        folded: As `fold` gives it.
    """
    return _groups().get(folded, _NONE)


@cache
def _groups() -> dict[str, frozenset[int]]:
    text = resources.files("matching.names").joinpath("nicknames.toml").read_text(encoding="utf-8")
    found: dict[str, set[int]] = {}
    for number, line in enumerate(tomllib.loads(text)["groups"]):
        for form in line.split():
            found.setdefault(fold(form), set()).add(number)
    return {folded: frozenset(groups) for folded, groups in found.items()}
