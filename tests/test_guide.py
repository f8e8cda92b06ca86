"""The guide: every page valid, dated and sourced; its links lead somewhere."""

from __future__ import annotations

import pathlib
import re
from urllib.parse import urlsplit

import digest_samples as samples
import pytest
import sqlalchemy as sa
import web_app
from test_web_pages import strict
from web_app import ART, CARE, PLAN, WON

from crawler.items import STAGES, Buyer, Place
from crawler.web import guide
from crawler.web.glossary import GLOSSARY

OFFICIAL = re.compile(
    r"(?:^|\.)(?:gov\.uk|gov\.wales|gov\.scot|nhs\.uk|parliament\.scot)$"
    r"|^(?:socialvalueni\.org|www\.futuregenerations\.wales|www\.artscouncil\.org\.uk)$"
    r"|^(?:celf\.cymru|ncch\.org\.uk)$"
)


def pages(engine: sa.Engine, home: pathlib.Path) -> dict[str, str]:
    client = web_app.app(engine, home).test_client()
    addresses = ["/guide", *(f"/guide/{page.slug}" for page in guide.PAGES)]
    answers = {address: client.get(address) for address in addresses}
    assert {answer.status_code for answer in answers.values()} == {200}
    return {address: answer.get_data(as_text=True) for address, answer in answers.items()}


def test_every_page_is_valid_dated_and_sourced(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    for address, page in pages(engine, tmp_path).items():
        strict(page)
        assert page.count("<h1") == 1
        assert "Checked 27 November 2026" in page, address
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert len(ids) == len(set(ids)), address


@pytest.mark.parametrize("page", guide.PAGES, ids=lambda page: page.slug)
def test_sources_are_official(page: guide.Page) -> None:
    assert page.sources
    for source in page.sources:
        parts = urlsplit(source.url)
        assert parts.scheme == "https"
        assert OFFICIAL.search(parts.hostname or ""), source.url


def test_links_within_lead_somewhere(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    web_app.fill(engine)
    client = web_app.app(engine, tmp_path).test_client()
    found = dict(pages(engine, tmp_path))
    for id in (ART, CARE, PLAN, WON):  # noqa: A001
        found[id] = client.get(f"/opportunities/{id}").get_data(as_text=True)
        assert "/guide/reading-a-notice#" in found[id]
    for address, page in found.items():
        for link in re.findall(
            r'href="(/(?:guide|resources|authorities|opportunities)[^"]*)"', page
        ):
            path, _, anchor = link.replace("&amp;", "&").partition("#")
            answer = client.get(path)
            assert answer.status_code == 200, (address, link)
            assert not anchor or f'id="{anchor}"' in answer.get_data(as_text=True), (address, link)


def test_sentences_are_short_enough_to_be_read_aloud(
    engine: sa.Engine, tmp_path: pathlib.Path
) -> None:
    for address, page in pages(engine, tmp_path).items():
        main = page[page.index("<main") : page.index("</main>")]
        text = re.sub(r"</(?:p|li|dd|dt|h\d|td|th)>", ". ", main)
        text = re.sub(r"<[^>]+>", "", text)
        for sentence in re.split(r"(?<=[.?!:;])\s", text):
            assert len(sentence.split()) <= 45, (address, sentence)


def test_the_glossary_is_in_the_order_of_the_alphabet() -> None:
    words = [term.word.lower() for term in GLOSSARY]
    assert words == sorted(words)
    assert len({term.id for term in GLOSSARY}) == len(GLOSSARY) >= 25


def test_an_unknown_page_is_none(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    client = web_app.app(engine, tmp_path).test_client()
    for slug in ("nothing", "..%2f_lists", "reading_a_notice"):
        assert client.get(f"/guide/{slug}").status_code == 404


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"place": Place(regions=("TLM",))}, "How Scotland differs"),
        ({"place": Place(regions=("TLL",))}, "How Wales differs"),
        ({"place": Place(regions=("TLN",))}, "How Northern Ireland differs"),
        ({"buyer": Buyer(name="Example NHS Trust")}, "How the NHS chooses providers"),
    ],
)
def test_what_helps_depends_on_the_opportunity(more: dict[str, object], expected: str) -> None:
    texts = [link.text for link in guide.helpful(samples.opportunity(1, **more))]
    assert expected in texts
    assert texts[-1] == "Glossary"


def test_small_contracts_are_explained_while_they_can_be_won() -> None:
    small = "Small contracts have simpler rules"
    assert small in [link.text for link in guide.helpful(samples.opportunity(1))]
    won = samples.opportunity(1, stage="award")
    assert small not in [link.text for link in guide.helpful(won)]
    for stage in STAGES:
        assert guide.helpful(samples.opportunity(1, stage=stage))
