"""What an index of candidates must hold and ask for, the same for every adapter.

Fuzziness is resolved once per query part on the vocabulary of folded parts, by
consonant skeletons and one-letter deletes; the exact postings of what was found
are then fetched. Date of birth, sex and nationality are scored during retrieval.
"""

from matching.retrieval.expansion import TermGroup, exact_groups, expand, likely_parts
from matching.retrieval.inverted import InvertedFile
from matching.retrieval.ranking import Ranked, Tally, candidates_wanted
from matching.retrieval.terms import (
    NAME,
    SCHEMA,
    IndexEntry,
    IndexQuery,
    index_entry,
    index_query,
    vocabulary_keys,
)

__all__ = [
    "NAME",
    "SCHEMA",
    "IndexEntry",
    "IndexQuery",
    "InvertedFile",
    "Ranked",
    "Tally",
    "TermGroup",
    "candidates_wanted",
    "exact_groups",
    "expand",
    "index_entry",
    "index_query",
    "likely_parts",
    "vocabulary_keys",
]
