"""A large synthetic collection, made once and kept on disk for every contender.

Example:
    collection = prepare(Path("var/retrieval"), size=200_000, seed=11)
    for entry in collection.entries(): ...
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Callable, Iterator
from collections.abc import Collection as Ids
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import zip_longest
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console

from fixtures.population import VERSION, SyntheticCase, generate
from matching.names.parts import prepare as name_parts
from matching.record import PersonRecord
from matching.retrieval import IndexEntry, index_entry
from scripts.benchmarking.retrieval.blocks import read_blocks, write_block
from scripts.benchmarking.sets import case_record
from service.errors import BadInput

ROOT = Path(__file__).resolve().parent.parent.parent.parent
BLOCK = 1_000
"""Cases in a block: some hundred kilobytes at once in memory."""
WORKERS = 2
"""Each makes the whole population, which is cheap, and reads in every other block of it."""
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
        """All cases in order, or those with the ids wanted in some order."""
        chosen = None if wanted is None else frozenset(wanted)
        for case in self._items("cases", chosen):
            if chosen is None or case.case_id in chosen:
                yield case

    def entries(self) -> Iterator[IndexEntry]:
        """What an index of candidates holds of every case, in order."""
        yield from self._items(self.prepare_entries(), None)

    def prepare_entries(self) -> str:
        """Make the file of entries if it is not there yet; its name."""
        kind = f"entries-{_digest(_ENTRY_SOURCES)}"
        if not (self.folder / f"{kind}.done").exists():
            _console.print(f"index entries of {self.size:,} cases ...")
            _in_parts(_write_entries, self, kind)
        return kind

    def _items(self, kind: str, wanted: frozenset[int] | None) -> Iterator[Any]:
        """Items of the two parts by turns: that is how their blocks were dealt out."""
        parts = [
            read_blocks(self.folder / f"{kind}.{part}", _blocks_of(wanted, part))
            for part in range(WORKERS)
        ]
        for found in zip_longest(*parts):
            for block in found:
                yield from block[1] if block else ()

    def _column(self, name: str) -> IntArray:
        parts = [np.load(self.folder / f"{name}.{part}.npy") for part in range(WORKERS)]
        column = np.zeros(self.size, dtype=np.int64)
        block = np.arange(self.size) // BLOCK
        for part, values in enumerate(parts):
            column[block % WORKERS == part] = values
        return column


def _blocks_of(wanted: frozenset[int] | None, part: int) -> frozenset[int] | None:
    """Which blocks of a part hold the cases wanted."""
    if wanted is None:
        return None
    blocks = {(case_id - 1) // BLOCK for case_id in wanted}
    return frozenset(block // WORKERS for block in blocks if block % WORKERS == part)


def prepare(root: Path, size: int, seed: int) -> Collection:
    """The collection of this size and seed, made if it is not there yet."""
    folder = root / f"{size}-{seed}-v{VERSION}-{_digest(_RECORD_SOURCES)}"
    folder.mkdir(parents=True, exist_ok=True)
    collection = Collection(folder, size, seed)
    if not (folder / "cases.done").exists():
        _console.print(f"a population of {size:,} cases ...")
        _in_parts(_write_cases, collection, "cases")
    return collection


def _in_parts(write: Callable[[Collection, str, int], None], of: Collection, kind: str) -> None:
    """Let every worker write its part, and note that it is whole."""
    # Millions of lasting objects and no cycles: looking for cycles takes most of the time.
    with ProcessPoolExecutor(WORKERS, get_context("spawn"), gc.disable) as pool:
        waiting = [pool.submit(write, of, kind, part) for part in range(WORKERS)]
        for part in waiting:
            part.result()
    (of.folder / f"{kind}.done").touch()


def _write_cases(collection: Collection, kind: str, part: int) -> None:
    persons: list[int] = []
    named: list[bool] = []
    with (collection.folder / f"{kind}.{part}").open("wb") as file:
        held: list[StoredCase] = []
        for number, case in enumerate(generate(collection.size, collection.seed), 1):
            if ((number - 1) // BLOCK) % WORKERS != part:
                continue
            stored = _stored(number, case)
            if stored is not None:
                held.append(stored)
            persons.append(stored.person if stored else -number)
            named.append(stored is not None and _has_name(stored.record))
            if number % BLOCK == 0 or number == collection.size:
                write_block(file, held)
                held.clear()
    np.save(collection.folder / f"persons.{part}.npy", np.array(persons, dtype=np.int64))
    np.save(collection.folder / f"named.{part}.npy", np.array(named, dtype=np.int64))


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


def _write_entries(collection: Collection, kind: str, part: int) -> None:
    with (collection.folder / f"{kind}.{part}").open("wb") as file:
        for _, block in read_blocks(collection.folder / f"cases.{part}"):
            write_block(file, [index_entry(case.case_id, case.record) for case in block])


def _digest(sources: tuple[str, ...]) -> str:
    """Eight hexadecimal digits of the text of source files, of folders with all they hold."""
    digest = hashlib.blake2b(digest_size=4)
    for source in sources:
        files = [ROOT / source] if source.endswith(".py") else (ROOT / source).glob("**/*.py")
        for path in sorted(files):
            digest.update(path.read_bytes())
    return digest.hexdigest()
