"""Compare parents and companions by name."""

from __future__ import annotations

from matching.compare.names import compare_two
from matching.evidence import Evidence, Outcome, unsaid
from matching.names.parts import prepare
from matching.profile import Profile, TermFrequencies
from matching.record import Name, Person

MOST_RELATIVES = 12
KIN = frozenset({"father", "mother"})
"""Relations in which a person has one only, so that names can disagree."""
AGREE_BITS, CLOSE_BITS = 6.0, 2.0
"""Bits of a relative's name from which it agrees or comes close."""


def compare_relatives(
    left: Person, right: Person, profile: Profile, frequencies: TermFrequencies
) -> Evidence:
    """Names of parents and companions in the same relation.

    A father whose name is part of the person's own name on both sides is left
    out: it has spoken there already.
    """
    if not left.relatives and not right.relatives:
        return unsaid("relatives")
    ones, others = independent(left), independent(right)
    pairs = [
        compare_two(one, other, profile, frequencies)
        for relation, one in ones
        for other_relation, other in others
        if relation == other_relation
    ]
    if not pairs:
        values = (_list(ones), _list(others))
        return Evidence("relatives", Outcome.MISSING, 0.0, *values, "relatives.missing")
    best = max(pairs, key=lambda item: (item.weight, *sorted((item.left, item.right))))
    if best.weight >= AGREE_BITS:
        level, outcome, reason = "agree", Outcome.AGREE, "relatives.same"
    elif best.weight >= CLOSE_BITS:
        level, outcome, reason = "close", Outcome.CLOSE, "relatives.similar"
    elif any(relation in KIN for relation, _ in ones if relation in {r for r, _ in others}):
        level, outcome, reason = "disagree", Outcome.DISAGREE, "relatives.different"
    else:
        # Another companion says nothing about who the child is.
        values = (best.left, best.right)
        return Evidence("relatives", Outcome.NOT_COMPARABLE, 0.0, *values, "relatives.other")
    weight = profile.weight("relatives", level)
    return Evidence("relatives", outcome, weight, best.left, best.right, reason)


def independent(record: Person) -> list[tuple[str, Name]]:
    """Relations and names of those whose name does not speak in the person's own already."""
    relatives = record.relatives
    own = set[str]()
    if any(relative.relation == "father" for relative in relatives):
        own = {part.fold for name in record.names for part in prepare(name)}
    found = []
    for relative in relatives:
        is_father = relative.relation == "father"
        if not is_father or own.isdisjoint(part.fold for part in prepare(relative.name)):
            found.append((relative.relation, relative.name))
    return found[:MOST_RELATIVES]


def _list(relatives: list[tuple[str, Name]]) -> str:
    return ", ".join(name.text for _, name in relatives)
