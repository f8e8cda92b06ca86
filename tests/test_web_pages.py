"""Every public page: what it says, that it is valid HTML, and that hostile text stays text."""

from __future__ import annotations

import json
import pathlib
import re
from urllib.parse import urlsplit

import html5lib
import pytest
import sqlalchemy as sa
import web_app
from flask.testing import FlaskClient
from web_app import ART, CARE, EVIL, GONE, PLAN, WON

from crawler.web import figures, tiles

MODEL = (pathlib.Path(__file__).resolve().parents[1] / "MODEL.md").read_text(encoding="utf-8")
PAGES = (
    "/", "/coming", "/opportunities", "/opportunities?q=art&region=TLE", "/opportunities?q=zzzzz",
    "/opportunities?status=any&sort=newest", *(f"/opportunities/{key}" for key in
    (ART, CARE, PLAN, WON, EVIL, GONE)), "/authorities", "/authorities/E06000010",
    "/authorities/E08000003", "/about", "/privacy", "/accessibility", "/remove-my-details",
    "/remove-my-details/asked", "/sign-up", "/sign-up?region=TLE", "/sign-up/sent", "/goodbye",
)  # fmt: skip


@pytest.fixture
def client(engine: sa.Engine, tmp_path: pathlib.Path) -> FlaskClient:
    web_app.fill(engine)
    return web_app.app(engine, tmp_path).test_client()


def read(client: FlaskClient, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.get_data(as_text=True)[:600]
    return answer.get_data(as_text=True)


def strict(page: str) -> None:
    """Refuses a page with any parse error, and anything inline that the policy would block."""
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    for element in tree.iter():
        assert element.tag != "style"
        assert not {name for name in element.attrib if name.startswith("on") or name == "style"}
        if element.tag == "script":
            assert element.get("src") or element.get("type") == "application/ld+json"


def test_every_page_is_valid_and_has_one_heading(client: FlaskClient) -> None:
    titles = {}
    for address in PAGES:
        page = read(client, address)
        strict(page)
        assert page.count("<h1") == 1, address
        assert 'lang="en-GB"' in page
        assert 'href="#main"' in page
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert len(ids) == len(set(ids)), address
        titles[address] = page.split("<title>")[1].split("</title>")[0]
    assert len({titles[a] for a in ("/", "/about", "/privacy", f"/opportunities/{ART}")}) == 4


def test_every_link_within_leads_somewhere(client: FlaskClient) -> None:
    seen: set[str] = set()
    for address in PAGES:
        for found in re.findall(
            r'(?:href|src|action|formaction)="(/[^"]*)"', read(client, address)
        ):
            seen.add(found.replace("&amp;", "&"))
    broken = set()
    for one in seen - {"/sign-up/preview"}:
        if not one.startswith("/authorities/"):
            with client.get(one) as answer:
                broken |= {one} if answer.status_code != 200 else set()
    assert broken == set()


def test_hostile_text_stays_text(client: FlaskClient) -> None:
    for address in (
        f"/opportunities/{EVIL}",
        "/opportunities",
        "/",
        "/opportunities?q=%3Cscript%3E",
    ):
        page = read(client, address)
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "49" not in re.findall(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)[0]
        assert "\u202e" not in page
    page = read(client, f"/opportunities/{EVIL}")
    schemes = {urlsplit(one).scheme for one in re.findall(r'href="([^"]*)"', page)}
    assert schemes <= {"", "http", "https", "mailto"}
    assert "onmouseover" not in re.findall(r"<a [^>]*ok\.example[^>]*>", page)
    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert block
    assert json.loads(block[1])["name"].startswith("<script>alert(1)</script>")


def test_the_home_page_counts_and_maps(client: FlaskClient) -> None:
    page = read(client, "/")
    assert page.count("/opportunities?region=TL") >= 12
    assert 'aria-label="Yorkshire and The Humber:' in page
    assert "Creative days for older people" in page


def test_tiles_are_twelve_apart_and_warm_by_number() -> None:
    made = tiles.tiles({"TLE": 10, "TLD": 1})
    assert len({(one.x, one.y) for one in made}) == 12
    heat = {one.code: one.heat for one in made}
    assert (heat["TLE"], heat["TLD"], heat["TLI"]) == (3, 1, 0)


def test_an_opportunity_says_why_and_why_not(client: FlaskClient) -> None:
    page = read(client, f"/opportunities/{CARE}")
    assert "<mark>workshops with artists</mark>" in page
    assert "Artistic services in the classification" in page
    assert "It looks like <strong>work that arts organisations could deliver</strong>" in page
    assert "What makes it look so, in the notice’s own words:" in page
    assert "What makes it look like something else: “places” in the description" in page
    assert "3 days left" in page
    assert "The deadline is in 3 days" in page
    assert "2 lots" in page
    assert "£9,000" in page
    assert "Manchester City Council" in page


def test_history_shows_what_moved(client: FlaskClient) -> None:
    page = read(client, f"/opportunities/{ART}")
    assert "Closing date:" in page
    assert page.index("is now") > page.index("was ")
    assert "Find a Tender" in page


def test_an_award_names_who_won(client: FlaskClient) -> None:
    page = read(client, f"/opportunities/{WON}")
    assert "Paper Lantern CIC" in page
    assert "£30,000" in page
    assert "Earlier contracts of this buyer" in read(client, f"/opportunities/{ART}")


def test_merged_ids_lead_to_the_survivor(client: FlaskClient) -> None:
    for suffix in ("", ".json", "/ocds.json", "/deadline.ics"):
        answer = client.get(f"/opportunities/mergedaway22{suffix}")
        assert answer.status_code == 301
        assert answer.headers["Location"] == f"/opportunities/{ART}{suffix}"


@pytest.mark.parametrize(
    "address",
    ["/opportunities/nosuchthing1", "/opportunities/x", "/opportunities/%00", "/authorities/E1",
     "/authorities/%3Cscript%3E", "/opportunities?page=0", "/opportunities?page=x",
     "/opportunities?page=400", "/opportunities?page=99999999999999999999",
     f"/opportunities/{PLAN}/deadline.ics"],
)  # fmt: skip
def test_unknown_things_are_a_helpful_404(client: FlaskClient, address: str) -> None:
    page = read(client, address, 404)
    strict(page)
    assert 'href="/' in page.split("<main")[1]
    assert "Traceback" not in page


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("region=XX", "We do not know the region “XX”"),
        ("regoin=TLE", "Did you mean “region”?"),
        ("status=maybe", "We do not know the status"),
        ("authority=Leeds", "GSS code"),
        ("min=lots", "Write it as 25000 or 25k"),
        ("min=9&max=3", "swapped"),
        ("closing=0", "from 1 to 366"),
        ("closing_from=31.12.2026", "Write it as 2026-03-31"),
        ("sort=best", "We do not know the order"),
        ("q=" + "long " * 100, "first 200 characters"),
        ("stage=%3Cb%3E", "&lt;b&gt;"),
    ],
)
def test_what_cannot_be_meant_is_left_out_and_said(
    client: FlaskClient, query: str, words: str
) -> None:
    page = read(client, f"/opportunities?{query}")
    assert words in page
    strict(page)


def test_filters_narrow_and_their_chips_take_them_off(client: FlaskClient) -> None:
    page = read(client, "/opportunities?region=TLD&min=&max=&closing=&q=")
    assert "1 opportunity" in page
    assert re.search(r'<a href="/opportunities">North West', page)
    both = read(client, "/opportunities?region=TLD&region=TLE&outcome=older_people")
    assert 'href="/opportunities?region=TLE&amp;outcome=older_people"' in both


def test_an_empty_search_says_what_to_do(client: FlaskClient) -> None:
    page = read(client, "/opportunities?q=zzzzz&region=TLI")
    assert "Nothing found" in page
    assert "look without “London”" in page
    assert "/sign-up" in page


def test_a_misspelt_word_finds(client: FlaskClient) -> None:
    page = read(client, "/opportunities?q=festval")
    assert "festival" in page.lower()
    assert "early talks" in page


def test_the_figures_are_those_of_the_model() -> None:
    for figure in figures.FIGURES:
        for value in (figure.all, figure.unread):
            assert value in MODEL, figure.name
    for value in (*figures.CODES, *figures.KEYWORDS, str(figures.LABELLED), str(figures.UNREAD)):
        assert value in MODEL or f"{int(value):,}" in MODEL


def test_the_about_page_tells_sources_and_licences(client: FlaskClient) -> None:
    page = read(client, "/about")
    for words in ("Find a Tender", "Sell2Wales", "Contains Royal Mail data", "mySociety", "0.924"):
        assert words in page


def test_an_authority_by_its_former_code_and_an_abolished_one(client: FlaskClient) -> None:
    from crawler.places import authorities

    renamed = next(one for one in authorities().values() if one.former and one.ended is None)
    answer = client.get(f"/authorities/{renamed.former[0]}")
    assert answer.headers["Location"] == f"/authorities/{renamed.gss}"
    ended = next(one for one in authorities().values() if one.ended and one.successors)
    assert "abolished" in read(client, f"/authorities/{ended.gss}")
    assert client.get("/authorities/e06000010").status_code == 301


def test_robots_keep_out_of_peoples_own_pages(client: FlaskClient) -> None:
    assert "Disallow: /preferences/" in client.get("/robots.txt").get_data(as_text=True)
