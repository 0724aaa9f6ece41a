"""Which pages an actor is offered."""

from __future__ import annotations

from service.security.policy import Actor, Permission

_ENTRIES = (
    ("/", "Home", None),
    ("/search", "Search", Permission.SEARCH),
    ("/cases/new", "Register", Permission.CASE_WRITE),
    ("/alerts", "Possible links", Permission.ALERT_READ),
    ("/risk", "Risk signs", Permission.RISK_READ),
    ("/follow-ups", "Follow-ups", Permission.EXCHANGE_DECIDE),
    ("/audit", "Audit trail", Permission.AUDIT_READ),
    ("/statistics", "Statistics", Permission.STATISTICS_READ),
)


def entries(actor: Actor) -> tuple[tuple[str, str], ...]:
    """Address and title of each page that the actor may open."""
    return tuple(
        (path, title)
        for path, title, permission in _ENTRIES
        if permission is None or actor.may(permission)
    )
