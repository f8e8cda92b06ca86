"""Whom to talk to about an opportunity, and where bids go."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import sys

import pytest
import sqlalchemy as sa
from crawling import environment, run
from digest_samples import NOW, judged, opportunity, store
from digest_samples import digest as composed

from crawler.contacts import bidding
from crawler.decoding import decode
from crawler.digest import rendering
from crawler.digest.local import NoticeContact, around, bodies_of, local
from crawler.digest.nearby import Near, Neighbourhood
from crawler.items import Buyer, Place
from crawler.opportunity import Opportunity
from crawler.pages import Contact
from crawler.store import bidding as bids
from crawler.store import contacts, database, tables

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


def test_a_faulty_address_does_not_take_the_number_with_it(known: sa.Engine) -> None:
    buyer = Buyer(
        name="Gloucester City Council", contact_name="Jo", contact_email="Website -> enquiries",
        contact_phone="01452 396396",
    )  # fmt: skip
    assert told(known, buyer=buyer)[0] == "Named in the notice: 01452 396396"
    private = dataclasses.replace(buyer, contact_email="jo@gmail.com")
    assert told(known, buyer=private)[0] == "Named in the notice: 01452 396396"


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
    assert (found.portal if found else None) == name


def test_where_to_bid_by_notice_then_notices_then_page(engine: sa.Engine) -> None:
    barnsley = Buyer(name="Barnsley Metropolitan Borough Council")
    there = Place(regions=("TLE",), authority="E08000016")
    asked = opportunity(1, place=there, buyer=barnsley)

    def line(of: Opportunity) -> str:
        with engine.connect() as connection:
            return local(connection, of, KEY).bidding

    assert line(asked) == "Bids go through YORtender: the buyer’s own page says so"
    own = dataclasses.replace(asked, urls=("https://www.delta-esourcing.com/tenders/1",))
    assert line(own) == "Bids go through Delta eSourcing: the notice names delta-esourcing.com"
    told = opportunity(2, buyer=barnsley, description="Use https://www.the-chest.org.uk/")
    (pk,) = store(engine, told)
    with database.writing(engine) as connection:
        bids.remember(connection, [pk], bidding.mention)
    wanted = "Bids go through The Chest (ProContract): the buyer’s notices name the-chest.org.uk"
    assert line(asked) == wanted
    guest = dataclasses.replace(asked, buyer=Buyer(name="Barnsley Brass Band Trust"))
    assert line(guest) == ""
    theirs = [
        opportunity(number, buyer=guest.buyer, description=f"Use https://{host}/")
        for number, host in enumerate(
            ("the-chest.org.uk", "in-tendhost.co.uk", "the-chest.org.uk"), 3
        )
    ]
    ids = store(engine, *theirs)
    with database.writing(engine) as connection:
        bids.remember(connection, ids, bidding.mention)
        assert [one.authority for one in bids.used_by(connection)] == ["E08000016"]
    assert line(guest) == wanted
    with database.writing(engine) as connection:
        bids.remember(connection, ids, lambda *_: None)
    assert line(guest) == ""


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
    said = "Bids go through YORtender: it says so"
    near = Near(bidding=said, body="Hull", roles=("Arts team: a@x.uk",))
    digest = composed(opportunity(judgement=judged()), near=lambda _: near)
    for written in (rendering.text(digest, "hello@x.uk"), rendering.html(digest, "hello@x.uk")):
        assert "who to talk to" in written.lower()
        assert "Arts team: a@x.uk" in written
        assert "Bids go through YORtender: it says so." in written


def test_a_round_knows_what_one_asking_knows(known: sa.Engine) -> None:
    buyer = Buyer(name="Gloucester City Council", contact_phone="01452 1", contact_name="Sam")
    several = [
        opportunity(1, place=HERE, buyer=buyer, judgement=judged()),
        opportunity(2, place=HERE, buyer=buyer, urls=("https://in-tendhost.co.uk/x",)),
        opportunity(3, place=HERE, buyer=buyer, judgement=judged("commissionable")),
        opportunity(4, place=Place(), buyer=None),
    ]
    with known.connect() as connection:
        neighbourhood = Neighbourhood(connection, KEY)
        for one in several * 2:
            words, near = local(connection, one, KEY), neighbourhood.near(one)
            assert near.bidding == words.bidding
            assert [line for line in (near.named, *near.roles) if line] == list(words.contacts)
    assert near.body == ""
    assert neighbourhood.near(several[0]).body == "Gloucester"


def test_around_is_the_same_for_every_reader(known: sa.Engine) -> None:
    buyer = Buyer(name="Gloucester City Council", contact_phone="01452 1", contact_name="Sam")
    one = opportunity(place=HERE, buyer=buyer, judgement=judged())
    with known.connect() as connection:
        near = around(connection, one, KEY)
        words = local(connection, one, KEY)
    assert near.notice == NoticeContact(name="Sam", email=None, phone="01452 1")
    assert [role.email for role in near.roles] == [
        "arts@gloucester.gov.uk",
        "j.e@x.gov.uk",
        "culture@x.gov.uk",
    ]
    assert near.bidding is None
    assert len(words.contacts) == 1 + len(near.roles)


def test_the_command_shows_whom_to_talk_to_and_where_to_bid(
    known: sa.Engine, database_url: str, tmp_path: pathlib.Path
) -> None:
    buyer = Buyer(name="Gloucester City Council", contact_name="Bids", contact_email="b@x.gov.uk")
    said = "Bid at https://in-tendhost.co.uk/x"
    one = opportunity(place=HERE, buyer=buyer, judgement=judged(), description=said)
    (pk,) = store(known, one)
    with database.writing(known) as connection:
        row = {"source": "find-a-tender", "ocid": "ocds-1", "key": one.id, "title_key": "x"}
        more = {"first_date": NOW, "opportunity_id": pk}
        connection.execute(sa.insert(tables.processes).values({**row, **more}))
    env = environment(tmp_path, database_url)
    command = [sys.executable, "-m", "crawler.cli", "contacts", "for", one.id]
    done = run(command, env)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line]
    assert lines[2] == "Named in the notice: Bids, b@x.gov.uk"
    assert lines[3].startswith("Arts Development team, Gloucester: arts@gloucester.gov.uk")
    assert lines[4].strip() == ARTS.page
    assert lines[-1] == "Bids go through In-tend: the notice names in-tendhost.co.uk"
    found = json.loads(run([*command, "--json"], env).stdout)
    assert found["bidding"]["portal"] == "In-tend"
    assert found["roles"][0]["email"] == "arts@gloucester.gov.uk"
    lost = run([*command[:-1], "nothing"], env)
    assert lost.returncode == 1
    assert "there is no opportunity 'nothing'" in lost.stderr
