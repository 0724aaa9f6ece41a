"""Response headers, request ids, size limit and metrics as one ASGI middleware."""

from __future__ import annotations

import time

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import EmpdError, PayloadTooLarge
from service.identifiers import new_public_id
from service.observability import Metrics, log, place_of
from service.problems import problem_response

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""Nothing from another host, no inline script or style. `data:` images: Swagger UI's own icons."""
_STATIC = "/static/"
_TOO_LARGE = "the request body is larger than any case could need"


class GuardMiddleware:
    """Puts security headers on every answer and keeps personal data out of caches and logs."""

    def __init__(self, app: ASGIApp, metrics: Metrics, max_body_bytes: int) -> None:
        self._app = app
        self._metrics = metrics
        self._max_body = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Guard one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = new_public_id()
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        body = _LimitedBody(receive, self._max_body)
        answer = _GuardedAnswer(send, scope["path"], request_id, body)
        try:
            if _declared_length(scope) > self._max_body:
                body.too_large = True
            else:
                await self._app(scope, body, answer)
        except Exception as error:  # noqa: BLE001 - whatever nobody foresaw ends here
            # Not raised on: the server would write its text, which may hold what was typed.
            log().error("unexpected_error", error_class=type(error).__name__, where=place_of(error))
        finally:
            await answer.finish(scope, receive)
            self._note(scope, answer.status, time.perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        path = scope["path"]
        found = "/static" if path.startswith(_STATIC) else "unmatched"
        route = getattr(scope.get("route"), "path", found)
        self._metrics.requests.labels(scope["method"], route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        log().info(
            "request",
            method=scope["method"],
            route=route,
            status=status,
            seconds=round(seconds, 4),
        )


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


class _LimitedBody:
    """The body of a request; reading beyond the limit ends the request."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._left = limit
        self.too_large = False

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.too_large = True
            raise PayloadTooLarge(_TOO_LARGE)
        return message


class _GuardedAnswer:
    """The answer on its way out, with our headers; replaced when the body was too large."""

    def __init__(self, send: Send, path: str, request_id: str, body: _LimitedBody) -> None:
        self._send = send
        self._path = path
        self._request_id = request_id
        self._body = body
        self._started = False
        self.status = EmpdError.status

    async def __call__(self, message: Message) -> None:
        # What the framework makes of a body that broke off is not what went wrong.
        if not self._started and self._body.too_large:
            return
        await self._pass(message)

    async def _pass(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._started = True
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self._request_id
            guard_headers(headers, self._path)
        await self._send(message)

    async def finish(self, scope: Scope, receive: Receive) -> None:
        """Answer with a problem where the application gave none."""
        if not self._started:
            error = (
                PayloadTooLarge(_TOO_LARGE)
                if self._body.too_large
                else EmpdError("something went wrong on our side")
            )
            await problem_response(error)(scope, receive, self._pass)


def guard_headers(headers: MutableHeaders, path: str) -> None:
    """Put the security headers on an answer.

    Args:
        headers: Of the answer.
        path: That was asked for.
    """
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    headers["X-Content-Type-Options"] = "nosniff"
    # Not "no-referrer": browsers then send `Origin: null` with our own forms.
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if not path.startswith(_STATIC):
        headers["Cache-Control"] = "no-store"
