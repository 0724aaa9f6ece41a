"""SQLite's full-text search with its trigram tokenizer, ranked by bm25."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from matching.record import PersonRecord
from scripts.benchmarking.rivals.base import Person, Source, first_of_each, people, person

INNER = 4_000
"""Names taken by bm25 before birth, sex and nationality are added: the order of names alone
puts most true ones within them, and looking at all that share a trigram takes seconds."""
SAME_DAY, SAME_YEAR, OTHER_SEX, SAME_NATION = 8.0, 2.0, -3.0, 2.5
"""Added to bm25, whose values for names are of this size."""
_BATCH = 10_000
_OVERSHOOT = 2
"""Names fetched for each candidate asked for: a case may have several."""
_SCHEMA = """
CREATE VIRTUAL TABLE names USING fts5(name, tokenize='trigram', detail='full');
CREATE TABLE persons (
 id INTEGER PRIMARY KEY, case_id INT, born TEXT, year INT, sex TEXT, nation TEXT);
"""
_BY_NAME = """
SELECT persons.case_id FROM
 (SELECT rowid AS id, rank FROM names WHERE names MATCH ? ORDER BY rank LIMIT ?) AS found
 JOIN persons USING (id) ORDER BY found.rank, persons.case_id LIMIT ?"""
_WITH_ATTRIBUTES = f"""
SELECT persons.case_id FROM
 (SELECT rowid AS id, rank FROM names WHERE names MATCH :match ORDER BY rank LIMIT {INNER}) AS found
 JOIN persons USING (id) ORDER BY found.rank
 - CASE WHEN :born <> '' AND born = :born THEN {SAME_DAY}
        WHEN :year > 0 AND year = :year THEN {SAME_YEAR} ELSE 0 END
 - CASE WHEN :sex <> '' AND sex <> '' AND sex <> :sex THEN {OTHER_SEX} ELSE 0 END
 - CASE WHEN :nation <> '' AND nation = :nation THEN {SAME_NATION} ELSE 0 END,
 persons.case_id LIMIT :limit"""  # noqa: S608 - numbers of our own


class FtsTrigram:
    """Any trigram of the name may match; bm25 orders."""

    def __init__(self, folder: Path, *, with_attributes: bool) -> None:
        self._with_attributes = with_attributes
        self._path = folder / "fts.sqlite3"
        self._connection = sqlite3.connect(self._path)
        beside = (
            f"the best {INNER} ordered again by birth, sex and nationality"
            if with_attributes
            else "names alone"
        )
        self.settings = f"FTS5 trigram, any trigram, bm25, {beside}"

    def build(self, source: Source) -> None:
        """One row a name, then merge the segments."""
        self._connection.executescript(_SCHEMA)
        batch: list[tuple[int, str, Person]] = []
        for number, (name, case) in enumerate(_rows(source), 1):
            batch.append((number, name, case))
            if len(batch) == _BATCH:
                self._insert(batch)
                batch.clear()
        self._insert(batch)
        self._connection.execute("INSERT INTO names(names) VALUES ('optimize')")
        self._connection.commit()

    def _insert(self, batch: Sequence[tuple[int, str, Person]]) -> None:
        self._connection.executemany(
            "INSERT INTO names(rowid, name) VALUES (?, ?)", [(n, name) for n, name, _ in batch]
        )
        self._connection.executemany(
            "INSERT INTO persons VALUES (?, ?, ?, ?, ?, ?)",
            [(n, p.case_id, p.born, p.year, p.sex, p.nation) for n, _, p in batch],
        )

    def ask(self, record: PersonRecord, exclude: frozenset[int], limit: int) -> Sequence[int]:
        """By names; without a name of three letters there is nothing to match."""
        asked = person(0, record)
        grams = sorted({name[i : i + 3] for name in asked.names for i in range(len(name) - 2)})
        if not grams:
            return []
        match = " OR ".join(f'"{gram}"' for gram in grams)
        fetched = _OVERSHOOT * limit + len(exclude)
        if self._with_attributes:
            values = {
                "match": match, "born": asked.born, "year": asked.year, "sex": asked.sex,
                "nation": asked.nation, "limit": fetched,
            }  # fmt: skip
            rows = self._connection.execute(_WITH_ATTRIBUTES, values)
        else:
            rows = self._connection.execute(_BY_NAME, (match, fetched, fetched))
        return first_of_each((case_id for (case_id,) in rows), exclude, limit)

    def size_bytes(self) -> int:
        """Of the file."""
        return self._path.stat().st_size

    def server_processes(self) -> Sequence[int]:
        """None."""
        return ()

    def close(self) -> None:
        """The folder goes with the trial."""
        self._connection.close()


def _rows(source: Source) -> Iterator[tuple[str, Person]]:
    return ((name, case) for case in people(source) for name in case.names)


by_names = partial(FtsTrigram, with_attributes=False)
with_attributes = partial(FtsTrigram, with_attributes=True)
