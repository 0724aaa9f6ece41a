"""Tables of authorities, officials, browser sessions, machine clients and their tokens."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column
from sqlmodel import Field

from service.store.base import Base, JsonColumn, UtcDateTime


class Authority(Base, table=True):
    """A body that owns cases, with the contact that others see before sharing."""

    __tablename__ = "authorities"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    name: str
    country: str
    kind: str
    email: str = ""
    phone: str = ""


class Official(Base, table=True):
    """A named person who acts for an authority."""

    __tablename__ = "officials"

    id: int | None = Field(default=None, primary_key=True)
    authority_id: int = Field(foreign_key="authorities.id", index=True)
    login: str = Field(unique=True)
    name: str
    roles: list[str] = Field(sa_column=Column(JsonColumn, nullable=False))
    password_hash: str
    password_is_one_time: bool = True
    disabled_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


class WebSession(Base, table=True):
    """A browser session; only the hash of its token is stored."""

    __tablename__ = "web_sessions"

    token_hash: str = Field(primary_key=True)
    official_id: int = Field(foreign_key="officials.id", index=True)
    csrf_token: str
    started_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    seen_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class SignInFailure(Base, table=True):
    """A failed sign-in, counted per login and per address; both only as digests."""

    __tablename__ = "sign_in_failures"

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(index=True)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class MachineClient(Base, table=True):
    """A partner system that asks for bearer tokens with its own credentials."""

    __tablename__ = "machine_clients"

    id: int | None = Field(default=None, primary_key=True)
    authority_id: int = Field(foreign_key="authorities.id", index=True)
    client_id: str = Field(unique=True)
    name: str
    secret_hash: str
    scopes: list[str] = Field(sa_column=Column(JsonColumn, nullable=False))
    revoked_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


class BearerToken(Base, table=True):
    """A short-lived token of a machine client; only its hash is stored."""

    __tablename__ = "bearer_tokens"

    token_hash: str = Field(primary_key=True)
    machine_client_id: int = Field(foreign_key="machine_clients.id", index=True)
    scopes: list[str] = Field(sa_column=Column(JsonColumn, nullable=False))
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
