"""All queries behind indicators, signs and flags."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, false, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.alerts.models import Alert, ClusterMember
from service.alerts.schemas import AlertStatus
from service.cases.models import Case, CaseEvent, Claim
from service.cases.repository import chunks
from service.errors import NotFound
from service.risk.models import IndicatorAnswer, RiskFlag
from service.security.policy import Actor

_CLOSE_BANDS = ("probable", "strong")
MOST_CLAIMS_A_CASE = 2
"""Claims of one key that a case holds at most in earnest: the number of a child and its adult."""


@dataclass(frozen=True, slots=True)
class SharedKey:
    """A claim key that several cases have in common."""

    kind: str
    key: str
    case_ids: frozenset[int]


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
            query = select(RiskFlag).where(col(RiskFlag.case_id).in_(chunk))
            for flag in self.session.exec(_to_change(query.order_by(col(RiskFlag.id)))):
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

    def cases(self, case_ids: Collection[int]) -> dict[int, Case]:
        """Cases by internal id, whoever owns them; for computing signs only."""
        found: dict[int, Case] = {}
        for chunk in chunks(sorted(case_ids)):
            for case in self.session.exec(select(Case).where(col(Case.id).in_(chunk))):
                found[case.id or 0] = case
        return found

    def named_in_flags(self, case_ids: Collection[int]) -> set[int]:
        """Internal ids of the cases that the flags on given cases name in their reasons."""
        named = {
            public_id
            for flag in self.standing(case_ids).values()
            for reason in flag.reasons
            for public_id in reason["cases"]
        }
        found: set[int] = set()
        for chunk in chunks(sorted(named)):
            ids = self.session.exec(select(Case.id).where(col(Case.public_id).in_(chunk)))
            found.update(case_id for case_id in ids if case_id is not None)
        return found

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
        other = aliased(Claim)
        # One more claim than a sign could mean: told by looking at so many only.
        beyond = (
            select(other.id)
            .where(
                col(other.kind) == col(Claim.kind),
                col(other.key) == col(Claim.key),
                col(other.withdrawn_at).is_(None),
            )
            .correlate(Claim)
            .offset(MOST_CLAIMS_A_CASE * most)
            .limit(1)
        )
        for chunk in chunks(sorted(case_ids)):
            rows = self.session.execute(
                select(Claim.kind, Claim.key, beyond.exists()).where(
                    col(Claim.case_id).in_(chunk),
                    col(Claim.withdrawn_at).is_(None),
                    col(Claim.key).is_not(None),
                )
            )
            # Asked for the kind as well, SQLite walks the claims of all cases.
            for kind, key, is_crowded in rows:
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
        for chunk in chunks(sorted(keys)):
            rows = self.session.execute(
                select(Claim.key, Claim.case_id).where(
                    col(Claim.kind) == kind,
                    col(Claim.key).in_(chunk),
                    col(Claim.withdrawn_at).is_(None),
                )
            )
            for key, case_id in rows:
                holders[key or ""].add(case_id)
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

    def close_alerts(self, case_ids: Collection[int]) -> list[Alert]:
        """Confirmed links, and waiting ones that are probable or strong."""
        found: dict[int, Alert] = {}
        # An expression, not the column: by its index SQLite would walk over all open alerts.
        status = col(Alert.status).concat("")
        waiting = and_(
            col(Alert.band).in_(_CLOSE_BANDS),
            status.in_([AlertStatus.OPEN.value, AlertStatus.UNSURE.value]),
        )
        stands = or_(status == AlertStatus.SAME.value, waiting)
        for chunk in chunks(sorted(case_ids)):
            either = or_(col(Alert.left_id).in_(chunk), col(Alert.right_id).in_(chunk))
            for alert in self.session.exec(select(Alert).where(stands, either)):
                found[alert.id or 0] = alert
        return [found[key] for key in sorted(found)]

    def stays(self, case_ids: Collection[int]) -> list[Stay]:
        """Dated arrivals, encounters and disappearances of cases."""
        found: list[Stay] = []
        for chunk in chunks(sorted(case_ids)):
            rows = self.session.exec(
                select(CaseEvent).where(
                    col(CaseEvent.case_id).in_(chunk),
                    col(CaseEvent.kind).in_(["arrival", "encounter", "disappearance"]),
                    col(CaseEvent.withdrawn_at).is_(None),
                    col(CaseEvent.date_earliest).is_not(None),
                )
            )
            found.extend(
                Stay(row.case_id, row.kind, row.date_earliest, row.date_latest)
                for row in rows
                if row.date_earliest and row.date_latest
            )
        return found


def _to_change(query: SelectOfScalar[RiskFlag]) -> SelectOfScalar[RiskFlag]:
    # Locked and read anew: a decision made meanwhile must not be overwritten.
    return query.with_for_update().execution_options(populate_existing=True)
