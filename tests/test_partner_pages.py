"""What the pages and mails show of partners, and to whom."""

from __future__ import annotations

import pathlib
import re
import sys
from dataclasses import replace
from decimal import Decimal

import digest_samples as samples
import sqlalchemy as sa
import web_app
from crawling import environment, run
from flask.testing import FlaskClient
from partner_samples import (
    ADA,
    BEN,
    HULL,
    WORK,
    ask,
    entry_of,
    key_of,
    mails,
)
from web_app import NOW

from crawler.config import Settings
from crawler.digest.items import Candidate, ways
from crawler.digest.matching import Match
from crawler.digest.matching import match as matched
from crawler.items import Lot
from crawler.jobs import introducing, partnering, preferences
from crawler.jobs import match as matching
from crawler.jobs.partnering import Offer
from crawler.opportunity import Opportunity
from crawler.store import (
    consents,
    database,
    introductions,
    opportunities,
    outbox,
)
from crawler.store.subscribers import Subscriber, Subscription


def browser(engine: sa.Engine, home: pathlib.Path) -> FlaskClient:
    return web_app.app(engine, home).test_client()


def everything_public(client: FlaskClient) -> str:
    """All that a stranger, or a program, can read of partners."""
    paths = (
        "/", "/opportunities", f"/opportunities/{WORK.id}", f"/opportunities/{WORK.id}.json",
        f"/opportunities/{WORK.id}/partners", f"/opportunities/{WORK.id}/partners/sent",
        f"/opportunities/{WORK.id}/ocds.json", "/api/v1/opportunities", "/partners",
        "/partners?q=lantern", "/partners?region=TLE&art_form=performing", "/opportunities.json",
        "/opportunities.atom", "/opportunities.csv", f"/authorities/{HULL}",
    )  # fmt: skip
    answers = [client.get(path) for path in paths]
    assert {answer.status_code for answer in answers} == {200}
    return "\n".join(answer.get_data(as_text=True) for answer in answers)


def test_no_page_tells_an_address_and_a_withdrawn_entry_is_gone_from_all(
    settings: Settings,
    engine: sa.Engine,
    tmp_path: pathlib.Path,
    work: Opportunity,
    ada: Subscriber,
    ben: Subscriber,
) -> None:
    client = browser(engine, tmp_path)
    key = key_of(engine, ada)
    before = everything_public(client) + client.get(f"/partners/{key}").get_data(as_text=True)
    assert "Paper Lantern Theatre" in before
    assert "We bring shadow puppets &amp; a van" in before
    made = ask(settings, engine, ben, ada)
    links = web_app.addresses(tmp_path)
    pages = [
        links.partners(ben.handle, WORK.id), links.introduction(ada.handle, made.key),
        links.partnering(ada.handle), links.partnering(ben.handle),
    ]  # fmt: skip
    own = [client.get(web_app.path(link)) for link in pages]
    assert [answer.status_code for answer in own] == [200] * 4
    seen = before + everything_public(client) + "".join(a.get_data(as_text=True) for a in own)
    for secret in (ADA, BEN, "ada.secret", "ben.secret", "lantern.example", "kites.example"):
        assert secret not in seen
    # Nobody who is not open is shown anywhere.
    assert "Kite Band" not in before
    web_app.send(client, f"{web_app.path(links.partnering(ada.handle))}", do="withdraw")
    after = everything_public(client)
    after += client.get(web_app.path(pages[0])).get_data(as_text=True)
    assert "Paper Lantern" not in after
    assert "shadow puppets" not in after
    assert client.get(f"/partners/{key}").status_code == 404


def test_opening_links_changes_nothing(
    settings: Settings,
    engine: sa.Engine,
    tmp_path: pathlib.Path,
    work: Opportunity,
    ada: Subscriber,
    ben: Subscriber,
) -> None:
    client = browser(engine, tmp_path)
    made = ask(settings, engine, ben, ada)
    links = web_app.addresses(tmp_path)
    before = mails(engine)
    for link in (
        links.partners(ben.handle, WORK.id), links.introduction(ada.handle, made.key),
        links.partnering(ada.handle),
    ):  # fmt: skip
        for _ in range(2):
            assert client.get(web_app.path(link)).status_code == 200
            assert client.head(web_app.path(link)).status_code == 200
    assert mails(engine) == before
    with engine.connect() as connection:
        found = introductions.by_key(connection, made.key)
    assert found == made
    # The asker's own link is no link for answering.
    wrong = links.introduction(ben.handle, made.key)
    assert client.get(web_app.path(wrong)).status_code == 404


def test_who_asks_for_the_page_learns_nothing_of_an_address(
    engine: sa.Engine, tmp_path: pathlib.Path, work: Opportunity, ben: Subscriber
) -> None:
    client = browser(engine, tmp_path)
    form = f"/opportunities/{WORK.id}/partners"
    answers = [
        web_app.send(client, form, email=email)
        for email in (BEN, "stranger@x.example", BEN, BEN, BEN)
    ]
    assert {(one.status_code, one.location) for one in answers} == {(303, f"{form}/sent")}
    assert [recipient for recipient, _ in mails(engine)] == [BEN] * 3
    mail = web_app.queued(engine, "partners")[-1]
    link = re.search(r"http://localhost(/with-you/\S+)", mail)
    assert link
    assert client.get(link[1]).status_code == 200
    wrong = web_app.send(client, form, email="no address").get_data(as_text=True)
    assert "Write the address in full" in wrong


def test_hostile_words_stay_words(
    engine: sa.Engine, tmp_path: pathlib.Path, work: Opportunity
) -> None:
    hostile = "<script>alert(1)</script> {{7*7}} \u202egnp"
    person = web_app.person(engine, email=ADA, organisation=hostile)
    offer = Offer(words=hostile, art_forms=("performing",), authority=HULL)
    partnering.open_up(engine, person, offer, origin="test", now=NOW)
    client = browser(engine, tmp_path)
    pages = everything_public(client)
    pages += client.get(f"/partners/{key_of(engine, person)}").get_data(as_text=True)
    link = web_app.path(web_app.addresses(tmp_path).partnering(person.handle))
    pages += client.get(link).get_data(as_text=True)
    assert "<script>alert" not in pages
    assert "\u202e" not in pages
    assert "{{7*7}}" in pages


def test_the_form_says_what_is_wrong_and_keeps_what_was_typed(
    engine: sa.Engine, tmp_path: pathlib.Path, ben: Subscriber
) -> None:
    client = browser(engine, tmp_path)
    address = web_app.path(web_app.addresses(tmp_path).partnering(ben.handle))
    typed = {"do": "open", "words": "Brass & reeds", "art_forms": "music", "authority": "Nowhere"}
    page = web_app.send(client, address, **typed).get_data(as_text=True)
    assert "tick the box" in page
    assert "Brass &amp; reeds" in page
    assert "Nowhere" in page
    assert entry_of(engine, ben) is None
    right = typed | {"authority": "Hull City Council", "agree": "yes"}
    done = web_app.send(client, address, **right)
    assert done.status_code == 303, re.findall(r'fault"[^>]*>.*', done.get_data(as_text=True))
    entry = entry_of(engine, ben)
    assert entry is not None
    assert (entry.authority, entry.art_forms) == (HULL, ("music",))
    with engine.connect() as connection:
        (kept,) = consents.of(connection, ben.id)
    assert (kept.event, kept.origin, kept.network) == (
        "partnering", "partnering page", "127.0.0.0/24",
    )  # fmt: skip


def test_partner_pages_answer_for_whatever_is_asked(
    engine: sa.Engine, tmp_path: pathlib.Path
) -> None:
    client = browser(engine, tmp_path)
    for path, status in (
        ("/partners?q=%00%25&region=XX&art_form=juggling", 200), ("/partners?page=0", 404),
        ("/partners?page=99", 404), ("/partners?page=x", 404), ("/partners/" + "a" * 12, 404),
        ("/partners/" + "%ff" * 4, 404), ("/partners?q=" + "x" * 3000, 200),
        ("/with-you/forged", 404), ("/introductions/forged", 404),
        ("/preferences/forged/partnering", 404),
    ):  # fmt: skip
        assert client.get(path).status_code == status, path


def test_mails_wait_for_nobody_who_has_stopped(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber, ben: Subscriber
) -> None:
    made = ask(settings, engine, ben, ada)
    introducing.answer(settings, engine, ada, made.key, agree=True, now=NOW)
    preferences.stop(engine, ben, origin="test", now=NOW)
    with engine.connect() as connection:
        assert outbox.get(connection, 2, NOW) is None  # dropped with their stopping
        waiting = [number for number, _ in outbox.due(connection, NOW)]
    assert len(waiting) == 2


# What it takes beyond one


def test_what_is_too_large_for_one_leads_to_partners_with_the_lots_in_reach(
    engine: sa.Engine, tmp_path: pathlib.Path, ada: Subscriber
) -> None:
    large = replace(
        WORK, id="k" * 11 + "z", ocids=("ocds-large",), value_min=Decimal(90_000),
        value_max=Decimal(90_000),
        lots=(Lot(id="1", title="North", value=Decimal(9_000)), Lot(id="2", value=Decimal(81_000))),
    )  # fmt: skip
    with database.writing(engine) as connection:
        (pk,) = opportunities.save(connection, [opportunities.Entry(None, large)], NOW)
        web_app._process(connection, pk, large, large.id)
    wish = Subscription(largest=Decimal(10_000))
    small = web_app.person(engine, email=BEN, organisation="Kite Band", subscription=wish)
    matching.match(engine, NOW)
    client = browser(engine, tmp_path)
    links = web_app.addresses(tmp_path)
    page = client.get(web_app.path(links.partners(small.handle, large.id))).get_data(as_text=True)
    assert "worth more than you said you could carry" in page
    assert "‘North’ (£9,000)" in page
    found = client.get(web_app.path(links.all_matches(small.handle))).get_data(as_text=True)
    assert "<strong>Find partners</strong>" in found
    # Whoever said nothing of what they can carry is told nothing of it.
    page = client.get(web_app.path(links.partners(ada.handle, large.id))).get_data(as_text=True)
    assert "could carry" not in page
    match = matched(large, wish, NOW)
    assert isinstance(match, Match)
    item = samples.writer(NOW).item(Candidate(opportunity=large, match=match))
    assert item.consortium
    (way,) = [one for one in ways(item, links, small.handle) if one.text == "Find partners"]
    assert "/with-you/" in way.url
    easy = matched(large, Subscription(), NOW)
    assert isinstance(easy, Match)
    assert not samples.writer(NOW).item(Candidate(opportunity=large, match=easy)).consortium


# Commands


def test_staff_show_somebody_and_take_them_out(tmp_path: pathlib.Path) -> None:
    def tenders(*arguments: str) -> tuple[int, str]:
        done = run([sys.executable, "-m", "crawler.cli", *arguments], environment(tmp_path))
        return done.returncode, done.stdout + done.stderr

    tenders("subscribers", "add", ADA, "--organisation", "Paper Lantern", "--consent", "by phone")
    offer = ("--words", "Puppets", "--art-form", "performing", "--authority", "Leeds")
    who = ("subscribers", "partnering", ADA)
    assert tenders(*who) == (0, f"{ADA} is not open to partnering\n")
    status, said = tenders(*who, *offer)
    assert (status, "--consent HOW" in said) == (1, True)
    status, said = tenders(*who, *offer, "--art-form", "juggling", "--consent", "by phone")
    assert (status, "'juggling' is not known" in said) == (1, True)
    status, said = tenders(*who, *offer, "--consent", "by phone, 3 May")
    assert (status, "is shown to everybody" in said) == (0, True)
    assert "Paper Lantern" in tenders("organisations", "list")[1]
    assert "by phone, 3 May" in tenders("subscribers", "show", ADA)[1]
    assert tenders(*who, "--withdraw") == (0, f"{ADA} is not shown any more.\n")
    assert "Paper Lantern" not in tenders("organisations", "list", "--json")[1]
