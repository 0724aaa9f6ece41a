"""A served application in this process, with officials and machine clients."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from service.accounts.operations import add_client, add_official
from service.accounts.schemas import ClientIn, OfficialIn
from service.app import create_app
from service.config import Settings
from service.security.csrf import CSRF_FIELD
from service.security.policy import CLIENT_SCOPES, Permission, Role
from tests.conftest import World, clock

PASSWORD = "a long synthetic password"


class Client:
    """A partner system or a browser of one authority."""

    def __init__(self, http: TestClient, token: str, official: str) -> None:
        self.http = http
        self.headers = {"Authorization": f"Bearer {token}", "X-Official": official}

    def get(self, path: str, status: int = 200, **options: Any) -> Any:
        headers = {**self.headers, **options.pop("headers", {})}
        return self._answer(self.http.get(path, headers=headers, **options), status)

    def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        return self._answer(self.http.post(path, json=body, headers=self.headers), status)

    def patch(self, path: str, body: Any, status: int = 200) -> Any:
        return self._answer(self.http.patch(path, json=body, headers=self.headers), status)

    def put(self, path: str, body: Any, status: int = 200) -> Any:
        return self._answer(self.http.put(path, json=body, headers=self.headers), status)

    def register(self, body: dict[str, Any]) -> Any:
        return self.post("/api/v1/cases", body, 201)

    @staticmethod
    def _answer(answer: Any, status: int) -> Any:
        assert answer.status_code == status, (answer.status_code, answer.text[:500])
        if status >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
        return answer.json() if answer.content else None


def csrf(browser: TestClient, path: str) -> str:
    """The token of the form on a page."""
    found = re.search(rf'name="{CSRF_FIELD}" value="([^"]+)"', browser.get(path).text)
    assert found, path
    return found[1]


class Served:
    """The application with a way to speak to it as anyone."""

    def __init__(self, world: World, http: TestClient) -> None:
        self.world = world
        self.logins: set[str] = set()
        self.http = http

    def browser(self, authority: str, login: str, *roles: Role) -> TestClient:
        """A browser of an official who has chosen the password."""
        return self.sign_in(login, self.official(authority, login, *roles), choose=PASSWORD)

    def sign_in(self, login: str, password: str, *, choose: str = "") -> TestClient:
        """A browser that is signed in; with `choose`, after replacing the one-time password."""
        browser = TestClient(self.http.app, headers={"Origin": "http://testserver"})
        form = {CSRF_FIELD: csrf(browser, "/sign-in"), "login": login, "password": password}
        answer = browser.post("/sign-in", data=form, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        if choose:
            form = {
                CSRF_FIELD: csrf(browser, "/password"),
                "old_password": password,
                "new_password": choose,
            }
            assert browser.post("/password", data=form).status_code == 200
        return browser

    def client(self, authority: str, *scopes: Permission) -> Client:
        draft = ClientIn(
            authority=authority, name="Partner (fictional)", scopes=list(scopes or CLIENT_SCOPES)
        )
        with self.world.work() as work:
            client, secret = add_client(work, draft)
            client_id = client.client_id
        login = f"official.{authority.lower()}"
        if login not in self.logins:
            self.logins.add(login)
            self.official(authority, login, Role.SUPERVISOR)
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret,
        }
        answer = self.http.post("/oauth/token", data=form)
        assert answer.status_code == 200, answer.text
        return Client(self.http, answer.json()["access_token"], login)

    def official(self, authority: str, login: str, *roles: Role) -> str:
        """Make an official; returns the one-time password."""
        draft = OfficialIn(
            authority=authority,
            login=login,
            name="An Example",
            roles=list(roles or (Role.INVESTIGATOR,)),
        )
        with self.world.work() as work:
            return add_official(work, draft)[1]


@pytest.fixture
def served(engine: Engine, world: World) -> Iterator[Served]:
    settings = Settings(database_url="sqlite://", public_url="http://testserver")
    with TestClient(create_app(settings, engine=engine, clock=clock)) as http:
        yield Served(world, http)


@pytest.fixture
def report() -> dict[str, Any]:
    return {
        "kind": "missing",
        "record_id": "M-1",
        "names": [
            {"parts": [{"text": "زمری", "kind": "given"}, {"text": "ستانکزی", "kind": "family"}]}
        ],
        "births": [{"date": "2010-05-17"}],
        "sex": "M",
        "nationalities": ["AFG"],
        "relatives": [{"relation": "mother", "name": "Torpekai"}],
        "events": [
            {"kind": "disappearance", "date": "2026-03-02", "country": "DE", "place": "Kassel"}
        ],
    }


@pytest.fixture
def child() -> dict[str, Any]:
    return {
        "kind": "encountered",
        "record_id": "E-1",
        "names": ["Zamarai Stanekzai"],
        "births": [{"date": "2010-01-01"}],
        "sex": "M",
        "nationalities": ["AF"],
        "relatives": [{"relation": "mother", "name": "Torpekay"}],
        "events": [{"kind": "encounter", "date": "2026-04-11", "country": "BE", "place": "Brugge"}],
    }
