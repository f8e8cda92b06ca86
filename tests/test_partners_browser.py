"""Two organisations find each other, in a browser: shown, asked, agreed, introduced, gone again."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
import web_app
from axe import violations
from browsing import served
from playwright.sync_api import Browser, Page, expect
from test_web_browser import Site, opened
from web_app import ART, NOW

from crawler.addresses import Addresses
from crawler.jobs import partnering
from crawler.jobs.partnering import Offer
from crawler.store import database
from crawler.store import organisations as store
from crawler.store.organisations import Organisation
from crawler.store.subscribers import Subscriber
from crawler.store.tables import listings, opportunities

HULL = "E06000010"


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A served app whose opportunity in Hull asks for visual arts, and three bodies of a list."""
    with served(tmp_path_factory.mktemp("partners")) as (settings, engine):
        bodies = [
            Organisation(
                key=f"b{number:011}", name=name, name_key=name.lower(), region="TLE",
                authority=HULL, art_forms=("visual", "museums_heritage"), sources=("A list",),
                website="https://body.example", names=("Another name",), charity="GB-CHC-123456",
            )
            for number, name in enumerate(("Dock Gallery", "Rope Museum", "<b>Bold</b> & Co"))
        ]  # fmt: skip
        with database.writing(engine) as connection:
            store.add(connection, bodies)
            _ask_for_visual_arts(connection)
        yield Site(settings.base_url, engine, Addresses.of(settings))


def _ask_for_visual_arts(connection: sa.Connection) -> None:
    found = connection.execute(
        sa.update(opportunities).where(opportunities.c.key == ART).values(art_forms=["visual"])
    )
    assert found.rowcount == 1
    assert connection.execute(sa.select(listings)).first()


def people(site: Site) -> tuple[Subscriber, Subscriber]:
    ada = web_app.person(site.engine, email="ada@lantern.example", organisation="Inkwell Parade")
    ben = web_app.person(site.engine, email="ben@kites.example", organisation="Kite Studio")
    return ada, ben


def linked(site: Site, kind: str, path: str) -> str:
    """The link in the newest mail of a kind."""
    found = re.search(rf"{site.base}/{path}\S+", web_app.queued(site.engine, kind)[-1])
    assert found
    return found[0]


def everywhere(page: Page, site: Site) -> str:
    """What a stranger reads where partners are named."""
    texts = []
    for path in (f"/opportunities/{ART}", "/partners", "/partners?q=inkwell"):
        page.goto(site.base + path)
        texts.append(page.locator("main").inner_text())
    return "\n".join(texts)


def test_two_find_each_other_and_one_withdraws(site: Site, browser: Browser) -> None:
    ada, ben = people(site)
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, said = opened(context, site.addresses.preferences(ada.handle))
    # One opens up.
    page.get_by_role("link", name=re.compile("Be found as a partner")).click()
    page.get_by_label("What you could bring").fill("Lantern parades & workshops")
    page.get_by_label("Visual arts and craft").check()
    page.get_by_label(re.compile("The council in whose area")).fill("Hull City Council")
    page.get_by_label(re.compile("I agree that")).check()
    page.get_by_role("button", name="Show me as a partner").click()
    expect(page.get_by_text("People who look for partners find you")).to_be_visible()
    # The other finds them on the opportunity, and asks.
    page.goto(f"{site.base}/opportunities/{ART}")
    expect(page.get_by_role("heading", name="Who could deliver this with you")).to_be_visible()
    expect(page.get_by_text("Lantern parades & workshops")).to_be_visible()
    page.get_by_role("link", name="Ask to be introduced").click()
    page.get_by_label("Your email address").fill(ben.email)
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your email")
    page.goto(linked(site, "partners", "with-you/"))
    page.get_by_label(re.compile("A word to Inkwell Parade")).fill("Shall we bid together?")
    page.get_by_role("button", name="Ask to be introduced to Inkwell Parade").click()
    expect(page.get_by_text("Asked. They have two weeks")).to_be_visible()
    expect(page.get_by_text("waiting for an answer")).to_be_visible()
    # The first agrees; only then do both get the addresses.
    assert "ada@lantern.example" not in page.content()
    page.goto(linked(site, "introduce", "introductions/"))
    expect(page.get_by_text("Shall we bid together?")).to_be_visible()
    assert "ben@kites.example" not in page.content()
    page.get_by_role("button", name="Agree").click()
    expect(page.get_by_text("Each of you gets the other’s address")).to_be_visible()
    to_ben, to_ada = web_app.queued(site.engine, "introduce")[-2:]
    assert "ada@lantern.example" in to_ben
    assert "ben@kites.example" in to_ada
    # And withdraws: gone everywhere, at once.
    assert "Inkwell Parade" in everywhere(page, site)
    page.goto(site.addresses.partnering(ada.handle))
    page.get_by_role("button", name="Take me out, now").click()
    expect(page.get_by_text("You are not shown as a partner any more")).to_be_visible()
    assert "Inkwell Parade" not in everywhere(page, site)
    assert said == []
    context.close()


@pytest.mark.parametrize("width", [320, 1280])
def test_pages_of_partners_are_in_nobodys_way(site: Site, browser: Browser, width: int) -> None:
    ada, ben = people(site)
    offer = Offer(words="Lantern parades", art_forms=("visual",), authority=HULL)
    entry = partnering.open_up(site.engine, ada, offer, origin="test", now=NOW)
    links = site.addresses
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="light", reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(links.partners(ben.handle, ART))
    page.get_by_role("button", name=re.compile("Ask to be introduced")).click()
    addresses = [
        f"{site.base}/partners", f"{site.base}/partners?q=zzzz", f"{site.base}/opportunities/{ART}",
        f"{site.base}/partners?region=TLE&art_form=visual", f"{site.base}/partners/{entry.key}",
        f"{site.base}/partners/b00000000000", f"{site.base}/partners/b00000000002",
        f"{site.base}/opportunities/{ART}/partners",
        f"{site.base}/opportunities/{ART}/partners/sent",
        links.partners(ben.handle, ART), links.partnering(ada.handle), links.partnering(ben.handle),
        linked(site, "introduce", "introductions/"),
    ]  # fmt: skip
    wrong: dict[str, object] = {}
    for address in addresses:
        page.goto(address)
        over = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        found = violations(page)
        if over > 0 or found:
            wrong[address] = (over, found)
    context.close()
    assert wrong == {}


def test_it_works_without_javascript(site: Site, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 900})
    page = context.new_page()
    page.goto(f"{site.base}/partners")
    page.get_by_label("Art form").select_option("visual")
    page.get_by_role("button", name="Show these").click()
    expect(page.get_by_role("heading", name="3 organisations")).to_be_visible()
    page.get_by_role("link", name="<b>Bold</b> & Co").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("<b>Bold</b> & Co")
    context.close()
