"""The main journeys in a real browser, with and without JavaScript."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Site, Visitor

pytestmark = pytest.mark.browser


def report(visitor: Visitor) -> None:
    """File a missing-person report as the German investigator."""
    page = visitor.page
    visitor.begin("investigator.de")
    page.get_by_role("link", name="Register").click()
    page.get_by_label("Kind of case").select_option("missing")
    page.get_by_label("Given name").fill("زمری")
    page.get_by_label("Family name").fill("ستانکزی")
    page.get_by_label("Date of birth").fill("2010-05-17")
    page.get_by_label("Sex").select_option("M")
    page.get_by_label("Nationality as claimed").fill("AF")
    page.get_by_label("Mother's name").fill("Torpekai")
    page.get_by_label("Country", exact=False).last.fill("DE")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("زمری")
    page.get_by_role("button", name="Sign out").click()


def meet(visitor: Visitor, name: str = "Zamarai Stanekzai", born: str = "2010-01-01") -> None:
    """Register the child as the Belgian officer."""
    page = visitor.page
    visitor.begin("officer.be")
    page.get_by_role("link", name="Register").click()
    page.get_by_label("Kind of case").select_option("encountered")
    page.get_by_label("Whole name 1").fill(name)
    page.get_by_label("Date of birth").fill(born)
    page.get_by_label("Sex").select_option("M")
    page.get_by_label("Nationality as claimed").fill("AF")
    page.get_by_label("Mother's name").fill("Torpekay")
    page.get_by_role("button", name="Register").click()


def decide(page: Page, verdict: str, reason: str) -> None:
    page.get_by_label(verdict).check()
    page.get_by_label("Reason", exact=True).fill(reason)
    page.get_by_role("button", name="Decide").click()


def main_journey(visitor: Visitor) -> None:
    report(visitor)
    meet(visitor)
    page = visitor.page
    expect(page.get_by_text("Possible match")).to_be_visible()
    page.get_by_role("link", name=re.compile("Possible match")).click()
    expect(page.get_by_role("heading", name="Compare two cases")).to_be_visible()
    expect(page.get_by_text("withheld by the owner").first).to_be_visible()
    expect(page.locator("svg rect.total")).to_have_count(1)
    decide(page, "the same person", "mother's name agrees")
    expect(page.get_by_text("mother's name agrees")).to_be_visible()
    page.get_by_role("link", name="Cases confirmed to be this person").click()
    expect(page.get_by_role("heading", name="Cases confirmed to be one person")).to_be_visible()
    expect(page.locator(".sides section")).to_have_count(2)
    page.go_back()
    page.get_by_label("Reason to withdraw").fill("decided too early")
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_text("Withdrawn by officer.be")).to_be_visible()
    expect(page.get_by_role("button", name="Decide")).to_be_visible()


def test_register_compare_decide_withdraw(visitor: Visitor) -> None:
    main_journey(visitor)


def test_the_same_without_javascript(plain_visitor: Visitor) -> None:
    main_journey(plain_visitor)


def test_a_single_name_and_a_year_are_enough(visitor: Visitor) -> None:
    meet(visitor, "Selam", "2009")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Selam")
    expect(visitor.page.get_by_text("None found.")).to_be_visible()


def test_a_bad_date_keeps_what_was_typed(visitor: Visitor) -> None:
    meet(visitor, "Selam", "2009-02-31")
    page = visitor.page
    expect(page.get_by_role("alert")).to_contain_text("births")
    expect(page.get_by_label("Whole name 1")).to_have_value("Selam")
    expect(page.get_by_label("Date of birth")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Date of birth").fill("2009-02")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Selam")


def test_search_by_a_misspelt_name(visitor: Visitor) -> None:
    meet(visitor)
    page = visitor.page
    page.get_by_role("link", name="Search").click()
    page.get_by_label("Name, any spelling or script").fill("Zmaray Stanikzay")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("alert")).to_contain_text("purpose")
    page.get_by_label("Purpose").select_option("missing_child_search")
    page.get_by_label("Your case reference").fill("BE/26/0042")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", name="1 hits")).to_be_visible()
    expect(page.locator(".hit").first).to_contain_text("Zamarai Stanekzai")
    expect(page.get_by_role("img", name=re.compile("Waterfall"))).to_be_visible()
    expect(page.get_by_role("table")).to_contain_text("name")
    assert "Zmaray" not in page.url


def test_signing_in_by_keyboard_alone(visitor: Visitor, site: Site) -> None:
    page = visitor.page
    visitor.go("/sign-in")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.get_by_label("Login").focus()
    page.keyboard.type("auditor.be")
    page.keyboard.press("Tab")
    page.keyboard.type(site.passwords["auditor.be"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Change password")).to_be_visible()


def test_a_wrong_password_and_no_session(visitor: Visitor) -> None:
    visitor.go("/alerts")
    expect(visitor.page.get_by_role("heading", name="Sign in")).to_be_visible()
    visitor.sign_in("officer.be", "not the password")
    expect(visitor.page.get_by_role("alert")).to_contain_text("wrong")


def test_every_page_that_a_role_is_offered_opens(visitor: Visitor) -> None:
    visitor.begin("supervisor.be")
    links = visitor.page.get_by_role("navigation").get_by_role("link").all()
    paths = [link.get_attribute("href") or "" for link in links]
    assert {"/search", "/cases/new", "/alerts", "/risk", "/follow-ups"} <= set(paths)
    for path in paths:
        visitor.go(path)
        expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()
        expect(visitor.page).to_have_title(re.compile(".+ – EMPD"))


def test_indicators_are_answered(visitor: Visitor) -> None:
    meet(visitor, "Selam", "2010")
    page = visitor.page
    page.get_by_role("link", name="Indicator matrix and signs").click()
    page.get_by_text("Exploitation: insufficient data").click()
    page.get_by_label("Answer to Excessive working days or hours").select_option("yes")
    page.get_by_label("Answer to Hazardous work").select_option("yes")
    page.get_by_role("button", name="Save the answers").click()
    expect(page.get_by_text("Exploitation: positive")).to_be_visible()
    expect(page.get_by_text("A reason to look, not a verdict")).to_be_visible()


def test_the_interface_description_renders(visitor: Visitor) -> None:
    visitor.go("/docs")
    expect(visitor.page.get_by_text("/api/v1/search").first).to_be_visible()


def test_no_foreign_host_is_asked(visitor: Visitor) -> None:
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    visitor.begin("officer.be")
    assert asked
    assert all(url.startswith((visitor.site.url, "data:")) for url in asked)
