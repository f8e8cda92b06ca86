"""What somebody did not agree to show stands on no page, feed, export or mail of anybody else's.

Every page is asked for: those of the table of routes, and whatever they link to, as a stranger, as
another subscriber, as a reviewer, as staff and as an admin.
"""

from __future__ import annotations

import email
import email.policy
import pathlib
import re
import zlib
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from urllib.parse import unquote, urljoin, urlsplit

import pytest
import sqlalchemy as sa
import web_app
from flask import Flask
from flask.testing import FlaskClient
from web_app import ART, CARE, GONE, NOW, PLAN, WON
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from crawler.jobs import export, match, partnering, preferences, send
from crawler.jobs.partnering import Offer
from crawler.store import database, impact, marks, organisations
from crawler.store.impact import Answer
from crawler.store.subscribers import Subscriber, Subscription
from crawler.store.tables import outbox
from crawler.web.access import allowed
from crawler.web.app import routes

ORGANISATION = "Velvet Cormorant Dance"
EMAIL = "hush@velvetcormorant.example"
WHY = "our zanzibari trapeze is broken"
PAGES = 12
"""Of each route so many addresses are asked for: there are 382 places, and endless filters."""

_LINK = re.compile(r"""(?:href|src|action|<id>|<loc>)=?["']?([^"'<> ]+)""")
_ADDRESSES = ("/staff/subscribers", "/staff/deliveries", "/staff/address", "/staff/audit")
"""Where staff look after subscribers; every look at an address is on the audit log."""


def hidden(person: Subscriber) -> tuple[str, ...]:
    """What tells of `person`, folded."""
    return ORGANISATION.casefold(), "velvetcormorant", "zanzibari", person.handle.casefold()


SHUT = ("quondam puppet", "quondampuppets", "slumbering otter", "slumberingotter", "gossamer")
"""What tells of those who are open to partnering no more, or get no mail at the moment."""

OPEN = "Open Door Ensemble"
OPEN_EMAIL = "doorbell@odense.example"
"""Of who is open to partnering the name is shown, and never the address."""


def partners(engine: sa.Engine) -> None:
    """One organisation is open to partnering, one was and has paused, one took it back."""
    offer = Offer(words="Gossamer marionettes", art_forms=("music",), authority="E08000003")
    for name, address, then in (
        (OPEN, OPEN_EMAIL, ""),
        ("Slumbering Otter", "zz@slumberingotter.example", "pause"),
        ("Quondam Puppet Parlour", "hi@quondampuppets.example", "withdraw"),
    ):
        person = web_app.person(engine, email=address, organisation=name)
        words = "We sing" if name == OPEN else offer.words
        said = replace(offer, words=words)
        partnering.open_up(engine, person, said, origin="test", now=NOW)
        if then == "pause":
            preferences.pause(engine, person, NOW + timedelta(days=9), origin="test", now=NOW)
        elif then == "withdraw":
            assert partnering.withdraw(engine, person, origin="test", now=NOW)


def quiet(engine: sa.Engine) -> Subscriber:
    """Somebody who agreed to get mails and to nothing else, and who does all that one can do."""
    person = web_app.person(
        engine,
        email=EMAIL,
        organisation=ORGANISATION,
        subscription=Subscription(label=ORGANISATION, regions=("TLD",)),
    )
    with database.writing(engine) as connection:
        marks.save(connection, person.id, ART, NOW)
        marks.save(connection, person.id, WON, NOW)
        marks.hide(connection, person.id, CARE, NOW, WHY)
        marks.outcome(connection, person.id, PLAN, "bidding", NOW)
        said = Answer(outcome="won", company="others", with_whom="The Zanzibari Circus")
        impact.answer(connection, person.id, WON, said, NOW)
    return person


def crawled(client: FlaskClient, starts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Path and text of what can be reached by links and redirects, `PAGES` of each route."""
    site = client.application.url_map.bind("localhost")
    todo, seen, asked = deque(starts), set[str](), Counter[str]()
    while todo:
        path = todo.popleft()
        try:
            endpoint, _ = site.match(urlsplit(path).path)
        except RequestRedirect as moved:
            todo.append(web_app.path(moved.new_url))
            continue
        except HTTPException:
            continue  # a form's address, or another site's
        if path in seen or asked[endpoint] >= PAGES:
            continue
        seen.add(path)
        asked[endpoint] += 1
        answer = client.get(path)
        assert answer.status_code < 500, path
        body = answer.get_data().decode(errors="replace")
        location = answer.headers.get("Location", "")
        answer.close()
        yield path, f"{answer.headers}\n{unescape(unquote(body))}"
        for found in [location, *_LINK.findall(body)]:
            address = urlsplit(urljoin(f"http://localhost{path}", unescape(found)))
            if address.netloc == "localhost" and not address.path.startswith("/static/"):
                todo.append(f"{address.path}?{address.query}" if address.query else address.path)


def plain_addresses(who: str) -> list[str]:
    """Every address that needs no more than to be asked for."""
    return [
        route.path.replace("<id>", ART)
        for route in routes()
        if "GET" in route.methods
        and allowed(route.role, who)  # type: ignore[arg-type]
        and "<" not in route.path.replace("<id>", ART)
    ]


def links_of(app: Flask, home: pathlib.Path, person: Subscriber) -> list[str]:
    """The signed pages of `person`."""
    found = web_app.addresses(home)
    wishes = [one.id for one in person.subscriptions]
    return [
        web_app.path(address)
        for address in (
            found.preferences(person.handle),
            found.unsubscribe(person.handle),
            found.all_matches(person.handle),
            found.partnering(person.handle),
            *(found.partners(person.handle, key) for key in (ART, CARE)),
            *(found.outcome(person.handle, key) for key in (ART, WON)),
            *(found.mark(person.handle, key, "save") for key in (ART, CARE, PLAN, WON, GONE)),
            *(found.calendar(person.handle, number) for number in wishes),
            *(found.atom(person.handle, number) for number in wishes),
        )
    ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("who", ["anyone", "holder", "reviewer", "staff", "admin"])
def test_nobody_reads_of_somebody_who_did_not_agree(
    engine: sa.Engine, tmp_path: pathlib.Path, who: str
) -> None:
    web_app.fill(engine)
    private = (*hidden(quiet(engine)), *SHUT, OPEN_EMAIL)
    partners(engine)
    other = web_app.person(engine)
    app = web_app.app(engine, tmp_path)
    signed = who in ("reviewer", "staff", "admin")
    client = web_app.signed_in(app, engine, who) if signed else app.test_client()
    starts = plain_addresses(who if signed else "anyone")
    starts = [path for path in starts if path != "/sign-out"]
    if who == "holder":
        starts += links_of(app, tmp_path, other)
    told, read, shown = [], 0, False
    for path, text in crawled(client, starts):
        read += 1
        shown |= path.startswith("/partners") and OPEN in text
        if who in ("staff", "admin") and path.startswith(_ADDRESSES):
            continue
        told += [(path, word) for word in private if word in text.casefold()]
    assert told == []
    assert read > len(starts)
    assert shown


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_crawl_would_notice(engine: sa.Engine, tmp_path: pathlib.Path) -> None:
    """A person's own signed pages do tell of them, and a crawl of those finds it."""
    web_app.fill(engine)
    person = quiet(engine)
    app = web_app.app(engine, tmp_path)
    found = [
        word
        for _, text in crawled(app.test_client(), links_of(app, tmp_path, person))
        for word in hidden(person)
        if word in text.casefold()
    ]
    assert set(found) >= {ORGANISATION.casefold(), "velvetcormorant"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_mail_to_others_and_no_export_tells_of_them(
    engine: sa.Engine, tmp_path: pathlib.Path
) -> None:
    web_app.fill(engine)
    person = quiet(engine)
    private = (*hidden(person), *SHUT, OPEN_EMAIL)
    partners(engine)
    web_app.person(engine)
    settings = web_app.settings(tmp_path)
    match.match(engine, NOW)
    send.send(settings, engine, NOW + timedelta(days=8))
    with engine.connect() as connection:
        rows = connection.execute(sa.select(outbox.c.recipient, outbox.c.message)).all()
        listed = [repr(replace(one, id=0)) for one in organisations.listed(connection)]
    mails = {row.recipient: read_mail(row.message) for row in rows if row.message}
    assert "hello@theatre.example" in mails
    told = [mails["hello@theatre.example"]]
    exports = [
        "\n".join(export.lines(engine, form, None, NOW)) for form in ("jsonl", "csv", "ocds")
    ]
    assert ART in exports[0]
    assert any(OPEN in one for one in listed)
    texts = [*told, *exports, *listed]
    assert [word for word in private for text in texts if word in text.casefold()] == []


def read_mail(raw: bytes) -> str:
    """Headers and parts of a queued mail as people read them."""
    mail = email.message_from_bytes(zlib.decompress(raw), policy=email.policy.default)
    parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    return "\n".join([*(f"{name}: {value}" for name, value in mail.items()), *parts])
