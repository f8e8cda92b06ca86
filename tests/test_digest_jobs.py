"""The whole way on a database: match, tell once, tell again when it changed."""

from __future__ import annotations

import dataclasses
import email
import email.policy
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from digest_samples import NOW, judged, moved, opportunity, store

from crawler.config import Settings
from crawler.digest.outbox import Letter
from crawler.errors import MailRefused, UsageError
from crawler.items import Place
from crawler.jobs.deliver import Delivered, deliver
from crawler.jobs.match import match
from crawler.jobs.queue import Queued, queue
from crawler.jobs.send import preview, send, send_test, terms_of
from crawler.store import database, matches, subscribers
from crawler.store.subscribers import Subscription
from crawler.store.tables import matches as matches_table

WEEK = timedelta(days=7)
ADDRESS = "hello@theatre.example"


class Postbag:
    """A mailer that keeps what it is handed."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.messages: list[EmailMessage] = []

    def hand_over(self, letter: Letter) -> str:
        if letter.recipient in self.refused:
            raise MailRefused(
                "no", at="recipient", code=550, status="5.1.1", words="550 5.1.1 no such user"
            )
        read = email.message_from_bytes(letter.raw, policy=email.policy.default)
        self.messages.append(read)
        return "250 OK"

    def deliver(self, message: EmailMessage) -> None:
        self.hand_over(Letter.of(message))

    @property
    def subjects(self) -> list[str]:
        return [str(message["Subject"]).strip() for message in self.messages]


@pytest.fixture
def db(engine: sa.Engine) -> sa.Engine:
    return engine


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def join(db: sa.Engine, address: str = ADDRESS, wish: Subscription | None = None) -> None:
    with database.writing(db) as connection:
        subscribers.add(
            connection,
            email=address,
            organisation=None,
            subscription=wish or Subscription(regions=("TLE",)),
            now=NOW,
            state="active",
        )


def send_by(bag: Postbag, db: sa.Engine, settings: Settings, now: datetime) -> Round:
    """A round for everybody who had no digest today, by a mailer of the test's."""
    written = queue(settings, db, now, everyone=True)
    terms = dataclasses.replace(terms_of(settings, lambda: now), per_minute=None)
    return Round(written, deliver(db, bag, terms))


class Round(NamedTuple):
    written: Queued
    delivered: Delivered


def rows(db: sa.Engine) -> list[tuple[object, ...]]:
    with db.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.select(matches_table))]


def test_the_same_round_of_matching_changes_nothing(db: sa.Engine):
    join(db)
    store(db, opportunity(1), opportunity(2), opportunity(3, place=Place(regions=("TLK",))))
    first = match(db, NOW)
    assert (first.kept.new, first.kept.same) == (2, 0)
    before = rows(db)
    again = match(db, NOW + timedelta(hours=1))
    assert (again.kept.new, again.kept.changed, again.kept.withdrawn) == (0, 0, 0)
    assert again.kept.same == 2
    assert rows(db) == before


def test_what_no_longer_fits_is_withdrawn_unless_it_was_told(db: sa.Engine):
    join(db)
    untold, told = store(db, opportunity(1), opportunity(2))
    match(db, NOW)
    with database.writing(db) as connection:
        person = subscribers.listed(connection)[0]
        matches.told(connection, person.id, {told: matches.Told.of(opportunity(2))}, NOW)
    store(db, opportunity(1, judgement=judged("none")), key=untold)
    store(db, opportunity(2, judgement=judged("none")), key=told)
    assert match(db, NOW, everything=True).kept.withdrawn == 1
    assert [row[1] for row in rows(db)] == [told]


def test_reasons_are_kept_up_to_date(db: sa.Engine):
    join(db)
    (key,) = store(db, opportunity(place=Place()))
    match(db, NOW)
    store(db, opportunity(), key=key)
    assert match(db, NOW).kept.changed == 1


def test_a_new_subscriber_hears_of_what_was_there_before(db: sa.Engine):
    long_ago = opportunity(published=NOW - timedelta(days=60), updated=NOW - timedelta(days=60))
    store(db, long_ago)
    join(db)
    match(db, NOW)
    join(db, "late@theatre.example")
    assert match(db, NOW + timedelta(days=40)).opportunities == 1


def test_nobody_subscribed_is_no_error(db: sa.Engine, settings: Settings):
    assert match(db, NOW).subscriptions == 0
    assert send(settings, db, NOW).delivered.sent == 0


def test_an_opportunity_is_told_once_and_again_when_it_changed(db: sa.Engine, settings: Settings):
    join(db)
    one = opportunity()
    (key,) = store(db, one)
    match(db, NOW)
    bag = Postbag()
    send_by(bag, db, settings, NOW)
    send_by(bag, db, settings, NOW + WEEK)
    later = moved(one, NOW + timedelta(days=44, hours=4))
    store(db, later, key=key)
    match(db, NOW + 2 * WEEK)
    send_by(bag, db, settings, NOW + 2 * WEEK)
    send_by(bag, db, settings, NOW + 3 * WEEK)
    store(db, dataclasses.replace(later, status="cancelled", version=3), key=key)
    match(db, NOW + 4 * WEEK)
    send_by(bag, db, settings, NOW + 4 * WEEK)
    assert [subject.split(":")[0] for subject in bag.subjects] == [
        "1 new for you", "All quiet", "1 change to what we told you", "All quiet",
        "1 change to what we told you",
    ]  # fmt: skip
    assert "The deadline moved from 9 August 2026 to 23 August 2026" in plain(bag.messages[2])
    assert "It was cancelled" in plain(bag.messages[4])


def plain(message: EmailMessage) -> str:
    read = email.message_from_bytes(message.as_bytes(), policy=email.policy.default)
    body = read.get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


def test_what_closed_since_it_was_matched_is_not_told(db: sa.Engine, settings: Settings):
    join(db)
    store(db, opportunity(deadline=NOW + timedelta(days=2)))
    match(db, NOW)
    bag = Postbag()
    send_by(bag, db, settings, NOW + timedelta(days=3))
    assert bag.subjects == ["All quiet: nothing new for you"]


def test_items_beyond_the_room_come_with_the_next_digest(db: sa.Engine, settings: Settings):
    join(db)
    store(db, *[opportunity(number) for number in range(1, 19)])
    match(db, NOW)
    bag = Postbag()
    for week in range(3):
        send_by(bag, db, settings, NOW + week * WEEK)
    assert [subject.split()[0] for subject in bag.subjects] == ["18", "3", "All"]


def test_one_digest_a_day(db: sa.Engine, settings: Settings):
    join(db)
    store(db, opportunity())
    match(db, NOW)
    bag = Postbag()
    send_by(bag, db, settings, NOW)
    second = send_by(bag, db, settings, NOW + timedelta(hours=5))
    assert second.written.already == [ADDRESS]
    assert len(bag.messages) == 1


def test_a_refused_mail_holds_up_nobody(db: sa.Engine, settings: Settings):
    join(db, "a@refused.example")
    join(db, "b@theatre.example")
    store(db, opportunity())
    match(db, NOW)
    bag = Postbag("a@refused.example")
    done = send_by(bag, db, settings, NOW)
    assert [str(message["To"]) for message in bag.messages] == ["b@theatre.example"]
    assert done.delivered.failed == [("a@refused.example", "550 5.1.1 no such user")]


def test_two_subscriptions_of_one_person_tell_once(db: sa.Engine, settings: Settings):
    join(db)
    with database.writing(db) as connection:
        person = subscribers.listed(connection)[0]
        subscribers.subscribe(connection, person.id, Subscription(bands=("arts",)))
    store(db, opportunity())
    match(db, NOW)
    bag = Postbag()
    send_by(bag, db, settings, NOW)
    send_by(bag, db, settings, NOW + WEEK)
    assert [subject.split(":")[0] for subject in bag.subjects] == ["1 new for you", "All quiet"]


def test_who_was_never_matched_waits(db: sa.Engine, settings: Settings):
    join(db)
    done = send_by(Postbag(), db, settings, NOW)
    assert done.written.unmatched == [ADDRESS]
    assert done.delivered.sent == 0


def test_preview_sends_and_records_nothing(db: sa.Engine, settings: Settings):
    join(db)
    store(db, opportunity())
    match(db, NOW)
    before = rows(db)
    (draft,) = preview(settings, db, NOW)
    (again,) = preview(settings, db, NOW, ADDRESS)
    assert draft.message.as_bytes() == again.message.as_bytes()
    assert rows(db) == before
    assert not settings.outbox.exists()
    assert "sources checked" in plain(draft.message)


def test_a_test_goes_to_one_address_and_counts_for_nothing(db: sa.Engine, settings: Settings):
    join(db)
    join(db, "other@theatre.example")
    store(db, opportunity())
    match(db, NOW)
    before = rows(db)
    send_test(settings, db, "Other@theatre.example", NOW)
    (file,) = settings.outbox.iterdir()
    assert "other@theatre.example-test" in file.name
    read = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert read["Subject"].startswith("[Test] 1 new for you")
    assert rows(db) == before
    with pytest.raises(UsageError, match="tenders subscribers list"):
        send_test(settings, db, "nobody@theatre.example", NOW)
    done = send(settings, db, NOW)
    assert done.delivered.sent == 2
    assert len(list(settings.outbox.iterdir())) == 3


def test_files_are_delivered_too(db: sa.Engine, settings: Settings):
    join(db)
    match(db, NOW)
    assert send(settings, db, NOW).written.quiet == [ADDRESS]
    assert len(list(settings.outbox.iterdir())) == 1
