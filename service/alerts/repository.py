"""All queries on alerts, verdicts and clusters; each starts from what the actor may see."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import BindParameter, and_, bindparam, delete, false, func, insert, or_, update
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.alerts.models import (
    Alert,
    Cluster,
    ClusterMember,
    MatchRun,
    Verdict,
)
from service.alerts.schemas import AlertStatus
from service.cases.models import Case, WaitingCase
from service.cases.repository import chunks
from service.errors import NotFound
from service.identifiers import new_public_id
from service.security.policy import Actor
from service.store.base import table_of
from service.store.reading import ASKED

_WAITING = table_of(WaitingCase)
_DROP_WAITING = delete(_WAITING).where(_WAITING.c.case_id.in_(ASKED))


class AlertRepository:
    """Alerts within one transaction, for one actor."""

    def __init__(self, session: Session, actor: Actor) -> None:
        self.session = session
        self.actor = actor

    def readable(self) -> SelectOfScalar[Alert]:
        """Alerts in which the actor's authority owns a side."""
        if self.actor.reads_all:
            return select(Alert)
        if self.actor.authority_id is None:
            return select(Alert).where(false())
        own = select(Case.id).where(col(Case.authority_id) == self.actor.authority_id)
        return select(Alert).where(or_(col(Alert.left_id).in_(own), col(Alert.right_id).in_(own)))

    def get(self, public_id: str, *, lock: bool = False) -> Alert:
        """One alert.

        Args:
            public_id: Its id.
            lock: Whether it is to be changed: others wait until the transaction ends.

        Raises:
            NotFound: If there is none, or it concerns other authorities only.
        """
        query = self.readable().where(col(Alert.public_id) == public_id)
        found = self.session.exec(_to_change(query) if lock else query).one_or_none()
        if found is None:
            raise NotFound("no alert has this id")
        return found

    def page(
        self,
        *,
        statuses: Collection[str],
        bands: Collection[str] = (),
        after: tuple[float, int] | None = None,
        limit: int,
    ) -> Sequence[Alert]:
        """Alerts by falling match weight, from behind a cursor on."""
        query = self.readable().where(col(Alert.status).in_(statuses))
        if bands:
            query = query.where(col(Alert.band).in_(bands))
        if after is not None:
            weight, alert_id = after
            query = query.where(
                or_(
                    col(Alert.match_weight) < weight,
                    and_(col(Alert.match_weight) == weight, col(Alert.id) > alert_id),
                )
            )
        return self.session.exec(
            query.order_by(col(Alert.match_weight).desc(), col(Alert.id)).limit(limit)
        ).all()

    def of_case(self, case_id: int) -> Sequence[Alert]:
        """The actor's alerts on one case, by falling match weight."""
        return self.session.exec(
            self.readable()
            .where(or_(col(Alert.left_id) == case_id, col(Alert.right_id) == case_id))
            .order_by(col(Alert.match_weight).desc(), col(Alert.id))
        ).all()

    def by_pair(self, case_id: int) -> dict[tuple[int, int], Alert]:
        """All alerts on one case, whoever owns it, by pair, to change them."""
        rows = self.session.exec(_by_pair(), params={"case_id": case_id})
        return {(alert.left_id, alert.right_id): alert for alert in rows}

    def by_pairs(self, case_ids: Collection[int]) -> dict[tuple[int, int], Alert]:
        """All alerts among the given cases, by pair, to change them."""
        found: dict[tuple[int, int], Alert] = {}
        for chunk in chunks(sorted(case_ids)):
            query = select(Alert).where(col(Alert.left_id).in_(chunk)).order_by(col(Alert.id))
            rows = self.session.exec(_to_change(query))
            found.update({(alert.left_id, alert.right_id): alert for alert in rows})
        return found

    def verdicts(self, alert_id: int) -> Sequence[Verdict]:
        """Verdicts on one alert, oldest first."""
        return self.session.exec(
            select(Verdict).where(col(Verdict.alert_id) == alert_id).order_by(col(Verdict.id))
        ).all()

    def confirmed_pairs(self) -> list[tuple[int, int]]:
        """All pairs confirmed to be one person, of those the actor may see."""
        query = self.readable().where(col(Alert.status) == AlertStatus.SAME.value)
        found = self.session.exec(query.order_by(col(Alert.id)))
        return [(alert.left_id, alert.right_id) for alert in found]

    def confirmed_partners(self, case_id: int) -> set[int]:
        """Cases confirmed to be the same person as one case, directly."""
        rows = self.session.execute(
            select(Alert.left_id, Alert.right_id).where(
                col(Alert.status) == AlertStatus.SAME.value,
                or_(col(Alert.left_id) == case_id, col(Alert.right_id) == case_id),
            )
        )
        return {left if right == case_id else right for left, right in rows}


class ClusterRepository:
    """Clusters within one transaction; only `operations` changes them."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def by_public_id(self, public_id: str) -> Cluster:
        """One cluster.

        Raises:
            NotFound: If there is none.
        """
        found = self.session.exec(
            select(Cluster).where(col(Cluster.public_id) == public_id)
        ).one_or_none()
        if found is None:
            raise NotFound("no cluster has this id")
        return found

    def of_case(self, case_id: int) -> Cluster | None:
        """The cluster of one case."""
        return self.session.exec(_cluster_of(), params={"case_id": case_id}).one_or_none()

    def members(self, cluster_id: int) -> list[int]:
        """Internal ids of a cluster's cases."""
        return list(
            self.session.exec(
                select(ClusterMember.case_id)
                .where(col(ClusterMember.cluster_id) == cluster_id)
                .order_by(col(ClusterMember.case_id))
            )
        )

    def replace(self, members: Collection[int], *, keep: Cluster | None, now: datetime) -> Cluster:
        """Make the given cases one cluster; they must be in no other."""
        cluster = keep
        if cluster is None:
            cluster = Cluster(public_id=new_public_id(), formed_at=now)
            self.session.add(cluster)
            self.session.flush()
        self.session.add_all(
            ClusterMember(case_id=case_id, cluster_id=cluster.id or 0)
            for case_id in sorted(members)
        )
        self.session.flush()
        return cluster

    def clear(self, case_ids: Collection[int]) -> None:
        """Take cases out of their clusters."""
        self.session.execute(delete(ClusterMember).where(col(ClusterMember.case_id).in_(case_ids)))
        self.session.expire_all()

    def drop_empty(self, clusters: Collection[Cluster]) -> None:
        """Delete those of the given clusters that hold no case."""
        for cluster in clusters:
            if not self.members(cluster.id or 0):
                self.session.delete(cluster)
        self.session.flush()


class WaitingRepository:
    """The cases that wait to be compared with the collection, within one transaction."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def add(self, case_ids: Iterable[int]) -> None:
        """Remember that cases are still to be compared."""
        rows = [{"case_id": case_id} for case_id in case_ids]
        if rows:
            self.session.execute(insert(WaitingCase), rows)

    def keep(self, case_id: int) -> None:
        """Remember that a case is still to be compared, or go on remembering."""
        if not self.has(case_id):
            self.add([case_id])

    def drop(self, case_ids: Collection[int]) -> None:
        """Forget cases that were compared, or need it no longer; unknown ids are no error."""
        for chunk in chunks(sorted(case_ids)):
            self.session.connection().execute(_DROP_WAITING, {"ids": chunk})

    def has(self, case_id: int) -> bool:
        """Whether a case waits."""
        return self.session.get(WaitingCase, case_id) is not None

    def first(
        self, limit: int, *, after: int = 0, authority_ids: Collection[int] | None = None
    ) -> list[int]:
        """Internal ids of waiting cases in the order in which they were stored.

        Args:
            limit: How many at most.
            after: The id behind which to begin.
            authority_ids: Of these authorities only; None means all.
        """
        query = _owned(select(WaitingCase.case_id), authority_ids)
        query = query.where(col(WaitingCase.case_id) > after)
        return list(self.session.exec(query.order_by(col(WaitingCase.case_id)).limit(limit)))

    def count(self, authority_ids: Collection[int] | None = None) -> int:
        """How many cases wait."""
        query = select(func.count()).select_from(WaitingCase)
        return self.session.exec(_owned(query, authority_ids)).one()


class MatchRunRepository:
    """Runs of matching within one transaction."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def begin(self, at: datetime) -> int:
        """Note that a run begins; its id."""
        run = MatchRun(started_at=at, touched_at=at)
        self.session.add(run)
        self.session.flush()
        return run.id or 0

    def count(self, run_id: int, cases: int, alerts: int, at: datetime) -> None:
        """Add what a share gave."""
        counts = {
            "cases": col(MatchRun.cases) + cases,
            "alerts": col(MatchRun.alerts) + alerts,
            "touched_at": at,
        }
        self.session.execute(update(MatchRun).where(col(MatchRun.id) == run_id).values(**counts))

    def end(self, run_id: int, unseen: int, at: datetime) -> None:
        """Note that a run has ended, and how many cases it could not compare with all others."""
        run = update(MatchRun).where(col(MatchRun.id) == run_id)
        self.session.execute(run.values(finished_at=at, touched_at=at, unseen=unseen))

    def newest(self) -> MatchRun | None:
        """The run that began last."""
        return self.session.exec(
            select(MatchRun).order_by(col(MatchRun.id).desc()).limit(1)
        ).first()


def _owned(
    query: SelectOfScalar[int], authority_ids: Collection[int] | None
) -> SelectOfScalar[int]:
    if authority_ids is None:
        return query
    query = query.join(Case, col(Case.id) == col(WaitingCase.case_id))
    return query.where(col(Case.authority_id).in_(authority_ids))


def _to_change(query: SelectOfScalar[Alert]) -> SelectOfScalar[Alert]:
    # Locked and read anew: a verdict given meanwhile must not be overwritten.
    return query.with_for_update().execution_options(populate_existing=True)


# Statements of every registration: to put one together takes longer than to run it.


@cache
def _by_pair() -> SelectOfScalar[Alert]:
    case_id: BindParameter[int] = bindparam("case_id")
    either = or_(col(Alert.left_id) == case_id, col(Alert.right_id) == case_id)
    return _to_change(select(Alert).where(either).order_by(col(Alert.id)))


@cache
def _cluster_of() -> SelectOfScalar[Cluster]:
    return (
        select(Cluster)
        .join(ClusterMember, col(ClusterMember.cluster_id) == col(Cluster.id))
        .where(col(ClusterMember.case_id) == bindparam("case_id"))
    )
