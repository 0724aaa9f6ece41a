"""Record linkage for persons: records in, scored and explained pairs out; a pure library."""

from __future__ import annotations

from matching.bulk.lists import name_weights
from matching.compare.names import compare_names
from matching.evidence import Assessment, Band, Evidence, Outcome
from matching.explain import explain
from matching.profile import Profile, TermFrequencies, load_profile
from matching.record import (
    BirthDate,
    CaseKind,
    Name,
    NamePart,
    PartialDate,
    PersonRecord,
    Sex,
)
from matching.retrieval import index_entry, index_query
from matching.scorer import assess

__all__ = [
    "Assessment",
    "Band",
    "BirthDate",
    "CaseKind",
    "Evidence",
    "Name",
    "NamePart",
    "Outcome",
    "PartialDate",
    "PersonRecord",
    "Profile",
    "Sex",
    "TermFrequencies",
    "assess",
    "compare_names",
    "explain",
    "index_entry",
    "index_query",
    "load_profile",
    "name_weights",
]
