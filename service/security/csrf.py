"""Forms are answered only when they come from our own pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request

from service.errors import Forbidden
from service.security.tokens import keyed_digest, same

CSRF_FIELD = "csrf_token"
CSRF_HEADER = "x-csrf-token"


def check_origin(request: Request) -> None:
    """Refuse a browser's request from another site.

    Raises:
        Forbidden: If the Origin header names another host.
    """
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        raise Forbidden("the request comes from another site")


def check_token(given: str, expected: str) -> None:
    """Refuse a form without its session's token.

    Raises:
        Forbidden: If the token differs.
    """
    if not same(given, expected):
        raise Forbidden("the form is out of date; load the page again")


def sign_in_token(key: str, nonce: str) -> str:
    """The token of the sign-in form, bound to a cookie since there is no session yet."""
    return keyed_digest(key, "sign-in", nonce)
