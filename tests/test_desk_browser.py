"""Reviewers and staff in a browser: journeys, axe-core, both widths, with and without keys."""

from __future__ import annotations

import os
import pathlib
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import desk_samples
import pytest
import sqlalchemy as sa
import test_buyers
import test_coming_pages
import web_app
from axe import violations
from browsing import served
from playwright.sync_api import Browser, BrowserContext, Page, expect
from web_app import NOW

from crawler.relevance.bands import doubt
from crawler.store import requests, reviews
from crawler.store.tables import reviews as decisions

FTS = "find-a-tender"


class Site:
    """A served app and its database."""

    def __init__(self, base: str, engine: sa.Engine) -> None:
        self.base = base
        self.engine = engine

    def link(self) -> str:
        """The link in the newest mail to sign in."""
        found = re.search(rf"{self.base}/sign-in/\S+", web_app.queued(self.engine, "sign-in")[-1])
        assert found
        return found[0]


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[Site]:
    with served(tmp_path, deliver=lambda *_: None) as (settings, engine):
        yield Site(settings.base_url, engine)


def signed_in(site: Site, context: BrowserContext, role: str) -> tuple[Page, list[str]]:
    """A page of somebody who has signed in by the mail in the outbox, and what it logged."""
    person = web_app.user(site.engine, role)
    page, said = context.new_page(), list[str]()
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{site.base}/review")
    page.get_by_label("Your email address").fill(person.email)
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your email")
    page.goto(site.link())
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{site.base}/review")
    return page, said


def kept(site: Site) -> int:
    with site.engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(decisions)).scalar_one()


def test_a_reviewer_decides_ten_by_keyboard_and_undoes(site: Site, browser: Browser) -> None:
    for number in range(1, 12):
        desk_samples.unsure(site.engine, number)
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, said = signed_in(site, context, "reviewer")
    for count, keys in enumerate(("a", "r", "1l", "4l", "2l", "a", "r", "3l", "a", "a"), 1):
        before = page.locator("h1").inner_text()
        for key in keys:
            page.keyboard.press(key)
        expect(page.locator("h1")).not_to_have_text(before)
        assert kept(site) == count
    page.keyboard.press("n")
    page.keyboard.type("aru")  # typing in the note decides nothing
    assert kept(site) == 10
    page.keyboard.press("Escape")
    for count in (9, 8):
        page.keyboard.press("u")
        expect(page.get_by_role("status")).to_contain_text("Undone")
        page.wait_for_load_state()
        assert kept(site) == count
        page.goto(f"{site.base}/review")
    page.get_by_role("button", name="Keys are on").click()
    page.locator("h1").click()
    page.keyboard.press("a")
    assert kept(site) == 8
    with site.engine.connect() as connection:
        assert reviews.to_review(connection, doubt, NOW, 9).total == 3
    assert said == []
    context.close()


def test_a_reviewer_works_without_javascript(site: Site, browser: Browser) -> None:
    desk_samples.unsure(site.engine)
    context = browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 900})
    page, _ = signed_in(site, context, "reviewer")
    page.get_by_label("Arts and culture").last.check()
    page.locator("summary", has_text="Art forms").click()
    page.get_by_label("Music").check()
    page.get_by_role("button", name="Save what I said").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing waits for review")
    assert kept(site) == 1
    page.get_by_role("button", name="Undo").click()
    assert kept(site) == 0
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{site.base}/review")
    expect(page).to_have_url(f"{site.base}/sign-in?next=/review")
    context.close()


def test_the_decision_and_its_keys_are_in_view_on_a_laptop_and_near_on_a_telephone(
    site: Site, browser: Browser
) -> None:
    long = "\n\n".join(f"Part {n}. " + "An artist works with people here. " * 12 for n in range(30))
    key = desk_samples.unsure(site.engine, description=long)
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page, said = signed_in(site, context, "reviewer")
    page.goto(f"{site.base}/review/{key}")
    page.mouse.wheel(0, 1500)
    shot(page, "review-laptop")
    expect(page.locator("#keys button")).to_be_in_viewport(ratio=1)
    expect(page.get_by_text(re.compile("^A right, R not"))).to_be_in_viewport(ratio=1)
    expect(page.locator("h2#decide")).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(f"{site.base}/review/{key}")
    places = page.evaluate(
        "['decide', 'why', 'says'].map(id => document.getElementById(id).getBoundingClientRect().y)"
    )
    assert places[1] < places[0] < places[2]
    assert places[0] < 2000
    page.get_by_role("link", name="To the decision", exact=True).click()
    expect(page.locator("h2#decide")).to_be_in_viewport()
    assert said == []
    context.close()


def test_what_is_not_for_the_arts_is_confirmed_by_either_key(site: Site, browser: Browser) -> None:
    keys = [desk_samples.unsure(site.engine, n, relevance="none") for n in (1, 2)]
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, said = signed_in(site, context, "reviewer")
    for count, (key, pressed) in enumerate(zip(keys, "ar", strict=True), 1):
        page.goto(f"{site.base}/review/{key}")
        expect(page.get_by_role("button", name="not for the arts")).to_have_count(1)
        page.keyboard.press(pressed)
        expect(page.get_by_role("status")).to_contain_text("Kept")
        assert kept(site) == count
    assert said == []
    context.close()


def test_staff_see_a_broken_source_and_ask_for_it(site: Site, browser: Browser) -> None:
    desk_samples.ran(site.engine, FTS, NOW - timedelta(days=2))
    desk_samples.ran(site.engine, FTS, NOW, "failed", reason="it answered 503")
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, said = signed_in(site, context, "staff")
    page.get_by_role("link", name="Sources").click()
    first = page.locator("ul.results > li").first
    expect(first.get_by_role("heading")).to_have_text("Find a Tender")
    expect(first).to_contain_text("it answered 503")
    first.get_by_role("button", name=re.compile("Run now")).click()
    expect(page.get_by_role("status")).to_contain_text("Noted")
    expect(page.locator(f"#{FTS}")).to_contain_text("waits to be taken up")
    with site.engine.connect() as connection:
        assert requests.newest(connection)[FTS].requested_by == "Staff"
    assert said == []
    context.close()


def test_a_commissioner_looks_who_could_deliver_and_checks_a_draft(
    site: Site, browser: Browser
) -> None:
    test_buyers.listed(site.engine)
    test_buyers.opened(site.engine, "yes@choir.example", "Open Choir", agreed=True)
    words = "Weekly singing with older people in care homes, led by a musician."
    past = test_buyers.past(91, title="Singing with older people", description=words)
    test_coming_pages.fill(site.engine, [past])
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, said = signed_in(site, context, "reviewer")
    page.get_by_role("link", name="Who could deliver").click()
    page.get_by_label("Where").fill("Nowhere at all")
    page.get_by_label("What should get better").select_option("older_people")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("alert")).to_contain_text("We know no such place")
    page.get_by_label("Where").fill("HU1 1AA")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name=re.compile("within 60 km of HU1"))).to_be_visible()
    expect(page.get_by_text("Open Choir sings with anybody")).to_be_visible()
    expect(page.get_by_text(re.compile("Won by Anchor Singers"))).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Check a draft").click()
    page.get_by_label("Title").fill("A choir for older people in care homes")
    page.get_by_label("Description").fill(words)
    page.get_by_label("Closing date").fill("1 January 2020")
    page.get_by_role("button", name="Check it").click()
    expect(page.get_by_role("heading", name="What it leaves out")).to_be_visible()
    expect(page.get_by_text("Its closing date is in the past.")).to_be_visible()
    expect(page.get_by_role("heading", name="How similar work was put out")).to_be_visible()
    page.get_by_role("link", name="Singing with older people").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Singing with older people")
    assert said == []
    context.close()


DRAFTS = (
    (
        "checked",
        "Creative sessions for isolated older people",
        "Weekly singing and painting. Public liability insurance of £10m; TUPE may apply.",
        "79993000, 12345678",
    ),
    (
        "checked-together",
        "Lunch club catering",
        "Hot meals and social time for older residents, with some music.",
        "55500000",
    ),
    ("checked-unlike", "Road resurfacing", "Carriageways and traffic management.", "45233142"),
)


@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_is_in_anybodys_way(site: Site, browser: Browser, width: int) -> None:
    key = desk_samples.unsure(site.engine, 5)
    desk_samples.doubtful(site.engine)
    desk_samples.ran(site.engine, FTS, NOW, "failed", reason="it answered 503", errors=["x" * 300])
    web_app.person(site.engine)
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="light", reduced_motion="reduce"
    )
    page, said = signed_in(site, context, "admin")
    wrong: dict[str, object] = {}
    for address in (
        "/review", f"/review/{key}", "/review?queue=second", "/review/pairs", "/review/history",
        "/check", "/buyers", "/buyers?where=HU1+1AA&outcome=older_people", "/buyers?where=x",
        "/staff", "/staff/runs", f"/staff/runs?source={FTS}", "/staff/deliveries",
        "/staff/subscribers", "/staff/subscribers/1",
        "/staff/classifier", "/staff/audit", "/staff/people", "/staff/people/1/remove",
        "/sign-in/sent", "/staff/resources",
        "/staff/resources/new", "/staff/resources/of/wemwbs", "/staff/impact",
    ):  # fmt: skip
        page.goto(site.base + address)
        looked(page, address, said, wrong)
    for name, title, words, codes in DRAFTS:
        page.goto(f"{site.base}/check")
        page.get_by_label("Title").fill(title)
        page.get_by_label("Description").fill(words)
        page.get_by_label("CPV codes").fill(codes)
        with page.expect_navigation():
            page.get_by_role("button", name="Check it").click()
        looked(page, name, said, wrong)
    context.close()
    assert wrong == {}


def shot(page: Page, name: str, **how: Any) -> None:
    """A picture for whoever wants to look, where TENDERS_TEST_SHOTS names a folder."""
    folder = os.environ.get("TENDERS_TEST_SHOTS")
    if folder:
        width = page.viewport_size["width"] if page.viewport_size else 0
        page.screenshot(path=f"{folder}/{name}-{width}.png", **how)


def looked(page: Page, address: str, said: list[str], wrong: dict[str, object]) -> None:
    """Notes what is wrong with the page that is open."""
    over = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    found = violations(page)
    shot(page, re.sub(r"\W+", "-", address).strip("-"), full_page=True)
    if said or over > 0 or found:
        wrong[address] = (list(said), over, found)
    said.clear()
