"""All queries on hit/no-hit queries and follow-ups; each starts from who asked or who owns."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import false, or_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.cases.models import Case
from service.errors import NotFound
from service.exchange.europol.models import FollowUp, HitQuery
from service.exchange.europol.schemas import FollowUpIn
from service.security.policy import Actor, ActorKind


class EuropolRepository:
    """Queries and follow-ups within one transaction, for one actor."""

    def __init__(self, session: Session, actor: Actor) -> None:
        self.session = session
        self.actor = actor

    def own_queries(self) -> SelectOfScalar[HitQuery]:
        """Queries that this client made."""
        if self.actor.kind is not ActorKind.CLIENT:
            return select(HitQuery).where(false())
        return select(HitQuery).where(col(HitQuery.machine_client_id) == self.actor.subject_id)

    def find_query(self, request_number: str) -> HitQuery | None:
        """One of this client's queries by its number."""
        return self.session.exec(
            self.own_queries().where(col(HitQuery.request_number) == request_number)
        ).one_or_none()

    def query(self, request_number: str) -> HitQuery:
        """One of this client's queries.

        Raises:
            NotFound: If there is none.
        """
        found = self.find_query(request_number)
        if found is None:
            raise NotFound("you made no query with this number")
        return found

    def readable_follow_ups(self) -> SelectOfScalar[FollowUp]:
        """Follow-ups that this client asked for, or that concern cases of one's authority."""
        if self.actor.reads_all:
            return select(FollowUp)
        asked = self.own_queries().with_only_columns(col(HitQuery.id))
        owned = select(Case.id).where(col(Case.authority_id) == self.actor.authority_id)
        return select(FollowUp).where(
            or_(col(FollowUp.query_id).in_(asked), col(FollowUp.case_id).in_(owned))
        )

    def follow_up(self, public_id: str, *, lock: bool = False) -> FollowUp:
        """One follow-up.

        Args:
            public_id: Its id.
            lock: Whether it is to be changed: others wait until the transaction ends.

        Raises:
            NotFound: If the actor neither asked for it nor owns its case.
        """
        query = self.readable_follow_ups().where(col(FollowUp.public_id) == public_id)
        if lock:
            query = query.with_for_update().execution_options(populate_existing=True)
        found = self.session.exec(query).one_or_none()
        if found is None:
            raise NotFound("no follow-up has this id")
        return found

    def waiting(self, limit: int) -> Sequence[FollowUp]:
        """Follow-ups on cases of one's authority that wait for a decision, urgent first."""
        owned = select(Case.id).where(col(Case.authority_id) == self.actor.authority_id)
        query = select(FollowUp).where(col(FollowUp.status) == "pending")
        if not self.actor.reads_all:
            query = query.where(col(FollowUp.case_id).in_(owned))
        return self.session.exec(
            query.order_by(col(FollowUp.priority).desc(), col(FollowUp.id)).limit(limit)
        ).all()

    def same_waiting(self, query: HitQuery, draft: FollowUpIn) -> FollowUp | None:
        """The undecided follow-up that asks for the same already."""
        found = self.session.exec(
            select(FollowUp).where(
                col(FollowUp.query_id) == query.id,
                col(FollowUp.reference_number) == draft.reference_number,
                col(FollowUp.reason) == draft.reason,
                col(FollowUp.status) == "pending",
            )
        ).all()
        asked = sorted({item.value for item in draft.requested_data})
        return next((item for item in found if item.requested_data == asked), None)

    def query_of(self, follow_up: FollowUp) -> HitQuery:
        """The query behind a follow-up."""
        found = self.session.get(HitQuery, follow_up.query_id)
        if found is None:
            raise NotFound("the query is gone")
        return found

    def cases_of(self, query: HitQuery) -> tuple[str, ...]:
        """Public ids of the cases that a reply speaks of."""
        ids = [match["case_id"] for match in query.matches]
        found = self.session.exec(
            select(Case.public_id).where(col(Case.id).in_(ids)).order_by(col(Case.id))
        )
        return tuple(found)

    def case_of(self, follow_up: FollowUp) -> Case:
        """The case that a follow-up concerns."""
        found = self.session.get(Case, follow_up.case_id)
        if found is None:
            raise NotFound("the case is gone")
        return found
