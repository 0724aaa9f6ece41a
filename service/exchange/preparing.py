"""From rows of a file to rows of the store: checked, summed up, indexed; no session, no clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Dialect

from matching.bulk.lines import line_of
from matching.retrieval import index_entry
from service.cases.models import Case, CaseEvent, Claim
from service.cases.records.encoding import encode_record
from service.cases.rows import CaseRows, case_rows
from service.errors import BadInput, FieldError
from service.exchange.formats.drafts import draft_of
from service.exchange.formats.reading import RawRow, SourceRow
from service.forking import in_order
from service.store.base import table_of
from service.store.writing import BoundRow, bind_rows

SHARE = 500
"""Rows that one process prepares at a time: 0.2 s of work, so that starting it costs nothing,
and those under way last while a batch is stored."""


CASES, CLAIMS, EVENTS = (table_of(table) for table in (Case, Claim, CaseEvent))
CLAIM_COLUMNS = ("kind", "value", "key", "basis", "stated_on")
EVENT_COLUMNS = (
    "kind",
    "date_text",
    "date_earliest",
    "date_latest",
    "place",
    "country",
    "circumstances",
)
"""Columns of claims and events that a process can bind before the case has an id."""


class PreparedCase(NamedTuple):
    """A sound row as rows of the store, their values bound: tuples and texts are quick to send.

    Attributes:
        case: Columns of the case.
        claims: Values of `CLAIM_COLUMNS`.
        events: Values of `EVENT_COLUMNS`.
        body: The matching record.
        line: What of it is compared with most others.
        terms: What the index holds of it.
        packed: Its attributes there.
    """

    case: Mapping[str, Any]
    claims: list[BoundRow]
    events: list[BoundRow]
    body: str
    line: str
    terms: tuple[str, ...]
    packed: int


class Outcome(NamedTuple):
    """What came of a row: a case, or the reasons why not."""

    number: int
    record_id: str | None = None
    prepared: PreparedCase | None = None
    errors: tuple[FieldError, ...] = ()


class PreparedRow(NamedTuple):
    """A row with what came of it; the source stays in the process that read it."""

    number: int
    record_id: str | None
    prepared: PreparedCase | None
    errors: tuple[FieldError, ...]
    source: RawRow | SourceRow

    @property
    def raw(self) -> str:
        """The row as text, for the file of rejects."""
        return self.source.raw


@dataclass(frozen=True, slots=True)
class Preparer:
    """Checks rows and makes the rows of the store from them.

    Attributes:
        read: From a row as the source gives it to its cells.
        keep_unreadable: Columns kept as text instead of rejecting the row.
        region: Country of the owner, for telephone numbers without country code.
        begun: The day from which ages count: that of the first import of the file.
        today: The current day, for future dates.
        dialect: Of the store, which says how values are bound.
    """

    read: Callable[[Any], SourceRow]
    keep_unreadable: tuple[str, ...]
    region: str
    begun: date
    today: date
    dialect: Dialect

    def __call__(self, rows: Sequence[Any]) -> list[Outcome]:
        """Prepare a share of rows, in order."""
        checked = [self._check(self.read(row)) for row in rows]
        prepared = iter(self._bind([case for _, case in checked if case is not None]))
        return [
            outcome if case is None else outcome._replace(prepared=next(prepared))
            for outcome, case in checked
        ]

    def _check(self, row: SourceRow) -> tuple[Outcome, CaseRows | None]:
        try:
            if row.error is not None:
                raise BadInput.of(row.error)
            draft = draft_of(row, today=self.today, keep_unreadable=self.keep_unreadable)
        except BadInput as problem:
            return Outcome(row.number, errors=problem.errors), None
        rows = case_rows(draft, region=self.region, today=self.begun)
        return Outcome(row.number, draft.record_id), rows

    def _bind(self, found: Sequence[CaseRows]) -> Iterator[PreparedCase]:
        """Values are bound column by column, for all rows of the share at once."""
        if not found:
            return
        columns = tuple(found[0].case)
        cases = bind_rows(self.dialect, CASES, columns, [rows.case for rows in found])
        every = [row for rows in found for row in rows.claimed.claims]
        claims = iter(bind_rows(self.dialect, CLAIMS, CLAIM_COLUMNS, every))
        every = [row for rows in found for row in rows.claimed.events]
        events = iter(bind_rows(self.dialect, EVENTS, EVENT_COLUMNS, every))
        for case, rows in zip(cases, found, strict=True):
            entry = index_entry(0, rows.record)
            yield PreparedCase(
                dict(zip(columns, case, strict=True)),
                list(islice(claims, len(rows.claimed.claims))),
                list(islice(events, len(rows.claimed.events))),
                encode_record(rows.record),
                line_of(rows.record),
                entry.terms,
                entry.packed,
            )


def prepare_rows(preparer: Preparer, rows: Iterator[Any]) -> Iterator[PreparedRow]:
    """Prepare a stream of rows in as many processes as there are cores, in order."""
    under_way: deque[list[Any]] = deque()
    for outcomes in in_order(preparer, _shares(rows, under_way)):
        for outcome, source in zip(outcomes, under_way.popleft(), strict=True):
            yield PreparedRow(*outcome, source)


def _shares(rows: Iterator[Any], under_way: deque[list[Any]]) -> Iterator[list[Any]]:
    while share := list(islice(rows, SHARE)):
        under_way.append(share)
        yield share
