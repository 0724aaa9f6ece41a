"""Settings from the environment (prefix `EMPD_`); `empd settings` prints them."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal
from urllib.parse import urlsplit

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
    index: Literal["sql", "elastic"] = Field(
        default="sql",
        description="adapter of the candidate index: tables of the store, or Elasticsearch",
    )
    index_mirror: bool = Field(
        default=True,
        description="each worker keeps what the store holds of the index in memory, in step",
    )
    elastic_url: str = Field(
        default="http://127.0.0.1:9200",
        description="addresses of Elasticsearch nodes, separated by commas",
    )
    elastic_api_key: SecretStr = Field(
        default=SecretStr(""), description="API key for Elasticsearch, as `id:key` in base64"
    )
    elastic_user: str = Field(default="", description="user for Elasticsearch, without an API key")
    elastic_password: SecretStr = Field(default=SecretStr(""), description="password of that user")
    elastic_ca: str = Field(
        default="", description="file of the certificates that Elasticsearch's must be signed by"
    )
    elastic_fingerprint: str = Field(
        default="",
        description="SHA-256 of Elasticsearch's certificate, instead of a CA",
    )
    elastic_prefix: str = Field(
        default="empd",
        pattern=r"^[a-z][a-z0-9-]{0,40}$",
        description="begin of the names of indices and aliases; one for each installation",
    )
    elastic_shards: int = Field(
        default=1, ge=1, le=64, description="shards of the index; one serves 10 million cases"
    )
    elastic_replicas: int = Field(
        default=1, ge=0, le=5, description="copies of each shard on other nodes, once it is built"
    )
    elastic_search_seconds: float = Field(
        default=2.0, gt=0, description="a search that Elasticsearch has not answered by then failed"
    )
    elastic_write_seconds: float = Field(
        default=30.0, gt=0, description="the same for one batch of writes"
    )
    elastic_admin_seconds: float = Field(
        default=60.0, gt=0, description="the same for creating, refreshing and swapping an index"
    )
    elastic_fallback: bool = Field(
        default=True,
        description="keep the postings in the store too; they answer while Elasticsearch is away",
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

    @field_validator("elastic_url")
    @classmethod
    def _addresses(cls, text: str) -> str:
        for url in text.split(","):
            parts = urlsplit(url.strip())
            if parts.scheme not in {"http", "https"} or not parts.hostname:
                raise ValueError("is no list of http or https addresses")
            if parts.username or parts.password:
                # It would stand in the clear wherever settings are shown.
                raise ValueError("holds a password: EMPD_ELASTIC_PASSWORD is the place for it")
        return text

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

    @model_validator(mode="after")
    def _one_way_to_sign_in(self) -> Settings:
        if self.elastic_api_key.get_secret_value() and self.elastic_user:
            raise ValueError("set EMPD_ELASTIC_API_KEY or EMPD_ELASTIC_USER, not both")
        secret = self.elastic_api_key.get_secret_value() or self.elastic_user
        if self.environment == "production" and self.index == "elastic":
            if not secret:
                raise ValueError("production needs EMPD_ELASTIC_API_KEY or EMPD_ELASTIC_USER")
            if any(not url.startswith("https://") for url in self.elastic_urls):
                raise ValueError("EMPD_ELASTIC_URL must be https in production")
        return self

    @property
    def elastic_urls(self) -> list[str]:
        """Addresses of the Elasticsearch nodes."""
        return [url.strip() for url in self.elastic_url.split(",") if url.strip()]

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies are marked Secure."""
        return self.environment == "production" or self.public_url.startswith("https://")
