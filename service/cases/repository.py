"""All queries on cases; each starts from what the actor may read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, insert
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.accounts.models import Authority
from service.cases.models import (
    Case,
    CaseChange,
    CaseEvent,
    CaseShare,
    Claim,
    Photograph,
    Recording,
)
from service.cases.summaries.repository import (
    CaseSummary,
    OwnerSummary,
    ReadableSummary,
    reads_in_full,
    standing_names_query,
    summaries_query,
)
from service.cases.vocabulary import Status
from service.errors import Forbidden, NotFound
from service.security.policy import Actor
from service.store.among import among
from service.store.base import table_of
from service.store.writing import insert_rows

_CASES = table_of(Case)
_CHUNK = 500
"""Values in one IN list: below SQLite's oldest limit of 999 variables."""


@dataclass(frozen=True, slots=True)
class ReadableCase:
    """A case as the actor may read it."""

    case: Case
    owner: Authority
    full: bool

    @property
    def access(self) -> str:
        """`full` or `limited`, as the answer names it."""
        return "full" if self.full else "limited"


class CaseRepository:
    """Cases within one transaction, for one actor."""

    def __init__(self, session: Session, actor: Actor) -> None:
        self.session = session
        self.actor = actor

    def readable(self) -> Select[Any]:
        """The start of every query: case, owner, and whether it may be read in full."""
        return select(Case, Authority, reads_in_full(self.actor)).join(  # type: ignore[return-value]  # SQLModel's select is a Select at run time
            Authority, col(Authority.id) == col(Case.authority_id)
        )

    def get(self, public_id: str) -> ReadableCase:
        """One case by its public id.

        Raises:
            NotFound: If there is none.
        """
        row = self.session.execute(
            self.readable().where(col(Case.public_id) == public_id)
        ).one_or_none()
        if row is None:
            raise NotFound("no case has this id")
        return ReadableCase(*row)

    def get_own(self, public_id: str) -> ReadableCase:
        """One case that the actor's authority owns, to change it; others wait to change it.

        Raises:
            NotFound: If there is none.
            Forbidden: If another authority owns it.
        """
        found = self.get(public_id)
        if not self.owns(found.case):
            raise Forbidden("only the authority that owns a case may change it")
        self.session.refresh(found.case, with_for_update={"of": Case})
        return found

    def owns(self, case: Case) -> bool:
        """Whether the actor acts for the owner."""
        return self.actor.reads_all or case.authority_id == self.actor.authority_id

    def by_ids(self, ids: Collection[int]) -> dict[int, ReadableCase]:
        """Cases by internal id."""
        found: dict[int, ReadableCase] = {}
        for chunk in chunks(sorted(ids)):
            rows = self.session.execute(self.readable().where(col(Case.id).in_(chunk)))
            found.update({row[0].id: ReadableCase(*row) for row in rows})
        return found

    def summaries(self, ids: Collection[int]) -> dict[int, ReadableSummary]:
        """Summaries of cases by internal id."""
        self.session.flush()
        actor, connection = self.actor, self.session.connection()
        has_authority = actor.authority_id is not None and not actor.reads_all
        query = summaries_query(reads_all=actor.reads_all, has_authority=has_authority)
        asked = {"authority_id": actor.authority_id} if has_authority else {}
        width = len(CaseSummary._fields)
        found: dict[int, ReadableSummary] = {}
        for chunk in chunks(sorted(ids)):
            for row in connection.execute(query, {**asked, "ids": chunk}):
                owner = OwnerSummary(*row[width:-1])
                found[row[0]] = ReadableSummary(CaseSummary(*row[:width]), owner, bool(row[-1]))
        return found

    def open_digests(
        self, *, after: int = 0, until: int | None = None, limit: int | None = None
    ) -> dict[int, str]:
        """Content digests of open cases by internal id, by rising id, for comparisons.

        Args:
            after: Only cases with larger ids.
            until: Only cases up to this id.
            limit: How many at most.
        """
        query = select(Case.id, Case.content_digest).where(
            col(Case.status) == Status.OPEN.value, col(Case.id) > after
        )
        if until is not None:
            query = query.where(col(Case.id) <= until)
        rows = self.session.execute(query.order_by(col(Case.id)).limit(limit))
        return {case_id: digest for case_id, digest in rows if case_id is not None}

    def count_open(self) -> int:
        """How many cases are open."""
        query = select(func.count()).where(col(Case.status) == Status.OPEN.value)
        return self.session.scalar(query) or 0

    def new_recording(self, at: datetime) -> int:
        """Note that the actor records something; the id for the rows recorded."""
        noted = {"at": at, "by": self.actor.name}
        return int(self.session.connection().execute(_NEW_RECORDING, noted).scalar_one())

    def recordings(self, case_id: int) -> dict[int, Recording]:
        """Who recorded the claims of a case, and when, by id of the recording."""
        rows = self.session.exec(_recordings(), params={"case_id": case_id})
        return {row.id or 0: row for row in rows}

    def last_id(self) -> int:
        """The largest internal id; those of cases stored from now on are larger."""
        return self.session.scalar(select(func.max(Case.id))) or 0

    def ids_behind(self, last: int) -> dict[str, int]:
        """Internal ids by public id, of cases with larger ids: those just stored, maybe others."""
        rows = self.session.connection().execute(
            select_columns(col(Case.public_id), col(Case.id)).where(col(Case.id) > last)
        )
        return {public_id: case_id or 0 for public_id, case_id in rows.all()}

    def of_authority(self, authority_id: int) -> Iterator[Case]:
        """Cases of one authority in order of registration, streamed."""
        query = select(Case).where(col(Case.authority_id) == authority_id).order_by(col(Case.id))
        yield from self.session.exec(query.execution_options(yield_per=_CHUNK))

    def has_cases(self, authority_id: int) -> bool:
        """Whether an authority has registered any case."""
        query = select(Case.id).where(col(Case.authority_id) == authority_id).limit(1)
        return self.session.exec(query).first() is not None

    def newest(self, *, limit: int, own_only: bool = True) -> Sequence[ReadableCase]:
        """The newest cases, for the list of the actor's authority."""
        query = self.readable().order_by(col(Case.id).desc()).limit(limit)
        if own_only and not self.actor.reads_all:
            query = query.where(col(Case.authority_id) == self.actor.authority_id)
        return [ReadableCase(*row) for row in self.session.execute(query)]

    def has_record(self, authority_id: int, record_id: str) -> bool:
        """Whether an authority has a case under this reference of its own."""
        cases = table_of(Case).c
        query = select_columns(cases.id).where(
            cases.authority_id == authority_id, cases.record_id == record_id
        )
        return self.session.connection().scalar(query) is not None

    def find_record(self, authority_id: int, record_id: str) -> Case | None:
        """A case by its owner's own reference."""
        return self.session.exec(
            select(Case).where(
                col(Case.authority_id) == authority_id, col(Case.record_id) == record_id
            )
        ).one_or_none()

    def record_digests(self, authority_id: int, record_ids: Collection[str]) -> dict[str, str]:
        """Kind and content digest of an authority's cases by its own references, for imports."""
        if not record_ids:
            return {}
        rows = self.session.connection().execute(
            select_columns(_CASES.c.record_id, _CASES.c.kind, _CASES.c.content_digest).where(
                _CASES.c.authority_id == authority_id,
                among(self.session, _CASES.c.record_id, sorted(record_ids)),
            )
        )
        return {record_id: f"{kind}:{digest}" for record_id, kind, digest in rows.all()}

    def claims(self, case_id: int, *, standing_only: bool = False) -> Sequence[Claim]:
        """Claims of one case in order of recording."""
        query = _of_case(Claim)
        if standing_only:
            query = query.where(col(Claim.withdrawn_at).is_(None))
        return self.session.exec(query, params={"case_id": case_id}).all()

    def standing_names(self, case_ids: Collection[int]) -> dict[int, list[Mapping[str, Any]]]:
        """Values of the standing name claims of several cases in order of recording."""
        self.session.flush()
        connection = self.session.connection()
        found: dict[int, list[Mapping[str, Any]]] = {}
        for chunk in chunks(sorted(case_ids)):
            for case_id, value in connection.execute(standing_names_query(), {"ids": chunk}):
                found.setdefault(case_id, []).append(value)
        return found

    def events(self, case_id: int, *, standing_only: bool = False) -> Sequence[CaseEvent]:
        """Events of one case in order of recording."""
        query = _of_case(CaseEvent)
        if standing_only:
            query = query.where(col(CaseEvent.withdrawn_at).is_(None))
        return self.session.exec(query, params={"case_id": case_id}).all()

    def photographs(self, case_id: int) -> Sequence[Photograph]:
        """Metadata of the photographs of one case."""
        return self.session.exec(_of_case(Photograph), params={"case_id": case_id}).all()

    def changes(self, case_id: int) -> Sequence[CaseChange]:
        """The history of one case, oldest first."""
        return self.session.exec(_of_case(CaseChange), params={"case_id": case_id}).all()

    def shares(self, case_id: int) -> Sequence[Authority]:
        """The authorities that may read one case in full by a share."""
        return self.session.exec(_sharing(), params={"case_id": case_id}).all()

    def insert_rows(self, table: type[Any], rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert many rows of one table at once."""
        insert_rows(self.session, table_of(table), rows)

    def share(self, case_id: int, authority_id: int, *, at: datetime, reason: str) -> None:
        """Let an authority read a case in full; again is no error."""
        standing = self.session.exec(
            select(CaseShare).where(
                col(CaseShare.case_id) == case_id, col(CaseShare.authority_id) == authority_id
            )
        ).one_or_none()
        if standing is None:
            self.session.add(
                CaseShare(
                    case_id=case_id,
                    authority_id=authority_id,
                    granted_at=at,
                    granted_by=self.actor.name,
                    reason=reason,
                )
            )
            self.session.flush()

    def unshare(self, case_id: int, authority_id: int) -> None:
        """End a share."""
        standing = self.session.exec(
            select(CaseShare).where(
                col(CaseShare.case_id) == case_id, col(CaseShare.authority_id) == authority_id
            )
        ).one_or_none()
        if standing is not None:
            self.session.delete(standing)
            self.session.flush()


_NEW_RECORDING = insert(table_of(Recording)).returning(table_of(Recording).c.id)


# Statements of what an answer shows of one case: to put one together takes longer than to run it.


@cache
def _of_case(table: type[Any]) -> SelectOfScalar[Any]:
    """The rows of one case in order of recording."""
    return select(table).where(table.case_id == bindparam("case_id")).order_by(table.id)


@cache
def _recordings() -> SelectOfScalar[Recording]:
    ids = select(Claim.recording_id).where(col(Claim.case_id) == bindparam("case_id"))
    return select(Recording).where(col(Recording.id).in_(ids))


@cache
def _sharing() -> SelectOfScalar[Authority]:
    return (
        select(Authority)
        .join(CaseShare, col(CaseShare.authority_id) == col(Authority.id))
        .where(col(CaseShare.case_id) == bindparam("case_id"))
        .order_by(col(Authority.code))
    )


def chunks(values: Iterable[Any]) -> Iterable[list[Any]]:
    """Lists short enough for one IN clause."""
    items = list(values)
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
