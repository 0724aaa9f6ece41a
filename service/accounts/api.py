"""HTTP for machine clients: client credentials (RFC 6749, section 4.4)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel

from service.accounts.operations import issue_token, note_refused_token
from service.dependencies import AppParts, open_work
from service.errors import BadInput, FieldError, NotSignedIn

router = APIRouter(tags=["tokens"])


class TokenOut(BaseModel):
    """A bearer token; `expires_in` in seconds."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105 - the type's name in RFC 6750
    expires_in: int
    scope: str


@router.post("/oauth/token")
def token(
    grant_type: Annotated[str, Form()],
    client_id: Annotated[str, Form()],
    client_secret: Annotated[str, Form()],
    request: Request,
    parts: AppParts,
    scope: Annotated[str, Form()] = "",
) -> TokenOut:
    """Issue a short-lived bearer token; a refusal leaves its trace in a transaction of its own."""
    if grant_type != "client_credentials":
        raise BadInput.of(FieldError("grant_type", "must be client_credentials"))
    lifetime = parts.settings.token_lifetime
    try:
        with open_work(request, parts) as work:
            issued, scopes = issue_token(
                work, client_id, client_secret, lifetime=lifetime, scope=scope
            )
    except NotSignedIn:
        with open_work(request, parts) as work:
            note_refused_token(work, client_id)
        raise
    return TokenOut(
        access_token=issued, expires_in=int(lifetime.total_seconds()), scope=" ".join(scopes)
    )
