"""Who is written to in a round: schedules, silence, faults, suppressions, and what staff hear."""

from __future__ import annotations

import email
import email.policy
import threading
from collections import Counter
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from digest_samples import moved, opportunity, store
from mail_server import Difficult, serving
from outbox_samples import NOW, join, post, states

from crawler import keys
from crawler.config import Settings
from crawler.digest import staff
from crawler.digest.due import slot_after
from crawler.errors import UsageError
from crawler.jobs import drafting
from crawler.jobs.match import match
from crawler.jobs.queue import queue
from crawler.jobs.send import deliver_only, preview, send, send_test
from crawler.store import database, marks, outbox, subscribers, suppressions
from crawler.store.subscribers import Schedule
from crawler.store.tables import matches
from crawler.store.tables import outbox as table
from crawler.store.tables import subscribers as people

A, B, C = "a@one.example", "b@two.example", "c@three.example"
MONDAY = Schedule(weekday=0, hour=7)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, secret_key="s" * 40, sender="digest@tenders.example")


def news(engine: sa.Engine, number: int = 1, now: datetime = NOW) -> None:
    """One more opportunity that fits everybody, matched."""
    later = now + 40 * DAY
    store(engine, opportunity(number, published=now, updated=now, deadline=later))
    match(engine, now)


def mails(settings: Settings, kind: str = "") -> list[EmailMessage]:
    """What lies in the outbox folder."""
    return [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted(settings.outbox.glob(f"*{kind}*.eml"))
    ]


def told(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        query = sa.select(sa.func.count()).where(matches.c.told_at.is_not(None))
        return int(connection.execute(query).scalar_one())


def test_each_hour_of_a_week_everybody_gets_theirs_once(engine: sa.Engine, settings: Settings):
    join(engine, A, MONDAY)
    join(engine, B, Schedule(rhythm="daily", hour=18))
    join(engine, C, Schedule(rhythm="fortnightly", weekday=3, hour=1))
    news(engine)
    written: Counter[str] = Counter()
    for hour in range(7 * 24):
        for one in queue(settings, engine, NOW + hour * HOUR).queued:
            written[one] += 1
    assert written == {A: 1, B: 7, C: 1 + _fortnightly_slots(7)}, (
        "the first at once, and never two on one day"
    )


def _fortnightly_slots(days: int) -> int:
    """How often the fortnight's Thursday falls into the days after NOW."""
    schedule, zone = Schedule(rhythm="fortnightly", weekday=3, hour=1), ZoneInfo("Europe/London")
    return int(slot_after(schedule, NOW, zone) < NOW + days * DAY)


def test_mail_told_and_digest_time_are_one_transaction(
    engine: sa.Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    join(engine, A, MONDAY)
    news(engine)

    def broken(*_: object, **__: object) -> None:
        raise KeyboardInterrupt  # as near to kill -9 as one process can be

    with monkeypatch.context() as patch:
        patch.setattr(subscribers, "digested", broken)
        with pytest.raises(KeyboardInterrupt):
            queue(settings, engine, NOW)
    assert (states(engine), told(engine)) == ({}, 0)
    assert queue(settings, engine, NOW).queued == [A]
    assert (states(engine), told(engine)) == ({A: "queued"}, 1)
    assert queue(settings, engine, NOW).queued == []


def test_two_rounds_at_once_write_one_digest(engine: sa.Engine, settings: Settings):
    for number in range(8):
        join(engine, f"p{number}@one.example", MONDAY)
    news(engine)
    done = []
    rounds = [
        threading.Thread(target=lambda: done.append(queue(settings, engine, NOW))) for _ in range(2)
    ]
    for one in rounds:
        one.start()
    for one in rounds:
        one.join()
    assert sum(len(one.queued) for one in done) == 8
    assert all(not one.broken for one in done)
    assert told(engine) == 8


def test_a_fault_in_one_digest_is_told_to_staff_once_and_holds_up_no_other(
    engine: sa.Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    settings = settings.model_copy(update={"staff": ("staff@tenders.example",)})
    for one in (A, B, C):
        join(engine, one, MONDAY)
    news(engine)
    whole = drafting.mail.message

    def faulty(digest: object, person: subscribers.Subscriber, *rest: object, **more: object):
        if person.email == B:
            raise LookupError("the template has no such block")
        return whole(digest, person, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(drafting.mail, "message", faulty)
        done = send(settings, engine, NOW)
        assert done.written.queued == [A, C]
        assert not done.well
        again = send(settings, engine, NOW + HOUR)
        assert list(again.written.broken) == [B]
    (summary,) = mails(settings, "summary")
    words = summary.get_content()
    assert "b…@two.example: LookupError: the template has no such block" in words
    assert B not in words
    assert states(engine)[B] == "failed"
    assert send(settings, engine, NOW + 2 * HOUR).written.queued == [B]
    assert states(engine)[B] == "sent"


def test_only_new_keeps_silent_and_the_rhythm(engine: sa.Engine, settings: Settings):
    join(engine, A, Schedule(weekday=0, hour=7, only_new=True))
    join(engine, B, MONDAY)
    news(engine)
    assert queue(settings, engine, NOW).queued == [A, B]
    quiet = queue(settings, engine, NOW + WEEK)
    assert (quiet.silent, quiet.quiet) == ([A], [B])
    news(engine, 2, NOW + WEEK + DAY)
    assert queue(settings, engine, NOW + WEEK + DAY).queued == [], "not before the next time"
    assert queue(settings, engine, NOW + 2 * WEEK).queued == [A, B]


def test_early_mail_for_what_closes_before_the_next_digest(engine: sa.Engine, settings: Settings):
    join(engine, A, Schedule(weekday=0, hour=7, early_mail=True))
    join(engine, B, MONDAY)
    news(engine)
    queue(settings, engine, NOW)
    for number, days in ((2, 3), (3, 30)):
        at = NOW + DAY
        closes = at + days * DAY
        store(engine, opportunity(number, published=at, updated=at, deadline=closes))
    match(engine, NOW + DAY)
    early = queue(settings, engine, NOW + DAY)
    assert (early.early, early.queued) == ([A], [])
    assert queue(settings, engine, NOW + DAY + HOUR).early == []
    with engine.connect() as connection:
        kinds = connection.execute(sa.select(table.c.kind).order_by(table.c.id)).scalars().all()
    assert kinds == ["digest", "digest", "early"]
    assert queue(settings, engine, NOW + WEEK).queued == [A, B], "the rhythm stays"


def test_reminders_come_at_a_decent_hour_and_again_when_the_deadline_moved(
    engine: sa.Engine, settings: Settings
):
    person = join(engine, A, Schedule(weekday=0, hour=7, remind_days=3))
    join(engine, B, Schedule(weekday=0, hour=7, remind_days=None))
    one = opportunity(1, published=NOW, updated=NOW, deadline=NOW + 10 * DAY)
    (key,) = store(engine, one)
    match(engine, NOW)
    queue(settings, engine, NOW)
    with database.writing(engine) as connection:
        for who in (person.id, person.id + 1):
            marks.save(connection, who, one.id, NOW)
    assert queue(settings, engine, NOW + 6 * DAY).reminded == []
    assert queue(settings, engine, NOW + 7 * DAY - HOUR).reminded == []
    assert queue(settings, engine, NOW + 7 * DAY + 20 * HOUR).reminded == [], "not at 3 at night"
    assert queue(settings, engine, NOW + 8 * DAY).reminded == [A]
    assert queue(settings, engine, NOW + 8 * DAY + HOUR).reminded == []
    store(engine, moved(one, NOW + 10 * DAY + HOUR), key=key)
    match(engine, NOW + 8 * DAY)
    assert queue(settings, engine, NOW + 9 * DAY).reminded == [A]


def test_after_an_outage_one_digest_not_five(engine: sa.Engine, settings: Settings):
    join(engine, A, Schedule(rhythm="daily", hour=7))
    news(engine)
    queue(settings, engine, NOW)
    now = NOW + 5 * DAY + 2 * HOUR
    assert queue(settings, engine, now).queued == [A]
    assert queue(settings, engine, now + HOUR).queued == []
    assert queue(settings, engine, NOW + 6 * DAY).queued == [A]


@pytest.mark.parametrize("state", ["pending", "paused", "stopped"])
def test_only_who_may_be_written_to_is(engine: sa.Engine, settings: Settings, state: str):
    join(engine, A, MONDAY)
    news(engine)
    with engine.begin() as connection:
        connection.execute(people.update().values(state=state))
    assert queue(settings, engine, NOW, everyone=True).queued == []
    with pytest.raises(UsageError, match=state):
        send_test(settings, engine, A, NOW)
    shown = list(preview(settings, engine, NOW))
    assert len(shown) == (0 if state == "stopped" else 1)


def test_after_a_pause_comes_one_digest_with_the_next_digest_time(
    engine: sa.Engine, settings: Settings
):
    join(engine, A, MONDAY)
    news(engine)
    queue(settings, engine, NOW)
    with engine.begin() as connection:
        connection.execute(people.update().values(state="paused", paused_until=NOW + 23 * DAY))
    news(engine, 2, NOW + 2 * DAY)
    days = [day for day in range(1, 40) if queue(settings, engine, NOW + day * DAY).queued]
    assert days == [28, 35]


def test_a_suppressed_address_is_neither_queued_nor_sent_until_it_opts_in_anew(
    engine: sa.Engine, settings: Settings
):
    key = keys.suppression_key(settings)
    join(engine, A, MONDAY)
    join(engine, B, MONDAY)
    news(engine)
    queue(settings, engine, NOW)
    with database.writing(engine) as connection:
        suppressions.suppress(connection, key, A, "complaint", "enough", NOW)
    done = deliver_only(settings, engine, NOW)
    assert [to for to, _ in done.delivered.held] == [A]
    assert states(engine) == {A: "held", B: "sent"}
    later = queue(settings, engine, NOW + WEEK)
    assert (later.suppressed, later.queued) == ([A], [B])
    with pytest.raises(UsageError, match="bounced or complained"):
        send_test(settings, engine, A, NOW)
    with database.writing(engine) as connection:
        suppressions.lift(connection, key, A)
    assert queue(settings, engine, NOW + 2 * WEEK).queued == [A, B]


def test_somebody_erased_while_their_digest_is_written(
    engine: sa.Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    join(engine, A, MONDAY)
    join(engine, B, MONDAY)
    news(engine)
    whole = drafting.Round.digest

    def slow(self: drafting.Round, person: subscribers.Subscriber, **more: object):
        made = whole(self, person, **more)
        if person.email == A:
            with database.writing(engine) as connection:
                subscribers.remove(connection, A)
        return made

    monkeypatch.setattr(drafting.Round, "digest", slow)
    done = queue(settings, engine, NOW)
    assert (done.queued, done.broken) == ([B], {})
    assert states(engine) == {B: "queued"}


def test_staff_hear_numbers_and_no_subscribers_address(engine: sa.Engine, settings: Settings):
    server = Difficult()
    server.recipient[A] = [f"550 5.1.1 <{A}> is unknown"]
    for one in (A, B):
        join(engine, one, MONDAY)
    news(engine)
    with serving(server) as url:
        settings = settings.model_copy(
            update={"staff": ("staff@tenders.example",), "smtp_url": url}
        )
        done = send(settings, engine, NOW)
        assert deliver_only(settings, engine, NOW + HOUR).delivered.sent == 0
    assert (done.delivered.sent, done.delivered.suppressed) == (1, 1)
    raw = [one.raw for one in server.taken if one.recipient == "staff@tenders.example"]
    assert len(raw) == 1, "rounds in which nothing happened are not worth a mail"
    summary = email.message_from_bytes(raw[0], policy=email.policy.default)
    words = summary.get_content()
    assert summary["Subject"] == "Arts Tenders: 1 mail sent, 1 failure"
    for line in ("2 mails written", "1 mail sent", "a…@one.example: 550 5.1.1 <a…@one.example>"):
        assert line in words
    assert A not in words
    assert B not in words


def test_a_server_that_is_down_loses_nothing(engine: sa.Engine, settings: Settings):
    with serving(Difficult()) as url:
        pass
    settings = settings.model_copy(update={"smtp_url": url, "staff": ("staff@tenders.example",)})
    join(engine, A, MONDAY)
    news(engine)
    done = send(settings, engine, NOW)
    assert not done.well
    assert "TENDERS_SMTP_URL" in str(done)
    assert done.waiting == 1
    server = Difficult()
    with serving(server) as url:
        settings = settings.model_copy(update={"smtp_url": url})
        assert deliver_only(settings, engine, NOW + HOUR).delivered.sent == 2


def test_masked_addresses():
    assert staff.masked("hello@theatre.example") == "h…@theatre.example"


def test_a_queued_message_is_kept_with_line_ends_for_the_wire(engine: sa.Engine):
    made = EmailMessage()
    made["From"], made["To"], made["Message-ID"] = "x@y.example", A, "<early.1@y.example>"
    made.set_content("one\ntwo\n")
    with database.writing(engine) as connection:
        assert outbox.queue(
            connection, about="x", kind="early", message=made, subscriber_id=None, recipient=A,
            now=NOW,
        )  # fmt: skip
        mail = outbox.get(connection, 1, NOW)
    assert mail
    assert b"\r\none\r\ntwo\r\n" in mail.raw
    assert b"\n" not in mail.raw.replace(b"\r\n", b"")


def test_what_waits_is_taken_fairly_from_every_domain(engine: sa.Engine):
    for number in range(30):
        post(engine, f"p{number}@large.example")
    post(engine, "only@small.example")
    with engine.connect() as connection:
        found = outbox.due(connection, NOW, per_domain=5, limit=100)
        assert outbox.due(connection, NOW - HOUR) == []
    assert [domain for _, domain in found[:2]] == ["large.example", "small.example"]
    assert len(found) == 6


def test_failures_are_listed_newest_first(engine: sa.Engine):
    for number, to in enumerate((A, B)):
        post(engine, to)
        with database.writing(engine) as connection:
            outbox.failed(connection, number + 1, f"550 {to}", NOW + number * HOUR)
    with engine.connect() as connection:
        assert [one.recipient for one in outbox.failures(connection)] == [B, A]
        assert connection.execute(sa.select(table.c.sent_at)).scalars().all() == [None, None]
