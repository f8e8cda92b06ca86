"""The whole way on a database: match, tell once, tell again when it changed."""

from __future__ import annotations

import dataclasses
import email
import email.policy
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
import sqlalchemy as sa
from digest_samples import LETTERHEAD, NOW, judged, moved, opportunity, store

from crawler.config import Settings
from crawler.digest.outbox import FileMailer
from crawler.errors import DeliveryError, UsageError
from crawler.items import Place
from crawler.jobs.match import match
from crawler.jobs.send import preview, send, send_by
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

    def deliver(self, message: EmailMessage) -> None:
        if str(message["To"]) in self.refused:
            raise DeliveryError("550 no such user")
        self.messages.append(message)

    @property
    def subjects(self) -> list[str]:
        return [str(message["Subject"]) for message in self.messages]


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
    assert send(settings, db, NOW).sent == ()


def test_an_opportunity_is_told_once_and_again_when_it_changed(db: sa.Engine):
    join(db)
    one = opportunity()
    (key,) = store(db, one)
    match(db, NOW)
    bag = Postbag()
    send_by(bag, db, LETTERHEAD, NOW)
    send_by(bag, db, LETTERHEAD, NOW + WEEK)
    later = moved(one, NOW + timedelta(days=44, hours=4))
    store(db, later, key=key)
    match(db, NOW + 2 * WEEK)
    send_by(bag, db, LETTERHEAD, NOW + 2 * WEEK)
    send_by(bag, db, LETTERHEAD, NOW + 3 * WEEK)
    store(db, dataclasses.replace(later, status="cancelled", version=3), key=key)
    match(db, NOW + 4 * WEEK)
    send_by(bag, db, LETTERHEAD, NOW + 4 * WEEK)
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


def test_what_closed_since_it_was_matched_is_not_told(db: sa.Engine):
    join(db)
    store(db, opportunity(deadline=NOW + timedelta(days=2)))
    match(db, NOW)
    bag = Postbag()
    send_by(bag, db, LETTERHEAD, NOW + timedelta(days=3))
    assert bag.subjects == ["All quiet: nothing new for you"]


def test_items_beyond_the_room_come_with_the_next_digest(db: sa.Engine):
    join(db)
    store(db, *[opportunity(number) for number in range(1, 19)])
    match(db, NOW)
    bag = Postbag()
    for week in range(3):
        send_by(bag, db, LETTERHEAD, NOW + week * WEEK)
    assert [subject.split()[0] for subject in bag.subjects] == ["18", "3", "All"]


def test_one_digest_a_day(db: sa.Engine):
    join(db)
    store(db, opportunity())
    match(db, NOW)
    bag = Postbag()
    send_by(bag, db, LETTERHEAD, NOW)
    second = send_by(bag, db, LETTERHEAD, NOW + timedelta(hours=5))
    assert second.already == (ADDRESS,)
    assert len(bag.messages) == 1


def test_stopped_between_handing_over_and_recording_sends_the_same_mail_again(
    db: sa.Engine, monkeypatch: pytest.MonkeyPatch
):
    join(db)
    store(db, opportunity())
    match(db, NOW)
    bag = Postbag()
    with monkeypatch.context() as patch:
        patch.setattr("crawler.jobs.send._record", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            send_by(bag, db, LETTERHEAD, NOW)
    send_by(bag, db, LETTERHEAD, NOW + timedelta(minutes=5))
    first, second = bag.messages
    assert first["Message-ID"] == second["Message-ID"]
    assert plain(first) == plain(second)


def test_a_refused_mail_holds_up_nobody_and_is_told_next_time(db: sa.Engine):
    join(db, "a@refused.example")
    join(db, "b@theatre.example")
    store(db, opportunity())
    match(db, NOW)
    done = send_by(Postbag("a@refused.example"), db, LETTERHEAD, NOW)
    assert done.sent == ("b@theatre.example",)
    assert done.failed == {"a@refused.example": "550 no such user"}
    assert "example" not in str(done)
    bag = Postbag()
    send_by(bag, db, LETTERHEAD, NOW + timedelta(hours=1))
    assert [str(message["To"]) for message in bag.messages] == ["a@refused.example"]
    assert bag.subjects[0].startswith("1 new for you")


def test_two_subscriptions_of_one_person_tell_once(db: sa.Engine):
    join(db)
    with database.writing(db) as connection:
        person = subscribers.listed(connection)[0]
        subscribers.subscribe(connection, person.id, Subscription(bands=("arts",)))
    store(db, opportunity())
    match(db, NOW)
    bag = Postbag()
    send_by(bag, db, LETTERHEAD, NOW)
    send_by(bag, db, LETTERHEAD, NOW + WEEK)
    assert [subject.split(":")[0] for subject in bag.subjects] == ["1 new for you", "All quiet"]


def test_who_was_never_matched_waits(db: sa.Engine):
    join(db)
    done = send_by(Postbag(), db, LETTERHEAD, NOW)
    assert done.unmatched == (ADDRESS,)
    assert done.sent == ()


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


def test_only_one_address(db: sa.Engine, settings: Settings):
    join(db)
    join(db, "other@theatre.example")
    match(db, NOW)
    assert send(settings, db, NOW, "Other@theatre.example").sent == ("other@theatre.example",)
    (file,) = settings.outbox.iterdir()
    assert "other@theatre.example" in file.name
    with pytest.raises(UsageError, match="tenders subscribers list"):
        send(settings, db, NOW, "nobody@theatre.example")


def test_files_are_delivered_too(db: sa.Engine, tmp_path: Path):
    join(db)
    match(db, NOW)
    assert send_by(FileMailer(tmp_path / "out"), db, LETTERHEAD, NOW).quiet == (ADDRESS,)
    assert len(list((tmp_path / "out").iterdir())) == 1
