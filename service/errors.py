"""The one exception tree; HTTP shows it as RFC 9457 problem+json, the CLI as one line.

    EmpdError
    |-- BadInput             422  a value is wrong; names field (and row)
    |   `-- PurposeRequired  422  purpose or case reference is missing
    |-- NotSignedIn          401
    |-- Forbidden            403
    |-- NotFound             404  unknown, or not to be known by this actor
    |-- Conflict             409  the state does not allow it
    |-- TooManyAttempts      429
    |-- PayloadTooLarge      413
    |-- AuditMissing         500  an access would have left no trace: it is refused
    `-- Unavailable          503
        |-- StoreBusy        503
        |-- IndexUnavailable 503
        |   `-- IndexLags    503  it answers, but has not seen the newest cases yet
        `-- IndexNotReady    503

Details are written for the reader and never hold personal data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

RETRY_AFTER_SECONDS = 5
"""Told with 503: longer than an index rebuild's swap, short enough for a waiting officer."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong value, by its place, never by its content."""

    field: str
    reason: str
    row: int | None = None

    def as_json(self) -> dict[str, str | int]:
        """The error as it stands in problem+json."""
        body: dict[str, str | int] = {"field": self.field, "reason": self.reason}
        if self.row is not None:
            body["row"] = self.row
        return body

    def __str__(self) -> str:
        where = self.field if self.row is None else f"row {self.row}, {self.field}"
        return f"{where}: {self.reason}"


class EmpdError(Exception):
    """Root of all errors that EMPD raises on purpose."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors

    def problem(self) -> dict[str, object]:
        """The error as an RFC 9457 problem object."""
        body: dict[str, object] = {
            "type": f"urn:empd:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = [item.as_json() for item in self.errors]
        return body


class BadInput(EmpdError):
    """A value is wrong; nothing was stored."""

    status = 422
    code = "bad_input"
    title = "Bad input"

    @classmethod
    def of(cls, *errors: FieldError) -> BadInput:
        """Make the error whose detail lists the wrong fields."""
        return cls("; ".join(str(item) for item in errors), tuple(errors))


class PurposeRequired(BadInput):
    """An access to persons was asked for without purpose or case reference."""

    code = "purpose_required"
    title = "Purpose and case reference are required"


class NotSignedIn(EmpdError):
    """No valid session or token came with the request."""

    status = 401
    code = "not_signed_in"
    title = "Not signed in"


class Forbidden(EmpdError):
    """The actor's role or authority does not allow it."""

    status = 403
    code = "forbidden"
    title = "Forbidden"


class NotFound(EmpdError):
    """Unknown, or not to be known by this actor."""

    status = 404
    code = "not_found"
    title = "Not found"


class Conflict(EmpdError):
    """The state of what is addressed does not allow it."""

    status = 409
    code = "conflict"
    title = "Conflict"


class TooManyAttempts(EmpdError):
    """Too many failed sign-ins; wait."""

    status = 429
    code = "too_many_attempts"
    title = "Too many attempts"


class PayloadTooLarge(EmpdError):
    """The request body is larger than any case could need."""

    status = 413
    code = "payload_too_large"
    title = "Payload too large"


class AuditMissing(EmpdError):
    """An access would have left no audit row; it is refused."""

    code = "audit_missing"
    title = "Access refused: it could not be logged"


class Unavailable(EmpdError):
    """A part that the answer needs does not answer."""

    status = 503
    code = "unavailable"
    title = "Unavailable"


class StoreBusy(Unavailable):
    """The database is locked or away."""

    code = "store_busy"


class IndexUnavailable(Unavailable):
    """The index of candidates does not answer."""

    code = "index_unavailable"


class IndexLags(IndexUnavailable):
    """The index of candidates answers, but has not seen the newest cases yet."""

    code = "index_lags"


class IndexNotReady(Unavailable):
    """The index of candidates is not built yet."""

    code = "index_not_ready"
