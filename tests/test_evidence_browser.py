"""Journeys in a browser: to evidence and guide, staff and the library, from a mail to a figure."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
import web_app
from browsing import served
from outcome_samples import closed, key, save
from playwright.sync_api import Browser, BrowserContext, Page, expect
from web_app import NOW

from crawler.config import Settings
from crawler.jobs import outcomes


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[tuple[Settings, sa.Engine]]:
    with served(tmp_path, deliver=lambda *_: None) as found:
        yield found


def opened(context: BrowserContext, address: str) -> tuple[Page, list[str]]:
    page, said = context.new_page(), list[str]()
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address)
    return page, said


def signed_in(page: Page, base: str, engine: sa.Engine) -> None:
    person = web_app.user(engine, "staff")
    page.goto(f"{base}/sign-in")
    page.get_by_label("Your email address").fill(person.email)
    page.get_by_role("button", name="Send me a link").click()
    link = re.search(rf"{base}/sign-in/\S+", web_app.queued(engine, "sign-in")[-1])
    assert link
    page.goto(link[0])
    page.get_by_role("button", name="Sign in").click()


def test_a_visitor_finds_evidence_and_reads_the_guide(
    site: tuple[Settings, sa.Engine], browser: Browser
) -> None:
    base = site[0].base_url
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, said = opened(context, base)
    page.get_by_role("link", name="Evidence", exact=True).click()
    page.get_by_label("Criminal justice").check()
    page.get_by_role("button", name="Show results").click()
    expect(page.get_by_role("heading", name=re.compile(r"^\d+ resources$"))).to_be_visible()
    expect(page.get_by_text("IOMI (Intermediate Outcomes")).to_be_visible()
    page.get_by_role("link", name=re.compile("Criminal justice.*remove")).click()
    expect(page).to_have_url(f"{base}/resources")
    page.get_by_role("link", name="how commissioning works").click()
    page.get_by_role("link", name="How to read a notice").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("How to read a notice")
    expect(page.get_by_text("Checked 27 November 2026")).to_be_visible()
    page.goto(f"{base}/opportunities/{web_app.CARE}")
    page.get_by_role("link", name="More from the library").click()
    expect(page.get_by_label("Older people")).to_be_checked()
    assert said == []
    context.close()


def test_staff_add_a_resource(site: tuple[Settings, sa.Engine], browser: Browser) -> None:
    settings, engine = site
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, said = opened(context, settings.base_url)
    signed_in(page, settings.base_url, engine)
    page.get_by_role("link", name="Library", exact=True).click()
    page.get_by_role("link", name="Add a resource").click()
    page.get_by_label("Title").fill("Choirs and breath")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("alert")).to_contain_text("Summary is missing")
    page.get_by_label("Short name").fill("choirs-2024")
    page.get_by_label("Publisher").fill("Example University")
    page.get_by_label("Address", exact=True).fill("https://example.org/choirs")
    page.get_by_label("Summary").fill("Singing helps people with bad lungs.")
    page.get_by_label("Health and wellbeing").check()
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("status")).to_contain_text("It is in the library")
    page.goto(f"{settings.base_url}/resources?q=choirs")
    expect(page.get_by_role("link", name="Choirs and breath")).to_be_visible()
    assert said == []
    context.close()


def test_from_the_mail_to_the_figures(site: tuple[Settings, sa.Engine], browser: Browser) -> None:
    settings, engine = site
    person = web_app.person(engine)
    closed(engine, 21, days=-1)
    save(engine, person, 21)
    assert outcomes.ask(settings, engine, NOW).mails == 0, "it is still open"
    later = NOW + timedelta(days=4)
    assert outcomes.ask(settings, engine, later).mails == 1
    mail = web_app.queued(engine, "asking")[-1]
    link = re.search(rf"We bid: ({settings.base_url}/outcome/\S+)", mail)
    assert link
    context = browser.new_context(viewport={"width": 320, "height": 900})
    page, said = opened(context, link[1])
    expect(page.get_by_role("heading", level=1)).to_have_text("What became of it?")
    page.get_by_label("With others").check()
    page.get_by_label("With whom?").fill("A choir")
    page.get_by_role("button", name="We won it").click()
    expect(page.get_by_role("status")).to_contain_text("Thank you, noted: we won it.")
    page.goto(f"{settings.base_url}/impact")
    expect(page.get_by_text("kept back: it stands for fewer than 5")).to_be_visible()
    row = page.locator("dl.facts div", has_text="Organisations that won")
    expect(row).to_contain_text("–")
    signed_in(page, settings.base_url, engine)
    page.goto(f"{settings.base_url}/staff/impact")
    expect(row).to_contain_text("1")
    expect(page.locator("body")).not_to_contain_text("A choir")
    assert key(21) not in page.content()
    assert said == []
    context.close()
