"""Contacts in the store, on both kinds of database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from crawler import keys
from crawler.config import Settings
from crawler.errors import ConfigError
from crawler.pages import Contact
from crawler.store import contacts, database, tables, visits

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=31)
KEY = b"k" * 32
HULL = "E06000010"
PAGE = "https://www.hull.gov.uk/arts"
ARTS = Contact(
    role="Arts team",
    basis="heading",
    page=PAGE,
    email="arts@hull.gov.uk",
    phone="+441482300300",
    phone_written="01482 300 300",
    headings=("Arts", "Arts team"),
    sentence="Email: arts@hull.gov.uk",
    outcomes=("place_economy",),
)
OFFICER = replace(
    ARTS, role="Arts Officer", name="Jane Example", email="j.e@hull.gov.uk", personal=True
)


def keep(
    engine: sa.Engine, *found: Contact, now: datetime = NOW, page: str = PAGE
) -> contacts.Counts:
    with database.writing(engine) as connection:
        return contacts.keep(connection, HULL, page, found, now, KEY)


def listed(engine: sa.Engine) -> list[contacts.Known]:
    with engine.connect() as connection:
        return contacts.listed(connection, [HULL])


def test_the_same_page_twice_changes_nothing(engine: sa.Engine) -> None:
    assert keep(engine, ARTS, OFFICER) == contacts.Counts(new=2)
    before = listed(engine)
    assert keep(engine, ARTS, OFFICER, now=NOW + timedelta(hours=3)) == contacts.Counts(same=2)
    assert listed(engine) == before
    assert [one.role for one in before] == ["Arts team", "Arts Officer"]


def test_seen_again_changed_dropped_and_back(engine: sa.Engine) -> None:
    keep(engine, ARTS)
    keep(engine, replace(ARTS, role="Culture team"), now=LATER)
    (one,) = listed(engine)
    assert (one.role, one.first_seen, one.last_seen) == ("Culture team", NOW, LATER)
    assert keep(engine, now=LATER) == contacts.Counts(dropped=1)
    assert keep(engine, now=LATER) == contacts.Counts()
    assert listed(engine)[0].stale_since == LATER
    assert keep(engine, ARTS, now=LATER) == contacts.Counts(changed=1)
    assert listed(engine)[0].stale_since is None


def test_several_pages_make_one_contact_by_the_plainest(engine: sa.Engine) -> None:
    other = "https://www.hull.gov.uk/contact"
    vague = replace(ARTS, role="Arts", basis="mailbox", page=other, phone=None, phone_written=None)
    keep(engine, vague, page=other)
    keep(engine, ARTS)
    (one,) = listed(engine)
    assert (one.role, one.phone, len(one.evidence)) == ("Arts team", "+441482300300", 2)
    with database.writing(engine) as connection:
        assert contacts.drop_page(connection, HULL, PAGE, LATER) == 1
    (one,) = listed(engine)
    assert (one.role, one.stale_since) == ("Arts", None)


def test_forgotten_is_deleted_and_never_taken_in_again(engine: sa.Engine) -> None:
    told = replace(ARTS, sentence="Write to arts@hull.gov.uk or J.E@hull.gov.uk")
    keep(engine, told, OFFICER)
    with database.writing(engine) as connection:
        assert contacts.forget(connection, KEY, " J.E@hull.gov.uk ", NOW) == 1
    assert keep(engine, told, OFFICER, now=LATER).forgotten == 1
    assert [one.email for one in listed(engine)] == ["arts@hull.gov.uk"]
    assert "j.e@" not in listed(engine)[0].evidence[0].sentence.lower()
    with engine.connect() as connection:
        kept = connection.execute(sa.select(tables.forgotten.c.digest)).scalars().all()
    assert len(kept) == 1
    assert "hull" not in kept[0]


def test_unfinished_visits_are_resumed_for_a_week(engine: sa.Engine) -> None:
    with database.writing(engine) as connection:
        visits.begin(connection, "councils", HULL, NOW)
        visits.page(connection, "councils", HULL, PAGE, NOW, None, [("https://x/b", 4.0)])
        visits.begin(connection, "councils", HULL, NOW + timedelta(hours=1))
        found = visits.unfinished(connection, "councils", [HULL], NOW + timedelta(days=1))
        assert found == {HULL: {"read": [PAGE], "links": [["https://x/b", 4.0]]}}
        assert visits.unfinished(connection, "councils", [HULL], NOW + timedelta(days=8)) == {}
        visits.finish(connection, "councils", HULL, LATER, pages=1)
        assert visits.unfinished(connection, "councils", [HULL], NOW) == {}


def test_the_key_is_made_once_and_kept(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert keys.forget_key(settings) == keys.forget_key(settings)
    assert (tmp_path / "var/secret-key").stat().st_mode & 0o077 == 0
    other = Settings(home=tmp_path, secret_key="s" * 32)
    assert keys.forget_key(other) != keys.forget_key(settings)
    (tmp_path / "var/secret-key").write_text("")
    with pytest.raises(ConfigError, match="damaged"):
        keys.forget_key(settings)
