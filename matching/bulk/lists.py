"""Compare lists of names, raw strings or structured ones, for evaluators and other programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from matching.bulk.names import NameTable
from matching.bulk.sounds import FloatArray
from matching.bulk.spoken import Spoken
from matching.profile import Profile, TermFrequencies
from matching.record import Name


def name_weights(
    queries: Sequence[str | Name],
    names: Sequence[str | Name],
    profile: Profile,
    frequencies: TermFrequencies | None = None,
) -> FloatArray:
    """Compare every query with every name, raw strings of any script or structured names.

    Args:
        queries: Names to look for.
        names: Names to look among.
        profile: Settings and bits.
        frequencies: How common each folded part is; without it every part counts as uncommon.

    Returns:
        Bits as `compare_names` gives them, shape (queries, names); 0 where either
        side holds no letter.
    """
    if frequencies is None:
        table = _table(tuple(names), _Keyed(profile.id, profile))
    else:
        table = NameTable(Spoken.of(_structured(names)), profile, frequencies)
    found = np.zeros((len(queries), len(names)))
    for place, query in enumerate(queries):
        one = Name.of(query) if isinstance(query, str) else query
        own = NameTable(Spoken.of((one,)), profile, frequencies or TermFrequencies.empty())
        found[place] = own.against_all(table).bits
    return found


@dataclass(frozen=True, slots=True)
class _Keyed:
    """A profile that a cache may tell apart: its id is a hash of its content."""

    id: str
    profile: Profile = field(compare=False)


@lru_cache(maxsize=2)
def _table(names: tuple[str | Name, ...], keyed: _Keyed) -> NameTable:
    """Evaluators ask the same list again and again: its preparation is kept."""
    return NameTable(Spoken.of(_structured(names)), keyed.profile, TermFrequencies.empty())


def _structured(names: Sequence[str | Name]) -> tuple[Name, ...]:
    return tuple(Name.of(name) if isinstance(name, str) else name for name in names)
