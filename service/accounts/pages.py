"""Pages to sign in and out and to change one's password; the home page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Cookie, Request, Response

from service.accounts.operations import (
    change_password,
    note_failed_sign_in,
    note_locked_out,
    sign_in,
    sign_out,
)
from service.alerts.reading import read_queue
from service.audit.schemas import AuditEvent
from service.cases.repository import CaseRepository
from service.cases.schemas import CaseOut
from service.cases.view import case_view
from service.dependencies import SESSION_COOKIE, AppParts, Form, SignedInPage, open_work
from service.errors import BadInput, NotSignedIn, TooManyAttempts
from service.risk.api import read_flags
from service.security.csrf import CSRF_FIELD, check_origin, check_token, sign_in_token
from service.security.policy import Permission
from service.security.tokens import new_token
from service.web.forms import text
from service.web.rendering import redirect, render

router = APIRouter(include_in_schema=False)

NONCE_COOKIE = "empd_sign_in"
NEWEST_CASES = 15
SHOWN_ALERTS = 10
SHOWN_FLAGS = 10


@router.get("/sign-in")
def sign_in_form(parts: AppParts) -> Response:
    """The form; its token is bound to a cookie, since there is no session yet."""
    return _sign_in_page(parts, "")


def _sign_in_page(parts: AppParts, message: str, status: int = 200) -> Response:
    nonce = new_token()
    token = sign_in_token(parts.settings.secret_key.get_secret_value(), nonce)
    response = render("sign_in.html", None, status=status, token=token, message=message)
    response.set_cookie(
        NONCE_COOKIE,
        nonce,
        httponly=True,
        samesite="strict",
        secure=parts.settings.secure_cookies,
        path="/sign-in",
    )
    return response


@router.post("/sign-in")
def sign_in_post(
    request: Request,
    parts: AppParts,
    form: Form,
    empd_sign_in: Annotated[str, Cookie()] = "",
) -> Response:
    """Start a session; a failure is counted in a transaction of its own."""
    key = parts.settings.secret_key.get_secret_value()
    check_origin(request)
    check_token(text(form, CSRF_FIELD), sign_in_token(key, empd_sign_in))
    login, address = text(form, "login"), request.client.host if request.client else ""
    try:
        with open_work(request, parts) as work:
            started = sign_in(work, login, str(form.get("password", "")), address=address, key=key)
    except NotSignedIn as error:
        with open_work(request, parts) as work:
            note_failed_sign_in(work, login, address=address, key=key)
        return _sign_in_page(parts, error.detail, error.status)
    except TooManyAttempts as error:
        with open_work(request, parts) as work:
            note_locked_out(work)
        return _sign_in_page(parts, error.detail, error.status)
    response = redirect("/password" if started.must_change_password else "/")
    response.set_cookie(
        SESSION_COOKIE,
        started.token,
        httponly=True,
        samesite="strict",
        secure=parts.settings.secure_cookies,
    )
    return response


@router.post("/sign-out")
def sign_out_post(page: SignedInPage, empd_session: Annotated[str, Cookie()] = "") -> Response:
    """End the session."""
    sign_out(page.work, empd_session)
    response = redirect("/sign-in")
    response.delete_cookie(SESSION_COOKIE)
    return response


@router.get("/password")
def password_form(page: SignedInPage) -> Response:
    """The form to change one's password."""
    page.work.audit(AuditEvent("account:password_form"))
    return render("password.html", page, errors=())


@router.post("/password")
def password_post(
    page: SignedInPage, form: Form, empd_session: Annotated[str, Cookie()] = ""
) -> Response:
    """Change one's password."""
    old, new = str(form.get("old_password", "")), str(form.get("new_password", ""))
    try:
        change_password(page.work, old, new, token=empd_session)
    except BadInput as error:
        page.work.audit(AuditEvent("account:password_refused"))
        return render("password.html", page, status=error.status, errors=error.errors)
    return redirect("/")


@router.get("/")
def home(page: SignedInPage) -> Response:
    """Newest cases of one's authority, what waits for a decision."""
    work = page.work
    if not work.actor.permissions:
        work.audit(AuditEvent("home:refused"))
        return redirect("/password")
    cases: list[CaseOut] | None = None
    alerts, flags = None, None
    if work.actor.may(Permission.CASE_READ):
        repository = CaseRepository(work.session, work.actor)
        today = work.clock().date()
        found = repository.newest(limit=NEWEST_CASES)
        cases = [case_view(repository, item, today) for item in found]
        work.audit(AuditEvent("case:list", case_ids=tuple(case.case_id for case in cases)))
    if work.actor.may(Permission.ALERT_READ):
        alerts = read_queue(work, statuses=[], bands=[], limit=SHOWN_ALERTS).alerts
    if work.actor.may(Permission.RISK_READ):
        flags = read_flags(work, status="open", limit=SHOWN_FLAGS).flags
    work.audit(AuditEvent("home:read"))
    return render("home.html", page, cases=cases, alerts=alerts, flags=flags)
