#!/usr/bin/env python3
"""Take the pictures of the README from a throw-away demo: the comparison and the search.

Needs the environment of scripts/test, Chromium, and EMPD_DATABASE_URL of a loaded demo.
"""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from pathlib import Path

import uvicorn
from playwright.sync_api import Page, sync_playwright

from service.accounts.operations import reset_password
from service.app import create_app
from service.cli.context import open_context

FIGURES = Path(__file__).resolve().parent.parent / "docs" / "figures"
LOGIN = "officer.be"
WINDOW = {"width": 1180, "height": 900}
START_SECONDS = 20


def main() -> None:
    """Serve the demo, sign in, and take both pictures."""
    with open_context() as context, context.work() as work:
        password = reset_password(work, LOGIN)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(), log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.05)
    browser_path = os.environ.get("EMPD_TEST_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport=WINDOW)  # type: ignore[arg-type]  # a plain dict of its form
        _sign_in(page, f"http://127.0.0.1:{listening.getsockname()[1]}", password)
        FIGURES.mkdir(parents=True, exist_ok=True)
        _comparison(page)
        _search(page)
        browser.close()
    server.should_exit = True
    thread.join(START_SECONDS)


def _sign_in(page: Page, base: str, password: str) -> None:
    page.goto(f"{base}/sign-in")
    page.get_by_label("Login").fill(LOGIN)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Present password").fill(password)
    page.get_by_label("New password").fill(f"{password}-chosen")
    page.get_by_role("button", name="Change password").click()


def _comparison(page: Page) -> None:
    page.get_by_role("link", name="Possible links", exact=True).click()
    page.locator("tbody a").first.click()
    page.screenshot(path=FIGURES / "alert.png", full_page=True)


def _search(page: Page) -> None:
    page.get_by_role("link", name="Search", exact=True).click()
    page.get_by_label("Purpose", exact=False).first.select_option("missing_child_search")
    page.get_by_label("Your case reference").fill("BE/26/0042")
    page.get_by_label("Name, any spelling or script").fill("Muhamad Huseyni")
    page.get_by_label("Date of birth").first.fill("2009")
    page.get_by_role("button", name="Search").click()
    page.screenshot(path=FIGURES / "search.png", full_page=False)


if __name__ == "__main__":
    main()
