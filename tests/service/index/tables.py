"""What the tables of the SQL index hold, and persons to put into it."""

from __future__ import annotations

import random
from datetime import date

from sqlalchemy import select
from sqlmodel import Session, col

from matching.record import BirthDate, CaseKind, Contact, Name, PartialDate, PersonRecord, Sex
from matching.retrieval import IndexEntry
from matching.retrieval.terms import is_rare, rare_key
from service.index.models import IndexPosting, IndexRare, IndexTerm
from service.index.postings.repository import decode
from service.index.sql import SqlIndex

NAMES = ["Ahmad", "Selam", "Tesfay", "Linh", "Nguyen", "Arben", "Hoxha", "Dawit"]
Contents = dict[str | int, tuple[int, list[tuple[int, int]]]]


def seeded(seed: int) -> random.Random:
    return random.Random(seed)


def person(rng: random.Random) -> PersonRecord:
    name = " ".join(rng.sample(NAMES, rng.randint(1, 3)))
    born = date(2008, rng.randint(1, 12), rng.randint(2, 28)).isoformat()
    return PersonRecord(
        "r",
        CaseKind.MISSING,
        (Name.of(name),),
        (BirthDate(PartialDate.parse(born)),),
        rng.choice(list(Sex)),
        contacts=(Contact("phone", f"+49{rng.randint(1, 5)}"),),
    )


def contents(session: Session, generation: int) -> Contents:
    """Number of cases and the sorted pairs of every term in use, from the tables."""
    found: Contents = {}
    terms = session.scalars(select(IndexTerm).where(col(IndexTerm.generation) == generation))
    for term in terms:
        chunks = session.scalars(select(IndexPosting).where(col(IndexPosting.term_id) == term.id))
        pairs = decode(chunk.pairs for chunk in chunks)
        if len(pairs) or term.cases:
            found[term.term] = (term.cases, sorted(pairs.tolist()))
    rare = session.scalars(select(IndexRare).where(col(IndexRare.generation) == generation))
    for row in rare:
        _, held = found.get(row.key, (0, []))
        found[row.key] = (len(held) + 1, sorted([*held, (row.case_id, row.packed)]))
    return found


def expected(entries: dict[int, IndexEntry]) -> Contents:
    pairs: dict[str | int, list[tuple[int, int]]] = {}
    for entry in entries.values():
        for term in entry.terms:
            key = rare_key(term) if is_rare(term) else term
            pairs.setdefault(key, []).append((entry.case_id, entry.packed))
    return {term: (len(found), sorted(found)) for term, found in pairs.items()}


def active(session: Session) -> int:
    return SqlIndex(session).generation().number
