"""Whom to talk to about an opportunity, and where bids go."""

from __future__ import annotations

import dataclasses
import json

import pytest
import sqlalchemy as sa
from digest_samples import ANYTHING, NOW, judged, opportunity

from crawler.contacts import bidding
from crawler.decoding import decode
from crawler.digest import rendering
from crawler.digest.composing import Candidate, compose
from crawler.digest.local import Local, bodies_of, local
from crawler.digest.matching import Match, match
from crawler.items import Buyer, Place
from crawler.pages import Contact
from crawler.store import contacts, database

KEY = b"k" * 32
GLOUCESTER, COUNTY = "E07000081", "E10000013"
HERE = Place(regions=("TLK",), authority=GLOUCESTER)
ARTS = Contact(
    role="Arts Development team",
    basis="heading",
    page="https://www.gloucester.gov.uk/arts",
    email="arts@gloucester.gov.uk",
    phone="+441452396396",
    phone_written="01452 396396",
    outcomes=("place_economy",),
)


def publish(engine: sa.Engine, gss: str, *found: Contact) -> None:
    with database.writing(engine) as connection:
        contacts.keep(connection, gss, found[0].page, found, NOW, KEY)


@pytest.fixture
def known(engine: sa.Engine) -> sa.Engine:
    officer = dataclasses.replace(
        ARTS, role="Arts Officer", name="Jane Example", email="j.e@x.gov.uk", personal=True
    )
    bins = dataclasses.replace(
        ARTS, role="Waste", email="waste@x.gov.uk", outcomes=("environment",)
    )
    publish(engine, GLOUCESTER, officer, bins, ARTS)
    culture = dataclasses.replace(ARTS, role="Head of Culture", email="culture@x.gov.uk")
    publish(engine, COUNTY, culture)
    return engine


def told(engine: sa.Engine, **changed: object) -> tuple[str, ...]:
    with engine.connect() as connection:
        return local(connection, opportunity(place=HERE, **changed), KEY).contacts


def test_nearest_first_and_roles_before_officers(known: sa.Engine) -> None:
    buyer = Buyer(name="Gloucester City Council")
    assert told(known, buyer=buyer, judgement=judged()) == (
        "Arts Development team, Gloucester: arts@gloucester.gov.uk, 01452 396396",
        "Arts Officer (Jane Example), Gloucester: j.e@x.gov.uk, 01452 396396",
        "Head of Culture, Gloucestershire: culture@x.gov.uk, 01452 396396",
    )


def test_the_notices_own_contact_comes_first_unless_forgotten(known: sa.Engine) -> None:
    buyer = Buyer(
        name="Gloucester City Council", contact_name="Procurement", contact_email="p@x.gov.uk"
    )
    assert told(known, buyer=buyer)[0] == "Named in the notice: Procurement, p@x.gov.uk"
    with database.writing(known) as connection:
        contacts.forget(connection, KEY, "P@x.gov.uk", NOW)
    assert told(known, buyer=buyer)[0].startswith("Arts Development team")
    private = dataclasses.replace(buyer, contact_email="somebody@gmail.com")
    assert told(known, buyer=private)[0].startswith("Arts Development team")


def test_outcomes_choose_the_roles(known: sa.Engine) -> None:
    green = judged("commissionable", outcomes=("environment",))
    buyer = Buyer(name="Gloucester City Council")
    assert told(known, buyer=buyer, judgement=green) == (
        "Waste, Gloucester: waste@x.gov.uk, 01452 396396",
    )


def test_a_buyer_of_the_nhs_has_its_board() -> None:
    buyer = Buyer(name="NHS Cheshire and Merseyside Integrated Care Board")
    assert bodies_of(opportunity(buyer=buyer)) == ["E54000008"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Bids via https://procontract.due-north.com/Advert?advertId=1", "ProContract"),
        ("See www.the-chest.org.uk.", "The Chest (ProContract)"),
        ("https://in-tendhost.co.uk/exampleshire/aspx/Home", "In-tend"),
        ("https://yortender.eu-supply.com/login.asp", "YORtender"),
        ("https://uk.eu-supply.com/login.asp", "EU-Supply (Mercell)"),
        ("Write to tenders@delta-esourcing.com", None),
        ("https://notdue-north.com.example/", None),
        ("https://www.contractsfinder.service.gov.uk/Notice/1", None),
    ],
)
def test_portals_are_known_by_their_hosts(text: str, name: str | None) -> None:
    found = bidding.named_in(text)
    assert (found.name if found else None) == name


def test_where_to_bid_by_notice_then_notices_then_page(engine: sa.Engine) -> None:
    said = [((), "Use https://www.the-chest.org.uk/"), ((), "nothing"), (("https://x.gov.uk",), "")]
    found = bidding.of_authority("E08000016", said)
    assert found is not None
    assert (found.name, found.basis) == ("The Chest (ProContract)", "notices")
    page = bidding.of_authority("E08000016", [])
    assert page is not None
    assert (page.name, page.basis) == ("YORtender", "page")
    assert bidding.of_authority("E07000081", []) is None
    barnsley = Buyer(name="Barnsley Metropolitan Borough Council")
    there = Place(regions=("TLE",), authority="E08000016")
    with engine.connect() as connection:
        line = local(connection, opportunity(place=there, buyer=barnsley), KEY).bidding
        own = "https://www.delta-esourcing.com/tenders/1"
        named = local(
            connection, opportunity(place=there, buyer=barnsley, urls=(own,)), KEY
        ).bidding
    assert line == "Bids go through YORtender: the buyer’s own page says so"
    assert named == "Bids go through Delta eSourcing: the notice names delta-esourcing.com"


def test_where_to_bid_is_read_from_the_fields_for_it() -> None:
    release = {
        "ocid": "ocds-1",
        "id": "1",
        "date": "2026-11-01T00:00:00Z",
        "tag": ["tender"],
        "tender": {
            "title": "Mural",
            "submissionMethodDetails": "Electronically at https://yortender.eu-supply.com/x.",
            "communication": {"atypicalToolUrl": "https://in-tendhost.co.uk/x"},
        },
    }
    facts, warnings = decode(json.dumps(release).encode(), "find-a-tender")
    assert warnings == ()
    wanted = ("https://yortender.eu-supply.com/x", "https://in-tendhost.co.uk/x")
    assert [url for url in facts.urls if url in wanted] == list(wanted)


def test_the_digest_says_both() -> None:
    near = Local(bidding="Bids go through YORtender: it says so", contacts=("Arts team: a@x.uk",))
    one = opportunity(judgement=judged())
    fits = match(one, ANYTHING, NOW)
    assert isinstance(fits, Match)
    digest = compose([Candidate(opportunity=one, match=fits)], now=NOW, local=lambda _: near)
    for written in (rendering.text(digest, "hello@x.uk"), rendering.html(digest, "hello@x.uk")):
        assert "Who to talk to" in written
        assert "Arts team: a@x.uk" in written
        assert "Bids go through YORtender: it says so." in written
