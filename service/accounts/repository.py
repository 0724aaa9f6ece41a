"""All queries on authorities, officials, sessions, machine clients and tokens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, update
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from service.accounts.models import (
    Authority,
    BearerToken,
    MachineClient,
    Official,
    SignInFailure,
    WebSession,
)
from service.errors import BadInput, FieldError, NotFound
from service.store.base import table_of

_TOKENS, _CLIENTS, _AUTHORITIES = (
    table_of(model) for model in (BearerToken, MachineClient, Authority)
)
_BEARER = (
    select_columns(
        _TOKENS.c.expires_at,
        _TOKENS.c.scopes,
        _CLIENTS.c.id,
        _CLIENTS.c.client_id,
        _CLIENTS.c.revoked_at,
        _AUTHORITIES.c.id,
        _AUTHORITIES.c.code,
        _AUTHORITIES.c.country,
    )
    .join_from(_TOKENS, _CLIENTS, _CLIENTS.c.id == _TOKENS.c.machine_client_id)
    .join(_AUTHORITIES, _AUTHORITIES.c.id == _CLIENTS.c.authority_id)
    .where(_TOKENS.c.token_hash == bindparam("token_hash"))
)
"""Asked with every request of a partner system: put together once."""


class Bearer(NamedTuple):
    """A bearer token with the machine client and the authority that it stands for."""

    expires_at: datetime
    scopes: list[str]
    machine_client_id: int
    client_id: str
    revoked_at: datetime | None
    authority_id: int
    authority_code: str
    authority_country: str


class AccountRepository:
    """Accounts within one transaction."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def authority(self, code: str) -> Authority:
        """An authority by its code.

        Raises:
            BadInput: If there is none.
        """
        found = self.session.exec(
            select(Authority).where(col(Authority.code) == code)
        ).one_or_none()
        if found is None:
            raise BadInput.of(FieldError("authority", "no authority has this code"))
        return found

    def has_authority(self, code: str) -> bool:
        """Whether the code is taken."""
        query = select(Authority.id).where(col(Authority.code) == code)
        return self.session.exec(query).first() is not None

    def authority_by_id(self, authority_id: int) -> Authority:
        """An authority by its internal id.

        Raises:
            NotFound: If there is none.
        """
        found = self.session.get(Authority, authority_id)
        if found is None:
            raise NotFound("no such authority")
        return found

    def authorities(self) -> Sequence[Authority]:
        """All authorities by code."""
        return self.session.exec(select(Authority).order_by(col(Authority.code))).all()

    def official(self, login: str) -> Official | None:
        """An official by login."""
        return self.session.exec(select(Official).where(col(Official.login) == login)).one_or_none()

    def officials(self) -> Sequence[Official]:
        """All officials by login."""
        return self.session.exec(select(Official).order_by(col(Official.login))).all()

    def official_by_id(self, official_id: int) -> Official | None:
        """An official by internal id."""
        return self.session.get(Official, official_id)

    def client(self, client_id: str) -> MachineClient | None:
        """A machine client by its public id."""
        return self.session.exec(
            select(MachineClient).where(col(MachineClient.client_id) == client_id)
        ).one_or_none()

    def clients(self) -> Sequence[MachineClient]:
        """All machine clients by id."""
        return self.session.exec(select(MachineClient).order_by(col(MachineClient.client_id))).all()

    def web_session(self, token_hash: str) -> WebSession | None:
        """A browser session by the hash of its token."""
        return self.session.get(WebSession, token_hash)

    def note_seen(self, token_hash: str, at: datetime) -> None:
        """Remember that a browser session was used; one that ended meanwhile stays ended."""
        self.session.execute(
            update(WebSession).where(col(WebSession.token_hash) == token_hash).values(seen_at=at)
        )

    def bearer(self, token_hash: str) -> Bearer | None:
        """Whom a bearer token names, by the token's hash."""
        rows = self.session.connection().execute(_BEARER, {"token_hash": token_hash})
        row = rows.one_or_none()
        return None if row is None else Bearer(*row)

    def end_sessions(self, official_id: int, *, keep: str = "") -> None:
        """End the browser sessions of an official, but for the one with this token's hash."""
        self.session.execute(
            delete(WebSession).where(
                col(WebSession.official_id) == official_id, col(WebSession.token_hash) != keep
            )
        )

    def end_tokens(self, machine_client_id: int) -> None:
        """End all bearer tokens of a machine client."""
        self.session.execute(
            delete(BearerToken).where(col(BearerToken.machine_client_id) == machine_client_id)
        )

    def drop_expired_tokens(self, now: datetime) -> None:
        """Forget bearer tokens that have expired."""
        self.session.execute(delete(BearerToken).where(col(BearerToken.expires_at) < now))

    def failures_since(self, key: str, since: datetime) -> int:
        """Failed sign-ins counted under a key."""
        query = select(func.count()).where(
            col(SignInFailure.key) == key, col(SignInFailure.at) >= since
        )
        return self.session.exec(query).one()

    def note_failure(self, keys: Sequence[str], at: datetime) -> None:
        """Count a failed sign-in under several keys."""
        self.session.add_all(SignInFailure(key=key, at=at) for key in keys)

    def forget_failures(self, key: str) -> None:
        """Forget the failures under a key after a success."""
        self.session.execute(delete(SignInFailure).where(col(SignInFailure.key) == key))
