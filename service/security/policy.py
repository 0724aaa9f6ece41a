"""Roles, permissions and the actor; default is nothing.

What a role may do stands in one table. Whose cases an actor may read in full is
decided in the queries of the repositories, from the actor's authority.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from service.errors import Forbidden


class Role(StrEnum):
    """Roles of officials."""

    CHILD_PROTECTION_OFFICER = "child_protection_officer"
    INVESTIGATOR = "investigator"
    EVALUATOR = "evaluator"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    """Each thing that can be allowed; machine clients carry them as scopes."""

    CASE_READ = "case:read"
    CASE_WRITE = "case:write"
    CASE_SHARE = "case:share"
    SEARCH = "search"
    ALERT_READ = "alert:read"
    ALERT_DECIDE = "alert:decide"
    RISK_READ = "risk:read"
    RISK_DECIDE = "risk:decide"
    EXCHANGE_NOTICES = "exchange:notices"
    EXCHANGE_QUERY = "exchange:query"
    EXCHANGE_DECIDE = "exchange:decide"
    AUDIT_READ = "audit:read"
    ACCOUNT_ADMINISTER = "account:administer"
    STATISTICS_READ = "statistics:read"


_READING = {
    Permission.CASE_READ,
    Permission.SEARCH,
    Permission.ALERT_READ,
    Permission.RISK_READ,
}
_HANDLING = _READING | {
    Permission.CASE_WRITE,
    Permission.CASE_SHARE,
    Permission.ALERT_DECIDE,
    Permission.RISK_DECIDE,
}
DECISIONS = frozenset({Permission.ALERT_DECIDE, Permission.RISK_DECIDE, Permission.EXCHANGE_DECIDE})
"""What only a person may do; a partner system passes on whose decision it is."""
ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.CHILD_PROTECTION_OFFICER: frozenset(_HANDLING),
    Role.INVESTIGATOR: frozenset(_HANDLING),
    Role.EVALUATOR: frozenset({Permission.STATISTICS_READ}),
    Role.SUPERVISOR: frozenset(
        _HANDLING | {Permission.EXCHANGE_DECIDE, Permission.STATISTICS_READ}
    ),
    Role.AUDITOR: frozenset({Permission.AUDIT_READ, Permission.STATISTICS_READ}),
    Role.ADMINISTRATOR: frozenset({Permission.ACCOUNT_ADMINISTER, Permission.STATISTICS_READ}),
}
CLIENT_SCOPES: frozenset[Permission] = frozenset(
    _HANDLING | {Permission.EXCHANGE_NOTICES, Permission.EXCHANGE_QUERY, Permission.EXCHANGE_DECIDE}
)
"""Scopes that an administrator may give to a machine client."""


class ActorKind(StrEnum):
    """Who acts: a person, a partner system, or whoever runs the command line on the host."""

    OFFICIAL = "official"
    CLIENT = "client"
    OPERATOR = "operator"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who acts, as the policy sees them.

    Attributes:
        authority_id: Own authority, or None for the operator of the host.
        person: The official whom a machine client acts for, as the partner names them.
        reads_all: The operator holds the database file itself; the trail still
            records what is read through EMPD.
    """

    kind: ActorKind
    name: str
    permissions: frozenset[Permission]
    authority_id: int | None = None
    authority_code: str = ""
    authority_country: str = ""
    subject_id: int | None = None
    person: str = ""
    reads_all: bool = False

    def require(self, permission: Permission) -> None:
        """Let pass or refuse.

        Raises:
            Forbidden: If the actor lacks the permission, or a machine decides by itself.
        """
        if permission not in self.permissions:
            raise Forbidden(f"this needs the permission {permission.value}")
        if not self.may(permission):
            raise Forbidden("a person decides: name the official in the header X-Official")

    def may(self, permission: Permission) -> bool:
        """Whether the permission is held, and by a person where a person has to decide."""
        is_machine = self.kind is ActorKind.CLIENT and not self.person
        return permission in self.permissions and not (is_machine and permission in DECISIONS)


ANONYMOUS = Actor(ActorKind.ANONYMOUS, "anonymous", frozenset())


def operator(name: str) -> Actor:
    """The operator of the host, for the command line.

    Args:
        name: Login name on the host, for the trail.
    """
    return Actor(ActorKind.OPERATOR, f"operator:{name}", frozenset(Permission), reads_all=True)


def permissions_of(roles: frozenset[Role]) -> frozenset[Permission]:
    """All permissions of several roles together."""
    return frozenset().union(*(ROLE_PERMISSIONS[role] for role in roles))
