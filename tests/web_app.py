"""An app on sample opportunities, and what the tests of the web share."""

from __future__ import annotations

import json
import pathlib
import re
import zlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import compiled
import digest_samples as samples
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crawler.addresses import Addresses
from crawler.config import Settings
from crawler.items import Award, Buyer, Lot, Place, Reason
from crawler.opportunity import Opportunity
from crawler.store import database, opportunities, subscribers, users
from crawler.store.subscribers import Subscriber, Subscription
from crawler.store.tables import outbox, processes, releases
from crawler.store.users import User
from crawler.web import create_app

compiled.once()

NOW = datetime.now(UTC).replace(microsecond=0)
"""Signed links are dated by the machine's own clock, so that the app's clock agrees with it."""

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> {{7*7}} \u202egnp"
ART, CARE, PLAN, WON, EVIL, GONE = (f"k{number:011}" for number in range(1, 7))


def seed() -> list[Opportunity]:
    """One opportunity of each kind that a page must know how to show."""
    day = timedelta(days=1)
    art = samples.opportunity(
        1, published=NOW - 3 * day, updated=NOW - 3 * day, deadline=NOW + 9 * day
    )
    return [
        samples.moved(art, NOW + 12 * day),
        samples.opportunity(
            2,
            title="Creative days for older people",
            description="Weekly workshops with artists against loneliness.\n\nIn two places.",
            published=NOW - 2 * day,
            updated=NOW - 2 * day,
            deadline=NOW + 3 * day,
            judgement=samples.judged(
                "commissionable",
                outcomes=("older_people", "health_wellbeing"),
                reasons=(
                    Reason(text="workshops with artists", field="description", weight=1.5),
                    Reason(text="92312000: Artistic services", field="cpv", weight=0.5),
                    Reason(text="places", field="description", weight=-0.3),
                ),
            ),
            lots=(Lot(id="1", title="North", value=Decimal(9_000), currency="GBP"), Lot(id="2")),
            place=Place(regions=("TLD",), authority="E08000003", reason="stated"),
            buyer=Buyer(
                name="Manchester City Council",
                contact_email="cultureandcommunityprocurement@manchestercouncil.example",
            ),
            value_min=None,
            value_max=None,
        ),
        samples.opportunity(
            3,
            title="Festival programme: early talks",
            stage="planning",
            status="unknown",
            published=NOW - 5 * day,
            updated=NOW - 5 * day,
            deadline=None,
        ),
        samples.opportunity(
            4,
            title="Museum display",
            stage="award",
            status="awarded",
            published=NOW - 20 * day,
            updated=NOW - 6 * day,
            deadline=NOW - 10 * day,
            awards=(Award(id="a", suppliers=("Paper Lantern CIC",), value=Decimal(30_000)),),
        ),
        samples.opportunity(
            5,
            title=HOSTILE,
            description=HOSTILE * 3,
            published=NOW - day,
            updated=NOW - day,
            deadline=NOW + 20 * day,
            buyer=Buyer(name=HOSTILE, contact_email="javascript:alert(1)"),
            urls=(
                "javascript:alert(1)",
                "data:text/html,x",
                'https://ok.example/"onmouseover="x',
                "https://www.find-tender.service.gov.uk/Notice/000005-2026",
            ),
            lots=(Lot(id=HOSTILE, title=HOSTILE, description=HOSTILE),),
            judgement=samples.judged(
                reasons=(Reason(text="<script>alert", field="title", weight=1.0),)
            ),
        ),
        samples.opportunity(
            6, title="Withdrawn mural", status="cancelled", published=NOW - 8 * day, deadline=NOW
        ),
    ]


def fill(engine: sa.Engine) -> None:
    """Stores the samples as a crawl would have: with their processes and a release each."""
    found = seed()
    with database.writing(engine) as connection:
        ids = opportunities.save(connection, [opportunities.Entry(None, one) for one in found], NOW)
        for pk, one in zip(ids, found, strict=True):
            _process(connection, pk, one, one.id)
        # What was merged away keeps its own name.
        _process(connection, ids[0], found[0], "mergedaway22", ocid="ocds-old")


def _process(
    connection: sa.Connection, pk: int, one: Opportunity, key: str, ocid: str | None = None
) -> None:
    made = connection.execute(
        sa.insert(processes).values(
            source=one.sources[0],
            ocid=ocid or one.ocids[0],
            key=key,
            first_date=one.published,
            title_key=one.title[:40],
            opportunity_id=pk,
        )
    ).inserted_primary_key
    assert made is not None
    raw = {
        "ocid": ocid or one.ocids[0],
        "id": key,
        "date": one.published.isoformat(),
        "tag": ["tender"],
    }
    connection.execute(
        sa.insert(releases).values(
            source=one.sources[0],
            ocid=ocid or one.ocids[0],
            release_id=key,
            revision=1,
            date=one.published,
            fetched_at=NOW,
            url="https://www.find-tender.service.gov.uk/api",
            content_hash=key,
            raw=zlib.compress(json.dumps(raw).encode()),
            process_id=made[0],
        )
    )


def settings(home: pathlib.Path, **more: Any) -> Settings:
    """Those of a test's installation."""
    given = {
        "home": home,
        "secret_key": "k" * 40,
        "base_url": "http://localhost",
        "rate_limit": 10_000,
    }
    return Settings(**(given | more))


@pytest.fixture(name="settings")
def _settings(tmp_path: pathlib.Path) -> Settings:
    return settings(tmp_path)


def app(engine: sa.Engine, home: pathlib.Path, **more: Any) -> Flask:
    """An app on `engine`."""
    return create_app(settings(home, **more), engine, clock=lambda: NOW, deliver=lambda *_: None)


def user(engine: sa.Engine, role: str = "reviewer", name: str | None = None) -> User:
    """Somebody who may sign in."""
    called = name or role.title()
    email = f"{called.lower()}@desk.example"
    with database.writing(engine) as connection:
        found = users.find(connection, email)
        return found or users.add(connection, email=email, name=called, role=role, now=NOW)


def signed_in(app: Flask, engine: sa.Engine, role: str = "reviewer", name: str = "") -> FlaskClient:
    """A browser in which somebody of a role has signed in, by the link that they were mailed."""
    person = user(engine, role, name or None)
    client = app.test_client()
    send(client, "/sign-in", email=person.email)
    link = re.search(r"http://localhost(/sign-in/\S+)", queued(engine, "sign-in")[-1])
    assert link
    assert send(client, link[1]).status_code == 303
    return client


def person(engine: sa.Engine, **more: Any) -> Subscriber:
    """Somebody who gets mails."""
    given: dict[str, Any] = {
        "email": "hello@theatre.example",
        "organisation": "Paper Lantern Theatre",
        "subscription": Subscription(),
        "now": NOW,
        "state": "active",
    }
    with database.writing(engine) as connection:
        return subscribers.add(connection, **(given | more))


def addresses(home: pathlib.Path) -> Addresses:
    """The addresses of our own pages, their base cut off by `path`."""
    return Addresses.of(settings(home))


def path(address: str) -> str:
    """An address of ours without its host."""
    return address.removeprefix("http://localhost")


def token(page: str) -> str:
    """The form's own token on a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, page[:500]
    return unescape(found[1])


def send(client: FlaskClient, address: str, form_at: str | None = None, **fields: Any) -> Any:
    """Fills in the form on a page and sends it."""
    page = client.get(form_at or address).get_data(as_text=True)
    return client.post(address, data={"csrf_token": token(page), **fields})


def queued(engine: sa.Engine, kind: str) -> list[str]:
    """The texts of the mails of a kind in the outbox, newest last."""
    from email import message_from_bytes, policy

    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(outbox.c.message).where(outbox.c.kind == kind).order_by(outbox.c.id)
        ).scalars()
        mails = [message_from_bytes(zlib.decompress(row), policy=policy.default) for row in rows]
    bodies = [mail.get_body(("plain",)) for mail in mails]
    return [body.get_content() for body in bodies if body is not None]
