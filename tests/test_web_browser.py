"""The pages in a browser: axe-core, both widths, light and dark, with and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
import test_coming_pages
import web_app
from axe import violations
from browsing import served
from playwright.sync_api import Browser, BrowserContext, Page, expect
from web_app import ART, CARE, EVIL, NOW, PLAN, WON

from crawler.addresses import Addresses
from crawler.jobs import match as matching
from crawler.store import subscribers

PUBLIC = (
    "/", "/coming", "/coming?region=TLE&kind=plan", "/coming?region=TLM", "/opportunities",
    "/opportunities?q=museum&region=TLE&status=any",
    "/opportunities?q=zzzzz", f"/opportunities/{ART}", f"/opportunities/{CARE}",
    f"/opportunities/{WON}", f"/opportunities/{EVIL}", f"/opportunities/{PLAN}", "/authorities",
    "/authorities/E06000010", "/about", "/privacy", "/accessibility", "/remove-my-details",
    "/sign-up", "/sign-up/sent", "/resources", "/resources?outcome=environment&nation=Scotland",
    "/resources?q=zzzz", "/guide", "/guide/how-commissioning-works", "/guide/four-nations",
    "/guide/policy-to-quote",
    "/guide/reading-a-notice", "/guide/glossary", "/impact", "/nope", "/goodbye",
)  # fmt: skip


class Site:
    """A served app, its database and its addresses."""

    def __init__(self, base: str, engine: sa.Engine, addresses: Addresses) -> None:
        self.base = base
        self.engine = engine
        self.addresses = addresses


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("site")) as (settings, engine):
        test_coming_pages.fill(engine, test_coming_pages.some())
        yield Site(settings.base_url, engine, Addresses.of(settings))


def own(site: Site) -> list[str]:
    """One person's own pages."""
    with site.engine.connect() as connection:
        person = subscribers.find(connection, "hello@theatre.example")
    person = person or web_app.person(site.engine)
    matching.match(site.engine, NOW)
    links, handle = site.addresses, person.handle
    return [
        links.preferences(handle),
        f"{links.preferences(handle)}/wishes/{person.subscriptions[0].id}",
        links.all_matches(handle),
        links.mark(handle, ART, "save"),
        links.mark(handle, ART, "hide"),
        links.unsubscribe(handle),
        links.outcome(handle, WON, "won"),
        links.outcome(handle, WON),
    ]


def opened(context: BrowserContext, address: str) -> tuple[Page, list[str]]:
    """A page, and what it said in the console."""
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address)
    return page, said


@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_is_in_anybodys_way(site: Site, browser: Browser, width: int) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="light", reduced_motion="reduce"
    )
    page, said = context.new_page(), list[str]()
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    wrong: dict[str, object] = {}
    for address in [*(site.base + path for path in PUBLIC), *own(site)]:
        said.clear()
        page.goto(address)
        over = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        found = violations(page)
        spoken = [line for line in said if "404" not in line]  # the browser names the missing page
        if spoken or over > 0 or found:
            wrong[address] = (spoken, over, found)
    context.close()
    assert wrong == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_in_the_way_is_found(browser: Browser, scheme: str) -> None:
    page = browser.new_page()
    faint = f"@media (prefers-color-scheme: {scheme}) {{ p {{ color: #ddd; background: #fff }} }}"
    page.set_content(f"<style>{faint}</style><title>x</title><main><h1>x</h1><p>faint</p></main>")
    found = dict(violations(page))
    assert set(found) == {"html-has-lang", "color-contrast"}
    assert found["color-contrast"] == ["<p>faint</p>"]
    page.close()


def test_a_visitor_subscribes_opens_hides_and_leaves(site: Site, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, said = opened(context, site.base)
    page.get_by_role("searchbox").fill("artists")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Creative days for older people").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Creative days for older people")
    page.get_by_role("link", name="Get more like it by email").click()
    expect(page.get_by_label("North West")).to_be_checked()
    before = page.locator("#seen .figure").inner_text()
    page.get_by_label("Yorkshire and The Humber").check()
    expect(page.locator("#seen .figure")).not_to_have_text(before)
    page.get_by_label("Your email address").fill("journey@studio.example")
    page.get_by_label(re.compile("I agree that")).check()
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your email")
    mail = web_app.queued(site.engine, "confirm")[-1]
    link = re.search(rf"{site.base}/confirm/\S+", mail)
    assert link
    page.goto(link[0])
    page.get_by_role("button", name="Yes, write to me").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome")
    matching.match(site.engine, NOW)
    with site.engine.connect() as connection:
        person = subscribers.find(connection, "journey@studio.example")
    assert person is not None
    page.goto(site.addresses.all_matches(person.handle))
    page.get_by_role("link", name=re.compile("Not for us.*Creative days")).click()
    page.get_by_label("It is too far away").check()
    page.get_by_role("button", name="Not for us").click()
    page.get_by_role("link", name="See everything that fits you").click()
    expect(page.get_by_text("Creative days")).to_have_count(0)
    page.goto(site.addresses.unsubscribe(person.handle))
    page.get_by_role("button", name="Stop the emails").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Stopped")
    assert said == []
    context.close()


def test_all_of_it_works_without_javascript(site: Site, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 900})
    page = context.new_page()
    page.goto(f"{site.base}/opportunities")
    page.get_by_label(re.compile("North West")).check()
    page.get_by_role("button", name="Show results").click()
    expect(page.get_by_role("heading", name=re.compile("^1 opportunity"))).to_be_visible()
    page.get_by_role("link", name=re.compile("North West.*remove")).click()
    expect(page).to_have_url(f"{site.base}/opportunities")
    page.goto(f"{site.base}/sign-up")
    page.get_by_label("Wales").check()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_label("Wales")).to_be_checked()
    expect(page.locator("#seen .figure")).to_have_text("0")
    context.close()


def test_the_map_is_reached_and_opened_by_keyboard(site: Site, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(site.base)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the main part")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("Tab")
        name = page.evaluate("document.activeElement.getAttribute('aria-label') || ''")
        if name.startswith("North West"):
            break
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.base}/opportunities?region=TLD")
    context.close()
