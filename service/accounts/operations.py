"""Sign in and out, issue tokens, administer authorities, officials and clients."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from service.accounts.models import Authority, BearerToken, MachineClient, Official, WebSession
from service.accounts.repository import AccountRepository
from service.accounts.schemas import AuthorityIn, ClientIn, OfficialIn
from service.audit.schemas import AuditEvent
from service.errors import BadInput, Conflict, FieldError, NotSignedIn, TooManyAttempts
from service.identifiers import new_public_id
from service.security.passwords import (
    MAX_LENGTH,
    MIN_LENGTH,
    hash_password,
    one_time_password,
    verify_password,
)
from service.security.policy import (
    CLIENT_SCOPES,
    DECISIONS,
    Actor,
    ActorKind,
    Permission,
    Role,
    permissions_of,
)
from service.security.tokens import keyed_digest, new_token, same, token_hash
from service.store.unit_of_work import UnitOfWork

FAILURE_WINDOW = timedelta(minutes=15)
MAX_FAILURES_LOGIN = 6
"""Failed sign-ins per login within the window, as case-management practice has it."""
MAX_FAILURES_ADDRESS = 60
"""Per network address: an office behind one address must not lock itself out."""
SEEN_EVERY = timedelta(minutes=1)
"""How finely the last use of a session is known: far below the half hour after which it ends."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new browser session; the token goes into the cookie and is not stored."""

    token: str
    csrf_token: str
    must_change_password: bool


def sign_in(work: UnitOfWork, login: str, password: str, *, address: str, key: str) -> SignedIn:
    """Start a browser session. Failures are counted by the caller with `note_failed_sign_in`.

    Raises:
        TooManyAttempts: If login or address failed too often lately.
        NotSignedIn: If login or password is wrong, or the account is disabled.
    """
    accounts = AccountRepository(work.session)
    since = work.clock() - FAILURE_WINDOW
    by_login, by_address = _failure_keys(login, address, key)
    if (
        accounts.failures_since(by_login, since) >= MAX_FAILURES_LOGIN
        or accounts.failures_since(by_address, since) >= MAX_FAILURES_ADDRESS
    ):
        raise TooManyAttempts("too many failed sign-ins; wait a quarter of an hour")
    official = accounts.official(login)
    right = verify_password(password, official.password_hash if official else None)
    if official is None or not right or official.disabled_at is not None:
        raise NotSignedIn("login or password is wrong")
    accounts.forget_failures(by_login)
    token, csrf_token = new_token(), new_token()
    now = work.clock()
    work.session.add(
        WebSession(
            token_hash=token_hash(token),
            official_id=official.id or 0,
            csrf_token=csrf_token,
            started_at=now,
            seen_at=now,
        )
    )
    work.audit(AuditEvent("session:start", detail={"login": login}))
    return SignedIn(token, csrf_token, official.password_is_one_time)


def note_failed_sign_in(work: UnitOfWork, login: str, *, address: str, key: str) -> None:
    """Count a failed sign-in and leave its trace."""
    AccountRepository(work.session).note_failure(_failure_keys(login, address, key), work.clock())
    work.audit(AuditEvent("session:refused"))


def note_locked_out(work: UnitOfWork) -> None:
    """Leave the trace of a sign-in that was not even tried."""
    work.audit(AuditEvent("session:locked_out"))


def note_refused_token(work: UnitOfWork, client_id: str) -> None:
    """Leave the trace of refused client credentials; an unknown id is not written down."""
    known = AccountRepository(work.session).client(client_id) is not None
    work.audit(AuditEvent("token:refused", detail={"client": client_id if known else ""}))


def _failure_keys(login: str, address: str, key: str) -> tuple[str, str]:
    return keyed_digest(key, "login", login), keyed_digest(key, "address", address)


def actor_of_session(
    work: UnitOfWork, token: str, *, idle: timedelta, lifetime: timedelta
) -> tuple[Actor, WebSession]:
    """The official behind a browser session.

    Raises:
        NotSignedIn: If the session is unknown, too old or too long unused.
    """
    accounts = AccountRepository(work.session)
    session = accounts.web_session(token_hash(token))
    now = work.clock()
    if session is None or now - session.seen_at > idle or now - session.started_at > lifetime:
        raise NotSignedIn("the session has ended; sign in again")
    official = accounts.official_by_id(session.official_id)
    if official is None or official.disabled_at is not None:
        raise NotSignedIn("the account is disabled")
    if now - session.seen_at >= min(SEEN_EVERY, idle / 2):
        seen = session.token_hash
        work.write_late(lambda write: AccountRepository(write).note_seen(seen, now))
    return actor_of(official, accounts.authority_by_id(official.authority_id)), session


def actor_of(official: Official, authority: Authority) -> Actor:
    """The official as the policy sees them; a one-time password opens nothing yet."""
    roles = frozenset(Role(role) for role in official.roles)
    return Actor(
        ActorKind.OFFICIAL,
        official.login,
        frozenset() if official.password_is_one_time else permissions_of(roles),
        authority.id,
        authority.code,
        authority.country,
        official.id,
    )


def sign_out(work: UnitOfWork, token: str) -> None:
    """End a browser session."""
    session = AccountRepository(work.session).web_session(token_hash(token))
    if session is not None:
        work.session.delete(session)
    work.audit(AuditEvent("session:end"))


def change_password(work: UnitOfWork, old: str, new: str, *, token: str) -> None:
    """Replace one's password; sessions other than that of the token end.

    Raises:
        BadInput: If the old one is wrong or the new one does not fit.
    """
    accounts = AccountRepository(work.session)
    official = accounts.official_by_id(work.actor.subject_id or 0)
    if official is None or not verify_password(old, official.password_hash):
        raise BadInput.of(FieldError("old_password", "is wrong"))
    if not MIN_LENGTH <= len(new) <= MAX_LENGTH or new == old:
        reason = f"needs {MIN_LENGTH} to {MAX_LENGTH} characters and differs from the old one"
        raise BadInput.of(FieldError("new_password", reason))
    official.password_hash = hash_password(new)
    official.password_is_one_time = False
    accounts.end_sessions(official.id or 0, keep=token_hash(token))
    work.audit(AuditEvent("account:change_password", detail={"login": official.login}))


def issue_token(
    work: UnitOfWork, client_id: str, secret: str, *, lifetime: timedelta, scope: str = ""
) -> tuple[str, list[str]]:
    """A bearer token for client credentials (RFC 6749, 4.4).

    Returns:
        The token and its scopes.

    Raises:
        NotSignedIn: If the credentials are wrong or revoked.
        BadInput: If a scope is asked for that the client lacks.
    """
    accounts = AccountRepository(work.session)
    client = accounts.client(client_id)
    right = same(token_hash(secret), client.secret_hash if client else token_hash(""))
    if client is None or not right or client.revoked_at is not None:
        raise NotSignedIn("client credentials are wrong")
    scopes = scope.split() or client.scopes
    if not set(scopes) <= set(client.scopes):
        raise BadInput.of(FieldError("scope", "holds a scope that the client lacks"))
    token, now = new_token(), work.clock()
    accounts.drop_expired_tokens(now)
    work.session.add(
        BearerToken(
            token_hash=token_hash(token),
            machine_client_id=client.id or 0,
            scopes=scopes,
            expires_at=now + lifetime,
        )
    )
    work.audit(AuditEvent("token:issue", detail={"client": client.client_id, "scopes": scopes}))
    return token, scopes


def actor_of_token(work: UnitOfWork, token: str) -> Actor:
    """The machine client behind a bearer token.

    Raises:
        NotSignedIn: If the token is unknown or expired, or its client revoked.
    """
    bearer = AccountRepository(work.session).bearer(token_hash(token))
    if bearer is None or bearer.expires_at <= work.clock():
        raise NotSignedIn("the token is unknown or has expired")
    if bearer.revoked_at is not None:
        raise NotSignedIn("the client is revoked")
    return Actor(
        ActorKind.CLIENT,
        f"client:{bearer.client_id}",
        frozenset(Permission(scope) for scope in bearer.scopes),
        bearer.authority_id,
        bearer.authority_code,
        bearer.authority_country,
        bearer.machine_client_id,
    )


def acting_for(work: UnitOfWork, actor: Actor, login: str) -> Actor:
    """A machine client that passes on what an official of its authority decided.

    The client may then do what both it and the official may.

    Raises:
        BadInput: If no official of the client's authority has this login.
    """
    official = AccountRepository(work.session).official(login)
    if (
        official is None
        or official.disabled_at is not None
        or official.authority_id != actor.authority_id
    ):
        raise BadInput.of(FieldError("X-Official", "is no official of your authority"))
    own = permissions_of(frozenset(Role(role) for role in official.roles))
    allowed = frozenset(p for p in actor.permissions if p not in DECISIONS or p in own)
    return replace(actor, name=f"{actor.name} for {login}", person=login, permissions=allowed)


def add_authority(work: UnitOfWork, draft: AuthorityIn) -> Authority:
    """Add an authority.

    Raises:
        Conflict: If the code is taken.
    """
    work.actor.require(Permission.ACCOUNT_ADMINISTER)
    if AccountRepository(work.session).has_authority(draft.code):
        raise Conflict("an authority has this code already")
    authority = Authority(**draft.model_dump(mode="json"))
    work.session.add(authority)
    work.session.flush()
    work.audit(AuditEvent("authority:add", detail={"code": draft.code}))
    return authority


def add_official(work: UnitOfWork, draft: OfficialIn) -> tuple[Official, str]:
    """Add an official.

    Returns:
        The official and the one-time password to hand over.

    Raises:
        Conflict: If the login is taken.
        BadInput: If the authority is unknown.
    """
    work.actor.require(Permission.ACCOUNT_ADMINISTER)
    accounts = AccountRepository(work.session)
    if accounts.official(draft.login) is not None:
        raise Conflict("an official has this login already")
    password = one_time_password()
    official = Official(
        authority_id=accounts.authority(draft.authority).id or 0,
        login=draft.login,
        name=draft.name,
        roles=[role.value for role in draft.roles],
        password_hash=hash_password(password),
    )
    work.session.add(official)
    work.session.flush()
    work.audit(AuditEvent("account:add", detail={"login": draft.login, "roles": official.roles}))
    return official, password


def disable_official(work: UnitOfWork, login: str) -> None:
    """Disable an account and end its sessions."""
    work.actor.require(Permission.ACCOUNT_ADMINISTER)
    official = _known(work, login)
    official.disabled_at = work.clock()
    AccountRepository(work.session).end_sessions(official.id or 0)
    work.audit(AuditEvent("account:disable", detail={"login": login}))


def reset_password(work: UnitOfWork, login: str) -> str:
    """Give an official a new one-time password and end their sessions."""
    work.actor.require(Permission.ACCOUNT_ADMINISTER)
    official, password = _known(work, login), one_time_password()
    if official.disabled_at is not None:
        raise Conflict("the account is disabled")
    official.password_hash = hash_password(password)
    official.password_is_one_time = True
    AccountRepository(work.session).end_sessions(official.id or 0)
    work.audit(AuditEvent("account:reset_password", detail={"login": login}))
    return password


def add_client(work: UnitOfWork, draft: ClientIn) -> tuple[MachineClient, str]:
    """Add a machine client.

    Returns:
        The client and its secret to hand over once.

    Raises:
        BadInput: If the authority is unknown or a scope is not for machines.
    """
    work.actor.require(Permission.ACCOUNT_ADMINISTER)
    if not set(draft.scopes) <= CLIENT_SCOPES:
        raise BadInput.of(FieldError("scopes", "holds a scope that is not for machines"))
    secret = new_token()
    client = MachineClient(
        authority_id=AccountRepository(work.session).authority(draft.authority).id or 0,
        client_id=f"client-{new_public_id()[:12]}",
        name=draft.name,
        secret_hash=token_hash(secret),
        scopes=[scope.value for scope in draft.scopes],
    )
    work.session.add(client)
    work.session.flush()
    work.audit(AuditEvent("client:add", detail={"client": client.client_id}))
    return client, secret


def revoke_client(work: UnitOfWork, client_id: str) -> None:
    """Revoke a machine client; its tokens end at once."""
    work.actor.require(Permission.ACCOUNT_ADMINISTER)
    accounts = AccountRepository(work.session)
    client = accounts.client(client_id)
    if client is None:
        raise BadInput.of(FieldError("client_id", "no client has this id"))
    client.revoked_at = work.clock()
    accounts.end_tokens(client.id or 0)
    work.audit(AuditEvent("client:revoke", detail={"client": client_id}))


def _known(work: UnitOfWork, login: str) -> Official:
    official = AccountRepository(work.session).official(login)
    if official is None:
        raise BadInput.of(FieldError("login", "no official has this login"))
    return official
