"""What a benchmark of retrieval asks of every contender, ours and rivals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from anyascii import anyascii

from matching.names.tokens import tokenize
from matching.record import PersonRecord, Precision, Sex
from matching.retrieval import IndexEntry


class Source(Protocol):
    """A collection as a contender loads it, as often as it needs."""

    def entries(self) -> Iterator[IndexEntry]:
        """What EMPD's index holds of every case."""

    def records(self) -> Iterator[tuple[int, PersonRecord]]:
        """Every case with its id."""

    def asked(self) -> Sequence[PersonRecord]:
        """What will be asked, for those that prepare cases and queries together."""


class Contender(Protocol):
    """One way to find candidates, loaded once and asked many times.

    Attributes:
        settings: What was chosen for it, in a line.
    """

    settings: str

    def build(self, source: Source) -> None:
        """Load the collection and make it searchable."""

    def ask(self, record: PersonRecord, exclude: frozenset[int], limit: int) -> Sequence[int]:
        """Case ids, best first, at most `limit`, none of them twice, none excluded."""

    def size_bytes(self) -> int:
        """Of what it keeps on disk; 0 where all is in memory."""

    def server_processes(self) -> Sequence[int]:
        """Ids of processes that work for it besides this one."""

    def close(self) -> None:
        """Stop and remove everything."""


@dataclass(frozen=True, slots=True)
class Person:
    """A case as a rival sees it: the same fields that EMPD is asked with.

    Attributes:
        names: In lower-case Latin letters, words in the order written.
        born: YYYYMMDD where the day is known, else empty.
        year: Of birth where one is known, else 0.
        sex: F, M or empty.
        nation: Two letters, or empty.
    """

    case_id: int
    names: tuple[str, ...]
    born: str
    year: int
    sex: str
    nation: str


def person(case_id: int, record: PersonRecord) -> Person:
    """What a rival gets of a record."""
    born, year = "", 0
    if record.births and record.births[0].date.precision is not Precision.RANGE:
        value = record.births[0].date
        year = value.earliest.year
        born = f"{value.earliest:%Y%m%d}" if value.precision is Precision.DAY else ""
    names = tuple(dict.fromkeys(plain(name.text) for name in record.names))
    sex = record.sex.value if record.sex in {Sex.FEMALE, Sex.MALE} else ""
    nation = record.nationalities[0] if record.nationalities else ""
    return Person(case_id, tuple(name for name in names if name), born, year, sex, nation)


def people(source: Source) -> Iterator[Person]:
    """Every case as a rival sees it."""
    return (person(case_id, record) for case_id, record in source.records())


@lru_cache(maxsize=200_000)
def plain(text: str) -> str:
    """A name in lower-case Latin letters by anyascii, its words apart by one blank."""
    return " ".join(word for token in tokenize(text) for word in tokenize(anyascii(token)))


def first_of_each(found: Iterable[int], exclude: frozenset[int], limit: int) -> list[int]:
    """Case ids without those excluded, each where it stands first: cases may have many names."""
    return [case for case in dict.fromkeys(found) if case not in exclude][:limit]
