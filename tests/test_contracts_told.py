"""Contracts that end: each is told once, and what a digest has no room for waits for the next."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from digest_samples import opportunity, store
from outbox_samples import NOW, join

from crawler import dates
from crawler.coming import Relet
from crawler.config import Settings
from crawler.digest.contracts import Contracts, near_since
from crawler.digest.proposing import HORIZON
from crawler.items import Award
from crawler.jobs import drafting
from crawler.jobs.match import match
from crawler.jobs.queue import queue
from crawler.opportunity import Change, Opportunity
from crawler.store import database, endings, opportunities, outbox, subscribers
from crawler.store.endings import Ending
from crawler.store.subscribers import Schedule, Subscriber

EMAIL = "a@one.example"
DAY, WEEK = timedelta(days=1), timedelta(days=7)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, secret_key="s" * 40, sender="digest@tenders.example")


def contract(number: int, days: int = 200) -> Opportunity:
    """A contract, awarded long ago, that ends in so many days."""
    old = NOW - 300 * DAY
    return opportunity(
        number,
        title=f"Choir {number}",
        stage="award",
        status="awarded",
        deadline=None,
        published=old,
        updated=old,
        awards=(Award(id="1", suppliers=("Ada Arts",), end=NOW + days * DAY),),
    )


def draft(engine: sa.Engine, person: Subscriber, now: datetime) -> drafting.Draft:
    with engine.connect() as connection:
        settings = Settings(secret_key="s" * 40, sender="digest@tenders.example")
        return drafting.round_of(settings, connection, now).digest(person, slot=now)


def titles(of: drafting.Draft) -> list[str]:
    return [item.title for section in of.digest.sections for item in section.items]


def person(engine: sa.Engine) -> Subscriber:
    with engine.connect() as connection:
        (found,) = subscribers.listed(connection)
        return found


def waiting(engine: sa.Engine) -> set[int]:
    with engine.connect() as connection:
        return endings.waiting(connection, person(engine).id)


def test_what_finds_no_room_is_told_by_the_digests_that_follow(
    engine: sa.Engine, settings: Settings
):
    join(engine, EMAIL, Schedule(weekday=0, hour=7))
    keys = store(engine, *[contract(number, 200 + number) for number in range(1, 9)])
    found = []
    for week in range(4):
        now = NOW + week * WEEK
        match(engine, now)
        found.append(titles(draft(engine, person(engine), now)))
        assert queue(settings, engine, now).queued == [EMAIL]
        assert waiting(engine) == set(keys[(week + 1) * 3 :])
    assert found == [
        ["Choir 1", "Choir 2", "Choir 3"],
        ["Choir 4", "Choir 5", "Choir 6"],
        ["Choir 7", "Choir 8"],
        [],
    ]


def test_what_comes_near_meanwhile_is_told_among_what_waits(engine: sa.Engine, settings: Settings):
    join(engine, EMAIL, Schedule(weekday=0, hour=7))
    *_, later = store(engine, *[contract(number) for number in range(1, 6)], contract(6, 370))
    match(engine, NOW)
    assert queue(settings, engine, NOW).queued == [EMAIL]
    assert len(waiting(engine)) == 2
    assert later not in waiting(engine)
    match(engine, NOW + WEEK)
    assert titles(draft(engine, person(engine), NOW + WEEK)) == ["Choir 4", "Choir 5", "Choir 6"]


def test_what_has_no_room_beside_open_calls_waits_too(engine: sa.Engine, settings: Settings):
    join(engine, EMAIL, Schedule(weekday=0, hour=7))
    plans = [opportunity(number, stage="planning", deadline=None) for number in range(1, 30)]
    *_, ending = store(engine, *plans, contract(30))
    match(engine, NOW)
    found = draft(engine, person(engine), NOW)
    assert "Choir 30" not in titles(found)
    assert found.waiting == (ending,)
    assert queue(settings, engine, NOW).queued == [EMAIL]
    assert waiting(engine) == {ending}


def test_a_mail_that_is_not_queued_leaves_what_waits(
    engine: sa.Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    join(engine, EMAIL, Schedule(weekday=0, hour=7))
    store(engine, *[contract(number) for number in range(1, 6)])
    match(engine, NOW)

    def broken(*_: object, **__: object) -> None:
        raise OSError("no room on the disk")

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "queue", broken)
        assert list(queue(settings, engine, NOW).broken) == [EMAIL]
    assert waiting(engine) == set()
    assert queue(settings, engine, NOW).queued == [EMAIL]
    assert len(waiting(engine)) == 2


def test_a_contract_that_is_merged_away_waits_as_its_heir(engine: sa.Engine):
    who = join(engine, EMAIL).id
    first, second, third, heir = store(engine, *[contract(number) for number in range(1, 5)])
    with database.writing(engine) as connection:
        endings.wait(connection, who, [first, second, 999])
        opportunities.retire(connection, first, heir)
        assert endings.waiting(connection, who) == {second, heir}
        opportunities.retire(connection, second, heir)
        assert endings.waiting(connection, who) == {heir}
        endings.wait(connection, who, [third])
        assert endings.waiting(connection, who) == {third}
        assert subscribers.remove(connection, EMAIL)
        assert endings.waiting(connection, who) == set()


def ending(ends: date, first_seen: datetime = NOW - 300 * DAY, *awarded: datetime) -> Ending:
    changes = [
        Change(
            version=2, at=at, field="status", old="open", new="awarded", material=True, source="x"
        )
        for at in awarded
    ]
    one = opportunity(1, stage="award", status="awarded", changes=tuple(changes))
    relet = Relet(earliest=ends, latest=ends, certainty="stated", reasons=())
    return Ending(1, one, relet, ends, first_seen)


@pytest.mark.parametrize(
    ("day", "known", "came"),
    [
        # 1 July begins at 11pm UTC of the day before, a year after the contract came in sight.
        (date(2027, 7, 1), NOW - 300 * DAY, datetime.fromisoformat("2026-06-30T23:00:00Z")),
        (date(2027, 1, 1), NOW - 300 * DAY, datetime.fromisoformat("2026-01-01T00:00:00Z")),
        (date(2027, 1, 1), NOW - DAY, NOW - DAY),
    ],
)
def test_a_contract_is_near_from_one_moment_on(day: date, known: datetime, came: datetime):
    one = ending(day, known)
    assert near_since(one) == came
    before = Contracts([one], NOW).news(came - timedelta(seconds=1), ())
    assert [found for found, _ in before] == [one]
    assert Contracts([one], NOW).news(came, ()) == []
    assert len(Contracts([one], NOW).news(came, {1})) == 1
    assert len(Contracts([one], NOW).news(None, ())) == 1
    assert (came + HORIZON).astimezone(dates.LONDON).date() >= day


def test_an_award_makes_an_old_contract_news():
    assert near_since(ending(date(2027, 1, 1), NOW - 90 * DAY, NOW - DAY)) == NOW - DAY
