"""A served application on a fresh store, and a real browser that reports what it blocks."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from service.accounts.operations import add_authority, add_official
from service.accounts.schemas import AuthorityIn, AuthorityKind, OfficialIn
from service.app import create_app
from service.config import Settings
from service.security.policy import Role, operator
from service.store.engine import make_engine
from service.store.migrate import upgrade
from service.store.unit_of_work import unit_of_work

NOW = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
PATIENCE = timedelta(seconds=20)
AUTHORITIES = (
    ("BE-CHILD", "BE", AuthorityKind.CHILD_PROTECTION),
    ("DE-POL", "DE", AuthorityKind.POLICE),
)
OFFICIALS = (
    ("officer.be", "BE-CHILD", Role.CHILD_PROTECTION_OFFICER),
    ("supervisor.be", "BE-CHILD", Role.SUPERVISOR),
    ("investigator.de", "DE-POL", Role.INVESTIGATOR),
    ("auditor.be", "BE-CHILD", Role.AUDITOR),
)
CHROMIUM_ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)


@dataclass(frozen=True)
class Site:
    """The address of a served EMPD and the one-time passwords of its officials."""

    url: str
    passwords: dict[str, str]


def _clock() -> datetime:
    return NOW


def _people(settings: Settings) -> dict[str, str]:
    engine = make_engine(settings.database_url)
    upgrade(engine)
    passwords = {}
    with unit_of_work(engine, operator("test"), clock=_clock) as work:
        for code, country, kind in AUTHORITIES:
            email = f"desk@{code.lower()}.example"
            draft = AuthorityIn(
                code=code, name=f"{code} (fictional)", country=country, kind=kind, email=email
            )
            add_authority(work, draft)
        for login, code, role in OFFICIALS:
            draft_official = OfficialIn(authority=code, login=login, name=login, roles=[role])
            passwords[login] = add_official(work, draft_official)[1]
    engine.dispose()
    return passwords


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """EMPD served on a free port, with a store of its own."""
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'site.sqlite3'}")
    passwords = _people(settings)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    app = create_app(settings, clock=_clock)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    deadline = time.monotonic() + PATIENCE.total_seconds()
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.started, "the application did not start"
    yield Site(f"http://127.0.0.1:{listening.getsockname()[1]}", passwords)
    server.should_exit = True
    thread.join(PATIENCE.total_seconds())
    listening.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the run; its absence is a failure, never a skip."""
    path = os.environ.get("EMPD_TEST_CHROMIUM") or shutil.which("chromium")
    assert path, "Chromium is missing: install it, or name one in EMPD_TEST_CHROMIUM"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_ARGS))
        yield browser
        browser.close()


@dataclass
class Visitor:
    """One person's browser window on a site, and every complaint the browser made."""

    site: Site
    page: Page
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Open an address of the site."""
        self.page.goto(self.site.url + path)

    def sign_in(self, login: str, password: str) -> None:
        """Sign in with the form."""
        self.go("/sign-in")
        self.page.get_by_label("Login").fill(login)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()

    def begin(self, login: str) -> None:
        """Sign in for the first time and choose a password."""
        old, new = self.site.passwords[login], "a-long-enough-password"
        self.sign_in(login, old)
        self.page.get_by_label("Present password").fill(old)
        self.page.get_by_label("New password").fill(new)
        self.page.get_by_role("button", name="Change password").click()
        self.page.wait_for_url(f"{self.site.url}/")
        self.site.passwords[login] = new

    def note(self, message: ConsoleMessage) -> None:
        """Keep what the console says is wrong, such as a blocked style or script."""
        refused = "Failed to load resource: the server responded with a status of"
        if message.type in {"error", "warning"} and not message.text.startswith(refused):
            self.complaints.append(message.text)


def _visitor(site: Site, chromium: Browser, *, scripts: bool) -> Iterator[Visitor]:
    context = chromium.new_context(java_script_enabled=scripts, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(PATIENCE / timedelta(milliseconds=1))
    visitor = Visitor(site, page, context)
    page.on("console", visitor.note)
    page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    yield visitor
    context.close()
    assert visitor.complaints == []


@pytest.fixture
def visitor(site: Site, chromium: Browser) -> Iterator[Visitor]:
    """A visitor; whatever the browser blocked or complained of fails the test."""
    yield from _visitor(site, chromium, scripts=True)


@pytest.fixture
def plain_visitor(site: Site, chromium: Browser) -> Iterator[Visitor]:
    """A visitor without JavaScript."""
    yield from _visitor(site, chromium, scripts=False)
