"""Compare parents and companions by name, and events in time."""

from __future__ import annotations

from matching.compare.names import compare_two
from matching.evidence import Evidence, Outcome
from matching.names.parts import prepare
from matching.profile import Profile, TermFrequencies
from matching.record import Name, PersonRecord

_AGREE_BITS, _CLOSE_BITS = 6.0, 2.0
"""Bits of a relative's name from which it agrees or comes close."""
_BEFORE_DAYS = 30
"""An encounter this long before the disappearance is about somebody else, or an earlier journey."""


def compare_relatives(
    left: PersonRecord, right: PersonRecord, profile: Profile, frequencies: TermFrequencies
) -> Evidence:
    """Names of parents and companions in the same relation.

    A father whose name is part of the person's own name on both sides is left
    out: it has spoken there already.
    """
    ones, others = _independent(left), _independent(right)
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
    if best.weight >= _AGREE_BITS:
        level, outcome, reason = "agree", Outcome.AGREE, "relatives.same"
    elif best.weight >= _CLOSE_BITS:
        level, outcome, reason = "close", Outcome.CLOSE, "relatives.similar"
    else:
        level, outcome, reason = "disagree", Outcome.DISAGREE, "relatives.different"
    weight = profile.weight("relatives", level)
    return Evidence("relatives", outcome, weight, best.left, best.right, reason)


def _independent(record: PersonRecord) -> list[tuple[str, Name]]:
    own = {part.fold for name in record.names for part in prepare(name)}
    found = []
    for relative in record.relatives:
        folds = {part.fold for part in prepare(relative.name)}
        if relative.relation != "father" or not folds & own:
            found.append((relative.relation, relative.name))
    return found


def _list(relatives: list[tuple[str, Name]]) -> str:
    return ", ".join(name.text for _, name in relatives)


def compare_events(left: PersonRecord, right: PersonRecord, profile: Profile) -> Evidence:
    """Whether an encounter fits a disappearance in time."""
    gaps = [
        (lost.earliest - met.latest).days
        for lost_side, met_side in ((left, right), (right, left))
        for lost in (e.date for e in lost_side.events if e.kind == "disappearance" and e.date)
        for met in (e.date for e in met_side.events if e.kind == "encounter" and e.date)
    ]
    if not gaps:
        return Evidence("events", Outcome.MISSING, 0.0, reason="events.missing")
    possible = min(gaps) <= _BEFORE_DAYS
    level = "possible" if possible else "impossible"
    outcome = Outcome.AGREE if possible else Outcome.DISAGREE
    return Evidence("events", outcome, profile.weight("events", level), reason=f"events.{level}")
