"""A large synthetic collection, made once and kept on disk for every contender.

Example:
    collection = prepare(Path("var/retrieval"), size=200_000, seed=11)
    for entry in collection.entries(): ...
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from collections.abc import Collection as Ids
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from fixtures.population import VERSION, SyntheticCase, generate
from matching.names.parts import prepare as name_parts
from matching.record import PersonRecord
from matching.retrieval import IndexEntry, index_entry
from scripts.benchmarking.retrieval.blocks import (
    packed_alone,
    packed_block,
    packed_blocks,
    read_blocks,
    unpacked,
    unpacked_alone,
)
from scripts.benchmarking.sets import case_record
from service.collecting import seldom_collected
from service.errors import BadInput
from service.forking import in_order

ROOT = Path(__file__).resolve().parent.parent.parent.parent
BLOCK = 1_000
"""Cases in a block: some hundred kilobytes at once in memory."""
_RECORD_SOURCES = ("matching/record.py", "service/cases/claims.py")
_ENTRY_SOURCES = (
    "matching/retrieval/terms.py", "matching/retrieval/attributes.py", "matching/names"
)  # fmt: skip
"""What decides how a record and its entry look: when it changes, so does the name of the file."""

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
_console = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class StoredCase:
    """A case of the collection with what only the generator knows."""

    case_id: int
    record: PersonRecord
    person: int
    culture: str
    script: str
    corruptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Collection:
    """Cases numbered from 1, as often as needed; what an import refuses leaves a gap.

    Attributes:
        folder: Where it is kept.
        size: Cases in it.
        seed: Of the population.
    """

    folder: Path
    size: int
    seed: int

    @property
    def persons(self) -> IntArray:
        """Number of the person of each case, shape (size,); below 0 where an import refuses it."""
        return self._column("persons")

    @property
    def named(self) -> BoolArray:
        """Whether each case has a name, shape (size,)."""
        return self._column("named").astype(bool)

    def cases(self, wanted: Ids[int] | None = None) -> Iterator[StoredCase]:
        """All cases, or those with the ids wanted, in order."""
        chosen = None if wanted is None else frozenset(wanted)
        blocks = chosen and frozenset((case_id - 1) // BLOCK for case_id in chosen)
        for _, block in read_blocks(self.folder / "cases", blocks):
            for case_id, data in block:
                if chosen is None or case_id in chosen:
                    yield unpacked_alone(data)

    def entries(self) -> Iterator[IndexEntry]:
        """What an index of candidates holds of every case, in order."""
        for _, block in read_blocks(self.folder / self.prepare_entries()):
            yield from block

    def prepare_entries(self) -> str:
        """Make the file of entries if it is not there yet; its name."""
        kind = f"entries-{_digest(_ENTRY_SOURCES)}"
        if not (self.folder / f"{kind}.done").exists():
            self._write_entries(kind)
        return kind

    def _write_entries(self, kind: str) -> None:
        blocks = packed_blocks(self.folder / "cases")
        with (
            (self.folder / kind).open("wb") as file,
            _progress(f"index entries of {self.size:,} cases", self.size) as advance,
        ):
            for data, count in in_order(_entries, blocks):
                file.write(data)
                advance(count)
        (self.folder / f"{kind}.done").touch()

    def _column(self, name: str) -> IntArray:
        column: IntArray = np.load(self.folder / f"{name}.npy")
        return column


def prepare(root: Path, size: int, seed: int) -> Collection:
    """The collection of this size and seed, made if it is not there yet."""
    folder = root / f"{size}-{seed}-v{VERSION}-{_digest(_RECORD_SOURCES)}"
    folder.mkdir(parents=True, exist_ok=True)
    collection = Collection(folder, size, seed)
    if not (folder / "cases.done").exists():
        _write_cases(collection)
    return collection


def _write_cases(collection: Collection) -> None:
    """One process makes the population, for its draws follow one another; the others read it in."""
    persons: list[int] = []
    named: list[bool] = []
    with (
        seldom_collected(),
        (collection.folder / "cases").open("wb") as file,
        _progress(f"a population of {collection.size:,} cases", collection.size) as advance,
    ):
        cases = enumerate(generate(collection.size, collection.seed), 1)
        for found in in_order(_read_in, _shares(cases)):
            file.write(found.data)
            persons.extend(found.persons)
            named.extend(found.named)
            advance(len(found.persons))
    np.save(collection.folder / "persons.npy", np.array(persons, dtype=np.int64))
    np.save(collection.folder / "named.npy", np.array(named, dtype=np.int64))
    (collection.folder / "cases.done").touch()


def _shares(items: Iterator[Any]) -> Iterator[list[Any]]:
    while share := list(islice(items, BLOCK)):
        yield share


@dataclass(frozen=True, slots=True)
class _ReadIn:
    """A block of cases, packed, and what is known of each."""

    data: bytes
    persons: list[int]
    named: list[bool]


def _read_in(share: list[tuple[int, SyntheticCase]]) -> _ReadIn:
    stored = [(number, _stored(number, case)) for number, case in share]
    return _ReadIn(
        # Each alone: questions want a few cases of nearly every block.
        packed_block([(n, packed_alone(case)) for n, case in stored if case is not None]),
        [-number if case is None else case.person for number, case in stored],
        [case is not None and _has_name(case.record) for _, case in stored],
    )


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=_console) as progress:
        task = progress.add_task(what, total=total)
        yield lambda more: progress.advance(task, more)


def _stored(number: int, case: SyntheticCase) -> StoredCase | None:
    """The case, or None where an import would refuse it for a date that cannot be."""
    truth = case.truth
    try:
        record = case_record(case)
    except BadInput:
        return None
    person = int(truth.person_id.lstrip("P"))
    return StoredCase(number, record, person, truth.culture, truth.script, truth.corruptions)


def _has_name(record: PersonRecord) -> bool:
    return any(name_parts(name) for name in record.names)


def _entries(data: bytes) -> tuple[bytes, int]:
    block: list[StoredCase] = [unpacked_alone(case) for _, case in unpacked(data)]
    return packed_block([index_entry(case.case_id, case.record) for case in block]), len(block)


def _digest(sources: tuple[str, ...]) -> str:
    """Eight hexadecimal digits of the text of source files, of folders with all they hold."""
    digest = hashlib.blake2b(digest_size=4)
    for source in sources:
        files = [ROOT / source] if source.endswith(".py") else (ROOT / source).glob("**/*.py")
        for path in sorted(files):
            digest.update(path.read_bytes())
    return digest.hexdigest()
