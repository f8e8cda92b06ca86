"""Makes `docs/sample-digest.eml` and its pictures: runs the demo, writes a digest, photographs it.

    python docs/sample_digest.py

Needs Debian's chromium and playwright. The digest is written from the demo's notices to somebody
who has had one before, with contacts that we invented.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from playwright.sync_api import Browser, sync_playwright

from crawler.addresses import Addresses
from crawler.digest.mail import Letterhead
from crawler.jobs import drafting
from crawler.jobs.drafting import Draft
from crawler.jobs.match import match
from crawler.opportunity import Opportunity
from crawler.pages import Contact
from crawler.store import contacts, database, matches, opportunities, subscribers
from crawler.store.matches import Told
from crawler.store.subscribers import Subscriber, Subscription
from crawler.tokens import Tokens

HERE = pathlib.Path(__file__).resolve().parent
PAGE = "https://council.example/arts"
EMAIL = "programme@paper-lantern.example"
PICTURES = {
    "digest-phone.png": (320, 1500, "light"),
    "digest-desktop.png": (700, 1300, "light"),
    "digest-dark.png": (320, 1500, "dark"),
}
"""Width and height in CSS pixels, and the colour scheme."""

ADDRESSES = Addresses(base="https://tenders.example", tokens=Tokens(b"a key for samples only"))
LETTERHEAD = Letterhead(sender="digest@tenders.example", contact="hello@tenders.example")


@contextmanager
def demo() -> Iterator[sa.Engine]:
    """The demo's database, when the demo has run."""
    with tempfile.TemporaryDirectory() as home:
        subprocess.run(
            [sys.executable, "-m", "crawler.cli", "demo", "--no-serve"],
            env=os.environ | {"TENDERS_HOME": home},
            check=True,
        )
        engine = database.engine(f"sqlite:///{home}/var/demo.sqlite")
        yield engine
        engine.dispose()


def reader(engine: sa.Engine, now: datetime) -> Subscriber:
    """Somebody who had a digest a week ago, and knew of what has changed since."""
    with database.writing(engine) as connection:
        subscribers.add(
            connection,
            email=EMAIL,
            organisation="Paper Lantern",
            subscription=Subscription(bands=("arts", "commissionable", "adjacent")),
            now=now - timedelta(days=60),
            state="active",
        )
    match(engine, now)
    with database.writing(engine) as connection:
        (person,) = (one for one in subscribers.listed(connection) if one.email == EMAIL)
        found = {
            one.opportunity_id: opportunities.get(connection, one.opportunity_id)
            for one in matches.pending(connection, person.id)
        }
        known = {key: before for key, one in found.items() if (before := earlier(one))}
        matches.told(connection, person.id, known, now - timedelta(days=7))
        subscribers.digested(connection, person.id, now - timedelta(days=7))
        for code in {one.place.authority for one in found.values() if one.place.authority}:
            invite(connection, code, now)
    return dataclasses.replace(person, digest_at=now - timedelta(days=7))


def earlier(opportunity: Opportunity) -> Told | None:
    """What somebody was told before the deadline moved, None if it never did."""
    moved = [one for one in opportunity.changes if one.field == "deadline" and one.old]
    if not moved:
        return None
    before = datetime.fromisoformat(str(moved[-1].old))
    told = Told.of(opportunity)
    return dataclasses.replace(told, deadline=before, version=told.version - 1)


def invite(connection: sa.Connection, authority: str, now: datetime) -> None:
    """Gives an authority a contact: a role mailbox that nobody has."""
    role = Contact(
        role="Arts and culture team",
        basis="heading",
        page=PAGE,
        headings=("Arts and culture",),
        sentence="Write to the arts and culture team.",
        email=f"culture@{authority.lower()}.example",
        outcomes=("place_economy", "health_wellbeing", "older_people"),
        personal=False,
    )
    contacts.keep(connection, authority, PAGE, [role], now, b"")


def write(engine: sa.Engine, now: datetime) -> Draft:
    """The sample digest."""
    person = reader(engine, now)
    with engine.connect() as connection:
        return drafting.Round(
            connection,
            accounts=drafting.accounts(connection, now),
            letterhead=LETTERHEAD,
            now=now,
            key=b"",
            addresses=ADDRESSES,
        ).digest(person, slot=now, near_misses=14)


def photograph(browser: Browser, page: str, target: pathlib.Path) -> None:
    """A picture of a page's top."""
    width, height, scheme = PICTURES[target.name]
    opened = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    opened.set_content(page)
    opened.screenshot(path=target)
    opened.close()


def main() -> None:
    """Writes the mail and the pictures beside this script."""
    with demo() as engine:
        draft = write(engine, datetime.now(UTC).replace(microsecond=0))
    (HERE / "sample-digest.eml").write_bytes(draft.message.as_bytes())
    body = draft.message.get_body(("html",))
    assert body is not None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for name in PICTURES:
            photograph(browser, body.get_content(), HERE / name)
        browser.close()


if __name__ == "__main__":
    main()
