"""Searches and registrations drawn from the collection's own rows, with slips; same seed, same."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from fixtures.population.slips import typo

Json = dict[str, Any]

SLIP_IN_NAME, SLIP_IN_DATE, WITHOUT_DATE = 0.6, 0.25, 0.1
"""Shares of questions with a mistyped name, a wrong date of birth, and none."""
MOST_ROWS = 200_000
"""Rows read to draw from: enough that no search is asked twice by chance."""


def read_rows(path: Path) -> list[Json]:
    """Rows of a JSON Lines file in EMPD's columns."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in islice(file, MOST_ROWS)]


def searches(rows: list[Json], seed: int) -> Iterator[Json]:
    """Bodies of searches for persons of the collection as somebody else would write them."""
    rng = random.Random(f"search {seed}")  # noqa: S311 - repeatable draws
    while True:
        row = rng.choice(rows)
        query: Json = {
            "names": [_slipped(rng, name) for name in _names(row)[:1]],
            "nationalities": list(row.get("nationality", ()))[:1],
        }
        if row.get("sex") in {"F", "M"}:
            query["sex"] = row["sex"]
        born = _born(rng, row)
        if born:
            query["born"] = born
        if query["names"] or born:
            yield {"purpose": "missing_child_search", "reference": "LOAD/1", "query": query}


def registrations(rows: list[Json], seed: int, prefix: str) -> Iterator[Json]:
    """Bodies of cases: persons of the collection met again elsewhere."""
    rng = random.Random(f"registration {seed}")  # noqa: S311 - repeatable draws
    for number in _count():
        row = rng.choice(rows)
        names = [_slipped(rng, name) for name in _names(row)]
        if not names:
            continue
        born = _born(rng, row)
        body: Json = {
            "kind": "encountered",
            "record_id": f"{prefix}-{seed}-{number}",
            "names": names,
            "births": [{"date": born}] if born else [],
            "sex": row.get("sex") or "U",
            "nationalities": list(row.get("nationality", ()))[:1],
            "events": [{"kind": "encounter", "date": "2026-06-01", "country": "BE"}],
        }
        if row.get("mother_name"):
            body["relatives"] = [{"relation": "mother", "name": row["mother_name"]}]
        yield body


def _count() -> Iterator[int]:
    number = 0
    while True:
        number += 1
        yield number


def _names(row: Json) -> list[str]:
    whole = " ".join(row[part] for part in ("given_name", "family_name") if row.get(part))
    return [name for name in (whole, *row.get("full_name", ()), row.get("aliases")) if _is_(name)]


def _is_(name: object) -> bool:
    return isinstance(name, str) and bool(name)


def _slipped(rng: random.Random, name: str) -> str:
    return typo(rng, name) if rng.random() < SLIP_IN_NAME else name


def _born(rng: random.Random, row: Json) -> str:
    """The first date of birth, sometimes with day and month exchanged or taken for 1 January."""
    dates = row.get("date_of_birth") or [""]
    born = str(dates[0])
    chance = rng.random()
    if chance < WITHOUT_DATE:
        return ""
    is_day = len(born) == len("2009-05-17") and ".." not in born
    if not is_day or chance > WITHOUT_DATE + SLIP_IN_DATE:
        return born
    year, month, day = born.split("-")
    return f"{year}-{day}-{month}" if int(day) <= 12 and day != month else f"{year}-01-01"  # noqa: PLR2004 - months
