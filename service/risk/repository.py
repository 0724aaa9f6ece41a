"""All queries behind indicators, signs and flags."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, bindparam, false, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.alerts.models import Alert, ClusterMember
from service.alerts.schemas import AlertStatus
from service.cases.models import Case, CaseEvent, Claim
from service.cases.repository import chunks
from service.errors import NotFound
from service.risk.models import IndicatorAnswer, RiskFlag
from service.security.policy import Actor
from service.store.base import table_of
from service.store.reading import ASKED

_CLOSE_BANDS = ("probable", "strong")
MOST_CLAIMS_A_CASE = 2
"""Claims of one key that a case holds at most in earnest: the number of a child and its adult."""


@dataclass(frozen=True, slots=True)
class SharedKey:
    """A claim key that several cases have in common."""

    kind: str
    key: str
    case_ids: frozenset[int]


class CaseFacts(NamedTuple):
    """What of a case bears on signs."""

    id: int
    public_id: str
    kind: str
    status: str
    birth_latest: date | None
    close_reason: str


class CloseAlert(NamedTuple):
    """A link that signs may rest on; its evidence is read where it is asked for."""

    id: int
    public_id: str
    left_id: int
    right_id: int
    band: str


@dataclass(frozen=True, slots=True)
class Stay:
    """An event with its day, for the time between arrival and disappearance."""

    case_id: int
    kind: str
    earliest: date
    latest: date


class RiskRepository:
    """Indicators, signs and flags within one transaction, for one actor."""

    def __init__(self, session: Session, actor: Actor) -> None:
        self.session = session
        self.actor = actor

    def readable_flags(self) -> SelectOfScalar[RiskFlag]:
        """Flags on the cases of one's own authority."""
        if self.actor.reads_all:
            return select(RiskFlag)
        if self.actor.authority_id is None:
            return select(RiskFlag).where(false())
        own = select(Case.id).where(col(Case.authority_id) == self.actor.authority_id)
        return select(RiskFlag).where(col(RiskFlag.case_id).in_(own))

    def flag(self, public_id: str) -> RiskFlag:
        """One flag, to decide on it.

        Raises:
            NotFound: If there is none on a case of the actor's authority.
        """
        found = self.session.exec(
            _to_change(self.readable_flags().where(col(RiskFlag.public_id) == public_id))
        ).one_or_none()
        if found is None:
            raise NotFound("no flag has this id")
        return found

    def flags(self, *, status: str = "open", limit: int) -> Sequence[RiskFlag]:
        """Newest flags of a status."""
        query = self.readable_flags().where(col(RiskFlag.status) == status)
        return self.session.exec(query.order_by(col(RiskFlag.id).desc()).limit(limit)).all()

    def flags_of(self, case_id: int) -> Sequence[RiskFlag]:
        """Flags on one case that the actor may see."""
        query = self.readable_flags().where(col(RiskFlag.case_id) == case_id)
        return self.session.exec(query.order_by(col(RiskFlag.sign))).all()

    def standing(self, case_ids: Collection[int]) -> dict[tuple[int, str], RiskFlag]:
        """All flags on cases, whoever owns them, by case and sign, to change them."""
        found = {}
        for chunk in chunks(sorted(case_ids)):
            for flag in self.session.exec(_standing(), params={"ids": chunk}):
                found[flag.case_id, flag.sign] = flag
        return found

    def answers(self, case_id: int) -> dict[tuple[str, str], IndicatorAnswer]:
        """The newest answer to each indicator of a case."""
        rows = self.session.exec(
            select(IndicatorAnswer)
            .where(col(IndicatorAnswer.case_id) == case_id)
            .order_by(col(IndicatorAnswer.id))
        )
        return {(row.list_id, row.indicator): row for row in rows}

    def _rows(self, query: Select[Any], ids: Collection[Any], **values: Any) -> list[Any]:
        """Rows of a statement about some ids or keys, of the store as this session left it."""
        self.session.flush()
        connection = self.session.connection()
        rows: list[Any] = []
        for chunk in chunks(sorted(ids)):
            rows += connection.execute(query, {**values, "ids": chunk})
        return rows

    def cases(self, case_ids: Collection[int]) -> dict[int, CaseFacts]:
        """Cases by internal id, whoever owns them; for computing signs only."""
        return {row.id: CaseFacts(*row) for row in self._rows(_cases(), case_ids)}

    def named_in(self, flags: Iterable[RiskFlag]) -> set[int]:
        """Internal ids of the cases that flags name in their reasons."""
        named = {
            public_id for flag in flags for reason in flag.reasons for public_id in reason["cases"]
        }
        return {row.id for row in self._rows(_ids_of(), named)}

    def shared_keys(
        self, case_ids: Collection[int], prefixes: Mapping[str, str], *, most: int
    ) -> list[SharedKey]:
        """Keys of standing claims that the given cases share with others.

        Args:
            case_ids: Internal ids of the cases.
            prefixes: How the key of each kind of claim that counts begins.
            most: Keys of more cases than this are left out, without reading them all.
        """
        own: dict[str, set[str]] = defaultdict(set)
        # Asked for the kind as well, SQLite walks the claims of all cases.
        for kind, key, is_crowded in self._rows(_own_keys(MOST_CLAIMS_A_CASE * most), case_ids):
            prefix = prefixes.get(kind)
            if prefix is not None and key.startswith(prefix) and key != prefix:
                own[kind].update(() if is_crowded else (key,))
        found = []
        for kind, keys in sorted(own.items()):
            holders = self._holders(kind, keys)
            found += [SharedKey(kind, key, frozenset(ids)) for key, ids in sorted(holders.items())]
        return [shared for shared in found if 1 < len(shared.case_ids) <= most]

    def _holders(self, kind: str, keys: Collection[str]) -> dict[str, set[int]]:
        holders: dict[str, set[int]] = defaultdict(set)
        for key, case_id in self._rows(_holders_of(), keys, kind=kind):
            holders[key].add(case_id)
        return holders

    def clusters(self, case_ids: Collection[int]) -> dict[int, int]:
        """Cluster of each case that is in one."""
        found: dict[int, int] = {}
        for chunk in chunks(sorted(case_ids)):
            rows = self.session.execute(
                select(ClusterMember.case_id, ClusterMember.cluster_id).where(
                    col(ClusterMember.case_id).in_(chunk)
                )
            )
            found.update(rows.all())
        return found

    def close_alerts(self, case_ids: Collection[int]) -> list[CloseAlert]:
        """Confirmed links, and waiting ones that are probable or strong."""
        found = {row.id: CloseAlert(*row) for row in self._rows(_close_alerts(), case_ids)}
        return [found[key] for key in sorted(found)]

    def evidence_of(self, alert_ids: Collection[int]) -> dict[int, list[dict[str, Any]]]:
        """The evidence of alerts by internal id."""
        return {row.id: row.evidence for row in self._rows(_evidence(), alert_ids)}

    def stays(self, case_ids: Collection[int]) -> list[Stay]:
        """Dated arrivals, encounters and disappearances of cases."""
        rows = self._rows(_stays(), case_ids)
        return [Stay(*row) for row in rows if row.date_earliest and row.date_latest]


def _to_change(query: SelectOfScalar[RiskFlag]) -> SelectOfScalar[RiskFlag]:
    # Locked and read anew: a decision made meanwhile must not be overwritten.
    return query.with_for_update().execution_options(populate_existing=True)


# To put a statement together takes longer than to run it, and every registration asks all these.


@cache
def _standing() -> SelectOfScalar[RiskFlag]:
    flags = select(RiskFlag).where(col(RiskFlag.case_id).in_(ASKED))
    return _to_change(flags.order_by(col(RiskFlag.id)))


@cache
def _cases() -> Select[Any]:
    cases = table_of(Case)
    columns = (cases.c[name] for name in CaseFacts._fields)
    return select_columns(*columns).where(cases.c.id.in_(ASKED))


@cache
def _ids_of() -> Select[Any]:
    cases = table_of(Case)
    return select_columns(cases.c.id).where(cases.c.public_id.in_(ASKED))


@cache
def _own_keys(most_claims: int) -> Select[Any]:
    claims = table_of(Claim)
    other = claims.alias()
    # One more claim than a sign could mean: told by looking at so many only.
    beyond = (
        select_columns(other.c.id)
        .where(
            other.c.kind == claims.c.kind,
            other.c.key == claims.c.key,
            other.c.withdrawn_at.is_(None),
        )
        .correlate(claims)
        .offset(most_claims)
        .limit(1)
    )
    return select_columns(claims.c.kind, claims.c.key, beyond.exists()).where(
        claims.c.case_id.in_(ASKED), claims.c.withdrawn_at.is_(None), claims.c.key.is_not(None)
    )


@cache
def _holders_of() -> Select[Any]:
    claims = table_of(Claim)
    return select_columns(claims.c.key, claims.c.case_id).where(
        claims.c.kind == bindparam("kind"),
        claims.c.key.in_(ASKED),
        claims.c.withdrawn_at.is_(None),
    )


@cache
def _close_alerts() -> Select[Any]:
    alerts = table_of(Alert)
    # An expression, not the column: by its index SQLite would walk over all open alerts.
    status = alerts.c.status.concat("")
    waiting = and_(
        alerts.c.band.in_(_CLOSE_BANDS),
        status.in_([AlertStatus.OPEN.value, AlertStatus.UNSURE.value]),
    )
    columns = (alerts.c[name] for name in CloseAlert._fields)
    return select_columns(*columns).where(
        or_(status == AlertStatus.SAME.value, waiting),
        or_(alerts.c.left_id.in_(ASKED), alerts.c.right_id.in_(ASKED)),
    )


@cache
def _evidence() -> Select[Any]:
    alerts = table_of(Alert)
    return select_columns(alerts.c.id, alerts.c.evidence).where(alerts.c.id.in_(ASKED))


@cache
def _stays() -> Select[Any]:
    events = table_of(CaseEvent)
    return select_columns(
        events.c.case_id, events.c.kind, events.c.date_earliest, events.c.date_latest
    ).where(
        events.c.case_id.in_(ASKED),
        events.c.kind.in_(["arrival", "encounter", "disappearance"]),
        events.c.withdrawn_at.is_(None),
        events.c.date_earliest.is_not(None),
    )
