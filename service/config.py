"""Settings from the environment (prefix `EMPD_`); `empd settings` prints them."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

DEVELOPMENT_SECRET = "development-only"  # noqa: S105 - a marker that production refuses


class Settings(BaseSettings):
    """All settings of the service, each with meaning and default."""

    model_config = SettingsConfigDict(env_prefix="EMPD_", extra="ignore")

    environment: Literal["development", "production"] = Field(
        default="development",
        description="production refuses default secrets and plain HTTP cookies",
    )
    database_url: str = Field(
        default="sqlite:///var/empd.sqlite3",
        description="SQLAlchemy address of the store: SQLite file or postgresql+psycopg",
    )
    index: Literal["sql"] = Field(default="sql", description="adapter of the candidate index")
    index_mirror: bool = Field(
        default=True,
        description="each worker keeps the index in memory, in step with its tables, for speed",
    )
    profile: str = Field(
        default="", description="file of the profile to score with; empty: the shipped one"
    )
    secret_key: SecretStr = Field(
        default=SecretStr(DEVELOPMENT_SECRET),
        description="keys sign-in forms and pseudonymous reference numbers",
    )
    public_url: str = Field(
        default="http://127.0.0.1:8000", description="address under which others reach EMPD"
    )
    session_idle: timedelta = Field(
        default=timedelta(minutes=30), description="a browser session ends after this long unused"
    )
    session_lifetime: timedelta = Field(
        default=timedelta(hours=10), description="a browser session ends after one working day"
    )
    token_lifetime: timedelta = Field(
        default=timedelta(minutes=15), description="a bearer token ends after this long"
    )
    candidate_limit: int = Field(
        default=200,
        ge=10,
        le=5000,
        description="candidates scored for one search at least; more from 160,000 cases on",
    )
    alert_candidate_limit: int = Field(
        default=100, ge=10, le=5000, description="the same when a case is registered"
    )
    max_body_bytes: int = Field(
        default=1_000_000, ge=10_000, description="largest request body that is read"
    )
    log_format: Literal["console", "json"] = Field(
        default="console", description="form of the log lines on stderr"
    )

    @model_validator(mode="after")
    def _refuse_default_secret(self) -> Settings:
        if self.environment == "production" and (
            self.secret_key.get_secret_value() == DEVELOPMENT_SECRET
        ):
            raise ValueError("EMPD_SECRET_KEY must be set in production")
        return self

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, text: str) -> str:
        try:
            address = make_url(text)
        except ArgumentError:
            raise ValueError("is no SQLAlchemy address") from None
        if address.drivername not in {"sqlite", "postgresql+psycopg"}:
            raise ValueError("names neither sqlite nor postgresql+psycopg")
        return text

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies are marked Secure."""
        return self.environment == "production" or self.public_url.startswith("https://")
