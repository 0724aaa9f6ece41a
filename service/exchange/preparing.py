"""From rows of a file to rows of the store: checked, summed up, indexed; no session, no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

from matching.retrieval import IndexEntry, index_entry
from service.cases.records.encoding import encode_record
from service.cases.rows import ClaimedRows, Row, case_rows
from service.errors import BadInput, FieldError
from service.exchange.formats.drafts import draft_of
from service.exchange.formats.reading import SourceRow
from service.forking import in_order

SHARE = 250
"""Rows that one process prepares at a time: 0.1 s of work, so that starting it costs nothing."""


@dataclass(frozen=True, slots=True)
class PreparedCase:
    """A sound row; `entry` stands for a case without id as yet."""

    case: Row
    claimed: ClaimedRows
    body: str
    entry: IndexEntry


@dataclass(frozen=True, slots=True)
class PreparedRow:
    """A row with what came of it: a case, or the reasons why not."""

    number: int
    raw: str
    record_id: str | None = None
    prepared: PreparedCase | None = None
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class Preparer:
    """Checks rows and makes the rows of the store from them.

    Attributes:
        read: From a row as the source gives it to its cells.
        keep_unreadable: Columns kept as text instead of rejecting the row.
        region: Country of the owner, for telephone numbers without country code.
        today: For ages and future dates.
    """

    read: Callable[[Any], SourceRow]
    keep_unreadable: tuple[str, ...]
    region: str
    today: date

    def __call__(self, rows: Sequence[Any]) -> list[PreparedRow]:
        """Prepare a share of rows, in order."""
        return [self._prepare(self.read(row)) for row in rows]

    def _prepare(self, row: SourceRow) -> PreparedRow:
        try:
            if row.error is not None:
                raise BadInput.of(row.error)
            draft = draft_of(row, today=self.today, keep_unreadable=self.keep_unreadable)
        except BadInput as problem:
            return PreparedRow(row.number, row.raw, errors=problem.errors)
        rows = case_rows(draft, region=self.region, today=self.today)
        prepared = PreparedCase(
            rows.case, rows.claimed, encode_record(rows.record), index_entry(0, rows.record)
        )
        return PreparedRow(row.number, row.raw, draft.record_id, prepared)


def prepare_rows(preparer: Preparer, rows: Iterator[Any]) -> Iterator[PreparedRow]:
    """Prepare a stream of rows in as many processes as there are cores, in order."""
    for share in in_order(preparer, _shares(rows)):
        yield from share


def _shares(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while share := list(islice(rows, SHARE)):
        yield share
