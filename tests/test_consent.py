"""Opting in twice, out once: what is recorded, what is sent, and what a stranger cannot do."""

from __future__ import annotations

import email
import email.policy
import json
import re
import zlib
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from digest_samples import NOW, opportunity, store

from crawler import keys
from crawler.addresses import Addresses
from crawler.config import Settings
from crawler.digest import consenting
from crawler.errors import UsageError
from crawler.jobs import consent, keeping, preferences, reconfirming
from crawler.jobs.match import match
from crawler.store import (
    consents,
    database,
    membership,
    organisations,
    subscribers,
    suppressions,
    tables,
)
from crawler.store.consents import network_of
from crawler.store.organisations import Organisation
from crawler.store.subscribers import Schedule, Subscriber, Subscription

ADDRESS = "hello@theatre.example"
DAY = timedelta(days=1)
FROM = {"origin": "test", "network": "192.0.2.77"}


@pytest.fixture
def db(engine: sa.Engine) -> sa.Engine:
    return engine


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path,
        base_url="https://tenders.example",
        sender="digest@tenders.example",
        contact="hello@tenders.example",
        secret_key="k" * 32,
    )


def ask(settings: Settings, db: sa.Engine, **changed: Any) -> consent.Answer:
    asked: dict[str, Any] = {
        "email": ADDRESS,
        "organisation": "Paper Lantern Theatre",
        "subscription": Subscription(regions=("TLE",)),
        "schedule": Schedule(weekday=2, hour=9),
        "now": NOW,
        **FROM,
    }
    return consent.ask(settings, db, **(asked | changed))


def mails(db: sa.Engine) -> list[EmailMessage]:
    with db.connect() as connection:
        rows = connection.execute(sa.select(tables.outbox.c.message).order_by(tables.outbox.c.id))
        return [
            email.message_from_bytes(zlib.decompress(row.message), policy=email.policy.default)
            for row in rows
        ]


def words(message: EmailMessage, kind: str = "plain") -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def token(message: EmailMessage) -> str:
    found = re.search(r"https://tenders\.example/confirm/(\S+)", words(message))
    assert found
    return found[1]


def somebody(db: sa.Engine, address: str = ADDRESS) -> Subscriber:
    with db.connect() as connection:
        found = subscribers.find(connection, address)
    assert found
    return found


def evidence(db: sa.Engine) -> list[str]:
    with db.connect() as connection:
        return [one.event for one in consents.of(connection, somebody(db).id)]


def joined(settings: Settings, db: sa.Engine, **changed: Any) -> Subscriber:
    assert ask(settings, db, **changed) == "asked"
    done = consent.confirm(settings, db, token(mails(db)[-1]), now=NOW, **FROM)
    assert done.outcome == "confirmed"
    assert done.person
    return done.person


def test_asking_and_confirming(settings: Settings, db: sa.Engine) -> None:
    assert ask(settings, db) == "asked"
    assert somebody(db).state == "pending"
    assert not somebody(db).may_be_written_to(NOW)
    link = token(mails(db)[0])
    assert consent.look_at(settings, db, link).outcome == "confirmed"
    assert somebody(db).state == "pending"  # looking changes nothing
    done = consent.confirm(settings, db, link, now=NOW + DAY, **FROM)
    assert done.outcome == "confirmed"
    assert done.person == somebody(db)
    assert (somebody(db).state, somebody(db).confirmed_at) == ("active", NOW + DAY)
    assert somebody(db).schedule == Schedule(weekday=2, hour=9)
    assert consent.confirm(settings, db, link, now=NOW + DAY, **FROM).outcome == "already"
    with db.connect() as connection:
        asked, confirmed = consents.of(connection, somebody(db).id)
    assert (asked.event, asked.wording, asked.network) == ("asked", "2026-11", "192.0.2.0/24")
    assert (confirmed.event, confirmed.at, confirmed.origin) == ("confirmed", NOW + DAY, "test")


def test_the_mail_says_who_when_what_and_what_if_not(settings: Settings, db: sa.Engine) -> None:
    ask(settings, db, subscription=Subscription(regions=("TLE",), require=("street arts",)))
    (message,) = mails(db)
    assert message["To"] == ADDRESS
    assert message["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<confirm\.[0-9a-f]+@tenders\.example>", message["Message-ID"])
    for kind in ("plain", "html"):
        said = " ".join(re.sub(r"<[^>]*>", " ", words(message, kind)).split())
        for part in (
            "Paper Lantern Theatre", "10 July 2026", "Yorkshire and The Humber", "street arts",
            "Every Wednesday at 9am", "works for 7 days", "do nothing",
            consenting.WORDINGS["2026-11"],
        ):  # fmt: skip
            assert part in said, (kind, part)
    assert len(words(message, "html")) < 20_000


def test_a_strangers_words_make_no_links(settings: Settings, db: sa.Engine) -> None:
    evil = "Visit https://evil.example/pills or mail x@evil.example, www.evil.example <b>now</b>"
    ask(
        settings, db, organisation=evil + "\r\nBcc: you@evil.example",
        subscription=Subscription(require=("evil.example/a", "<script>")),
    )  # fmt: skip
    (message,) = mails(db)
    assert message["Bcc"] is None
    for kind in ("plain", "html"):
        assert "evil.example" not in words(message, kind)
    assert not re.search("<b>|<script>", words(message, "html"))
    assert len(re.findall("href=", words(message, "html"))) == 2


def test_asking_tells_the_asker_nothing_and_the_owner_all(
    settings: Settings, db: sa.Engine
) -> None:
    person = joined(settings, db)
    assert ask(settings, db, subscription=Subscription(regions=("TLK",))) == "known"
    assert somebody(db) == person
    said = " ".join(words(mails(db)[-1]).split())
    assert "You get them already. Nothing has changed." in said
    link = re.search(r"/preferences/(\S+)", words(mails(db)[-1]))
    assert link
    with db.connect() as connection:
        assert consent.holder(settings, connection, "manage", link[1]) == person


def test_three_mails_a_day_to_one_address(settings: Settings, db: sa.Engine) -> None:
    answers = [ask(settings, db, now=NOW + timedelta(hours=hour)) for hour in range(5)]
    assert answers == ["asked", "again", "again", "enough", "enough"]
    assert len(mails(db)) == 3
    assert ask(settings, db, email="other@theatre.example") == "asked"
    assert ask(settings, db, now=NOW + DAY + timedelta(minutes=1)) == "again"


def test_what_is_confirmed_is_what_the_mail_said(settings: Settings, db: sa.Engine) -> None:
    ask(settings, db)
    mine = token(mails(db)[0])
    ask(settings, db, organisation="Stranger", subscription=Subscription(regions=("TLK",)))
    assert consent.confirm(settings, db, mine, now=NOW, **FROM).outcome == "superseded"
    assert somebody(db).state == "pending"
    newer = token(mails(db)[1])
    assert consent.confirm(settings, db, newer, now=NOW, **FROM).outcome == "confirmed"
    assert [one.regions for one in somebody(db).subscriptions] == [("TLK",)]


@pytest.mark.parametrize("bad", ["", "x", "a.b.c", "é", "\x00", "A" * 5000])
def test_forged_tokens(settings: Settings, db: sa.Engine, bad: str) -> None:
    assert consent.confirm(settings, db, bad, now=NOW, **FROM).outcome == "unknown"
    assert consent.look_at(settings, db, bad).outcome == "unknown"
    assert not consent.stop(settings, db, bad, now=NOW, **FROM)


def test_a_token_serves_its_own_purpose_only(settings: Settings, db: sa.Engine) -> None:
    ask(settings, db)
    person, tokens = somebody(db), Addresses.of(settings).tokens
    for purpose in ("manage", "unsubscribe", "feed"):
        wrong = tokens.make(purpose, person.handle, "1")  # type: ignore[arg-type]
        assert consent.confirm(settings, db, wrong, now=NOW, **FROM).outcome == "unknown"
    plain = tokens.make("confirm", person.handle)
    assert consent.confirm(settings, db, plain, now=NOW, **FROM).outcome == "superseded"


def test_an_old_link_has_expired(
    settings: Settings, db: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(settings, db)
    link = token(mails(db)[0])
    later = datetime.now(UTC) + timedelta(days=8)
    monkeypatch.setattr("itsdangerous.timed.time.time", later.timestamp)
    assert consent.confirm(settings, db, link, now=later, **FROM).outcome == "expired"
    assert somebody(db).state == "pending"


def test_one_click_stops_and_again_is_the_same(settings: Settings, db: sa.Engine) -> None:
    person = joined(settings, db)
    link = Addresses.of(settings).tokens.make("unsubscribe", person.handle)
    assert consent.stop(settings, db, link, now=NOW + DAY, **FROM)
    assert consent.stop(settings, db, link, now=NOW + 2 * DAY, **FROM)
    assert somebody(db).state == "stopped"
    assert evidence(db) == ["asked", "confirmed", "stopped"]
    unknown = Addresses.of(settings).tokens.make("unsubscribe", "nobody")
    assert consent.stop(settings, db, unknown, now=NOW, **FROM)
    # The link of the first mail must not bring them back, and old stop links work after a return.
    first = token(mails(db)[0]) if mails(db) else ""
    assert consent.confirm(settings, db, first, now=NOW, **FROM).outcome != "confirmed"
    ask(settings, db, now=NOW + 3 * DAY)
    consent.confirm(settings, db, token(mails(db)[-1]), now=NOW + 3 * DAY, **FROM)
    assert somebody(db).state == "active"
    assert consent.stop(settings, db, link, now=NOW + 4 * DAY, **FROM)
    assert somebody(db).state == "stopped"


def test_stopping_drops_what_waits_to_be_sent(settings: Settings, db: sa.Engine) -> None:
    ask(settings, db)
    assert len(mails(db)) == 1
    preferences.stop(db, somebody(db), origin="test", now=NOW)
    assert mails(db) == []


def test_opting_in_anew_lifts_a_suppression(settings: Settings, db: sa.Engine) -> None:
    key = keys.suppression_key(settings)
    with database.writing(db) as connection:
        suppressions.suppress(connection, key, ADDRESS, "hard", "550 no", NOW)
    ask(settings, db)
    with db.connect() as connection:
        assert suppressions.among(connection, key, [ADDRESS]) == {ADDRESS}
    consent.confirm(settings, db, token(mails(db)[0]), now=NOW, **FROM)
    with db.connect() as connection:
        assert suppressions.among(connection, key, [ADDRESS]) == set()


def bar(settings: Settings, db: sa.Engine, reason: suppressions.BounceKind = "hard") -> None:
    with database.writing(db) as connection:
        key = keys.suppression_key(settings)
        suppressions.suppress(connection, key, ADDRESS, reason, f"550 {ADDRESS} no", NOW)


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("reason", ["hard", "complaint"])
def test_who_is_suppressed_can_opt_in_anew(
    settings: Settings, db: sa.Engine, reason: suppressions.BounceKind, paused: bool
) -> None:
    person = joined(settings, db)
    if paused:
        preferences.pause(db, person, None, now=NOW, **FROM)
    bar(settings, db, reason)
    first = token(mails(db)[0]) if not paused else ""  # a pause drops what was queued
    if first:  # the link from before the bounce neither says that all is well nor lifts it
        assert consent.confirm(settings, db, first, now=NOW, **FROM).outcome == "superseded"
    barred = reconfirming.suppression(settings, db, ADDRESS)
    assert barred == suppressions.Suppression(reason=reason, at=NOW, words="550 [address] no")
    wish = Subscription(regions=("TLK",))
    assert ask(settings, db, subscription=wish, now=NOW + DAY) == "again"
    assert somebody(db).state == "pending"
    assert reconfirming.suppression(settings, db, ADDRESS) == barred  # asking lifts nothing
    assert not any("already" in words(one) for one in mails(db))
    done = consent.confirm(settings, db, token(mails(db)[-1]), now=NOW + DAY, **FROM)
    assert done.outcome == "confirmed"
    assert reconfirming.suppression(settings, db, ADDRESS) is None
    assert somebody(db).may_be_written_to(NOW + DAY)
    assert [one.regions for one in somebody(db).subscriptions] == [("TLK",)]
    assert ask(settings, db, now=NOW + 3 * DAY) == "known"


def test_staff_lift_a_suppression_with_the_owners_consent(
    settings: Settings, db: sa.Engine
) -> None:
    joined(settings, db)
    told: dict[str, Any] = {
        "email": ADDRESS, "organisation": None, "subscription": Subscription(),
        "schedule": Schedule(), "origin": "by phone", "now": NOW + DAY,
    }  # fmt: skip
    with pytest.raises(UsageError, match="subscribed already"):
        consent.enrol(settings, db, **told)
    bar(settings, db)
    lifted = consent.enrol(settings, db, **told)
    assert lifted is not None
    assert lifted.reason == "hard"
    assert reconfirming.suppression(settings, db, ADDRESS) is None
    assert (somebody(db).state, somebody(db).confirmed_at) == ("active", NOW + DAY)
    assert evidence(db) == ["asked", "confirmed", "confirmed"]


def test_confirming_anew_from_ones_own_page_keeps_the_wishes(
    settings: Settings, db: sa.Engine
) -> None:
    person = joined(settings, db)
    person = preferences.add_wish(db, person, Subscription(art_forms=("music",)), now=NOW, **FROM)
    told: dict[str, Any] = {"now": NOW + 2 * DAY, **FROM}
    with pytest.raises(UsageError, match="nothing to confirm"):
        reconfirming.ask_anew(settings, db, person, **told)
    bar(settings, db)
    for _ in range(3):
        reconfirming.ask_anew(settings, db, person, **told)
    with pytest.raises(UsageError, match="tomorrow"):
        reconfirming.ask_anew(settings, db, person, **told)
    assert somebody(db).state == "pending"
    link = token(mails(db)[-1])
    assert consent.confirm(settings, db, link, **told).outcome == "confirmed"
    assert somebody(db).subscriptions == person.subscriptions
    assert reconfirming.suppression(settings, db, ADDRESS) is None
    bar(settings, db)
    preferences.stop(db, somebody(db), origin="test", now=NOW)
    with pytest.raises(UsageError, match="stopped"):
        reconfirming.ask_anew(settings, db, person, **told)
    assert somebody(db).state == "stopped"


def test_pausing_and_resuming(settings: Settings, db: sa.Engine) -> None:
    person = joined(settings, db)
    until = NOW + 14 * DAY
    preferences.pause(db, person, until, now=NOW, **FROM)
    preferences.pause(db, person, until, now=NOW, **FROM)
    assert not somebody(db).may_be_written_to(until - DAY)
    assert somebody(db).may_be_written_to(until)
    preferences.resume(db, person, now=NOW + DAY, **FROM)
    assert somebody(db).state == "active"
    assert evidence(db) == ["asked", "confirmed", "paused", "resumed"]
    for wrong in (NOW, NOW - DAY, NOW + 400 * DAY):
        with pytest.raises(UsageError, match="within the next year"):
            preferences.pause(db, person, wrong, now=NOW, **FROM)
    preferences.stop(db, person, origin="test", now=NOW)
    for again in (
        lambda: preferences.resume(db, person, now=NOW, **FROM),
        lambda: preferences.pause(db, person, None, now=NOW, **FROM),
    ):
        with pytest.raises(UsageError, match="has stopped"):
            again()
    assert somebody(db).state == "stopped"


def test_changes_are_recorded_once(settings: Settings, db: sa.Engine) -> None:
    person = joined(settings, db)
    told: dict[str, Any] = {"now": NOW, **FROM}
    preferences.change(
        db, person, organisation=person.organisation, schedule=person.schedule, **told
    )
    assert evidence(db) == ["asked", "confirmed"]
    changed = preferences.change(
        db, person, organisation=" New  name ", schedule=Schedule(rhythm="daily"), **told
    )
    assert (changed.organisation, changed.schedule.rhythm) == ("New name", "daily")
    more = preferences.add_wish(db, person, Subscription(art_forms=("music",)), **told)
    assert preferences.add_wish(db, person, Subscription(art_forms=("music",)), **told) == more
    first, second = more.subscriptions
    preferences.remove_wish(db, person, first.id, **told)
    with pytest.raises(UsageError, match="only this"):
        preferences.remove_wish(db, person, second.id, **told)
    with pytest.raises(UsageError, match=f"Theirs are: {second.id}"):
        preferences.remove_wish(db, person, first.id, **told)
    assert evidence(db) == ["asked", "confirmed", *["changed"] * 3]


def test_nobody_changes_another_persons_wishes(settings: Settings, db: sa.Engine) -> None:
    mine = joined(settings, db)
    other = joined(settings, db, email="b@x.example")
    theirs = other.subscriptions[0]
    with pytest.raises(UsageError, match="has no subscription"):
        preferences.change_wish(db, mine, theirs, now=NOW, **FROM)
    with database.writing(db) as connection:
        assert not membership.change_wish(connection, mine.id, theirs)
        assert not membership.remove_wish(connection, mine.id, theirs.id)


def test_a_changed_wish_is_matched_anew(settings: Settings, db: sa.Engine) -> None:
    person = joined(settings, db)
    store(db, opportunity())
    match(db, NOW)
    wish = somebody(db).subscriptions[0]
    assert wish.matched_until
    changed = Subscription(id=wish.id, regions=("TLK",))
    preferences.change_wish(db, person, changed, now=NOW, **FROM)
    assert somebody(db).subscriptions[0].matched_until is None
    with db.connect() as connection:
        assert connection.execute(sa.select(tables.matches)).all() == []


def test_a_new_address_takes_back_old_links(settings: Settings, db: sa.Engine) -> None:
    person = joined(settings, db)
    joined(settings, db, email="b@x.example")
    with pytest.raises(UsageError, match="subscribed already"):
        preferences.readdress(settings, db, person, "B@x.example", origin="staff", now=NOW)
    moved = preferences.readdress(settings, db, person, "New@x.example", origin="staff", now=NOW)
    assert (moved.email, moved.state, moved.id) == ("new@x.example", "active", person.id)
    assert moved.handle != person.handle


def fill(settings: Settings, db: sa.Engine) -> Subscriber:
    """Somebody of whom something is kept in every table."""
    person = joined(settings, db)
    store(db, opportunity())
    match(db, NOW)
    preferences.pause(db, person, None, now=NOW, **FROM)
    ask(settings, db)
    with database.writing(db) as connection:
        number = connection.execute(sa.select(tables.opportunities.c.id)).scalar()
        mail = connection.execute(sa.select(tables.outbox.c.id)).scalars().first()
        connection.execute(
            tables.marks.insert().values(
                subscriber_id=person.id, opportunity_id=number, saved_at=NOW
            )
        )
        connection.execute(
            tables.bounces.insert().values(
                subscriber_id=person.id, outbox_id=mail, report="r", at=NOW, kind="soft",
                words="451 later",
            )
        )  # fmt: skip
        connection.execute(
            tables.reviews.insert().values(
                subscriber_id=person.id, opportunity_id=number, by="subscriber",
                decision="reject", relevance="none", decided_at=NOW,
            )
        )  # fmt: skip
        entry = Organisation(
            key="k" * 12, name="A choir", name_key="a choir", subscriber_id=person.id, opened=NOW
        )
        organisations.add(connection, [entry])
    return person


def test_export_tells_everything_that_is_kept(settings: Settings, db: sa.Engine) -> None:
    person = fill(settings, db)
    told = json.loads(json.dumps(preferences.export_person(settings, db, person, NOW)))
    assert told["subscriber"]["email"] == ADDRESS
    for name in ("subscriptions", "consents", "matches", "marks", "reviews", "deliveries"):
        assert told[name], name
    assert told["partnering"][0]["name"] == "A choir"
    assert told["bounces"][0]["words"] == "451 later"
    assert told["matches"][0]["opportunity_title"] == "Riverside public art"
    assert [one["event"] for one in told["consents"]] == ["asked", "confirmed", "paused"]
    assert told["wordings"]["2026-11"]
    assert told["address_suppressed"] is False
    assert "message" not in told["deliveries"][0]


def test_every_table_that_names_a_person_is_exported_and_erased(
    settings: Settings, db: sa.Engine
) -> None:
    person = fill(settings, db)
    naming = [
        table for table in tables.metadata.tables.values() if "subscriber_id" in table.columns
    ]
    told = preferences.export_person(settings, db, person, NOW)
    lists = [name for name, rows in told.items() if isinstance(rows, list)]
    assert len(lists) == len(naming) + 2  # matches and introductions name them in other words
    for folder in (settings.outbox, settings.var / "preview"):
        folder.mkdir(parents=True)
        (folder / f"2026-07-10-{ADDRESS}-digest.eml").write_text("x")
        (folder / "2026-07-10-b@x.example-digest.eml").write_text("x")
    with database.writing(db) as connection:
        suppressions.suppress(
            connection, keys.suppression_key(settings), ADDRESS, "complaint", "", NOW
        )
    gone = preferences.erase_person(settings, db, person)
    assert (gone.mails, gone.files) == (1, 2)
    with db.connect() as connection:
        for table in [*naming, tables.subscribers, tables.matches]:
            assert connection.execute(sa.select(table)).all() == [], table.name
        assert len(connection.execute(sa.select(tables.suppressions)).all()) == 1
    with pytest.raises(UsageError, match="not subscribed any more"):
        preferences.pause(db, person, None, now=NOW, **FROM)


def test_who_never_confirms_is_forgotten_after_30_days(settings: Settings, db: sa.Engine) -> None:
    joined(settings, db)
    ask(settings, db, email="never@x.example")
    ask(settings, db, email="again@x.example")
    ask(settings, db, email="again@x.example", now=NOW + 20 * DAY)
    returning = joined(settings, db, email="back@x.example")
    preferences.stop(db, returning, origin="test", now=NOW)
    ask(settings, db, email="back@x.example", now=NOW + DAY / 2)
    assert keeping.prune_pending(db, NOW + 29 * DAY) == 0
    assert keeping.prune_pending(db, NOW + 32 * DAY) == 2
    assert keeping.prune_pending(db, NOW + 32 * DAY) == 0
    with db.connect() as connection:
        states = {one.email: one.state for one in subscribers.listed(connection)}
    assert states == {
        ADDRESS: "active", "again@x.example": "pending", "back@x.example": "stopped"
    }  # fmt: skip


def test_many_people_are_read_page_by_page(db: sa.Engine) -> None:
    with database.writing(db) as connection:
        for number in range(25):
            subscribers.add(
                connection, email=f"p{number}@x.example", organisation=None, now=NOW,
                subscription=Subscription(), state="active" if number % 2 else "stopped",
            )  # fmt: skip
        asked: list[str] = []
        sa.event.listen(connection, "before_cursor_execute", lambda *words: asked.append(words[2]))
        found = list(subscribers.iterate(connection, states=("active",), page=5))
    assert [one.email for one in found] == [f"p{number}@x.example" for number in range(1, 25, 2)]
    assert all(one.subscriptions for one in found)
    assert len(asked) == 10  # three a page, and one that finds no more


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("192.0.2.128/25", "192.0.2.0/24"),
        ("10.0.0.0/8", None),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("2001:db8:1::/48", "2001:db8:1::/48"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("fe80::1%eth0", "fe80::/48"),
        ("unknown", None),
        ("", None),
        (None, None),
        ("1.2.3.4, 5.6.7.8", None),
    ],
)
def test_of_an_address_only_the_network_is_kept(given: str | None, kept: str | None) -> None:
    assert network_of(given) == kept
