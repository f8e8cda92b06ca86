"""What people mark, on both databases: saved, hidden, bid for; and what a merger does to it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from digest_samples import NOW, opportunity, store

from crawler.errors import UsageError
from crawler.jobs.match import match
from crawler.store import database, marks, matches, opportunities, subscribers
from crawler.store.subscribers import Subscription
from crawler.store.tables import marks as marks_table
from crawler.store.tables import processes, reviews

DAY = timedelta(days=1)


def person(engine: sa.Engine, email: str = "hello@theatre.example") -> int:
    with database.writing(engine) as connection:
        return subscribers.add(
            connection,
            email=email,
            organisation=None,
            subscription=Subscription(),
            now=NOW,
            state="active",
        ).id


def stored(engine: sa.Engine, *numbers: int) -> list[int]:
    """Opportunities with the processes that make them known by their keys."""
    made = [opportunity(number) for number in numbers]
    ids = store(engine, *made)
    with database.writing(engine) as connection:
        for at, one in zip(ids, made, strict=True):
            connection.execute(
                processes.insert().values(
                    source=one.sources[0],
                    ocid=one.ocids[0],
                    key=one.id,
                    first_date=one.published,
                    title_key=one.title,
                    opportunity_id=at,
                )
            )
    return ids


def key(number: int) -> str:
    return opportunity(number).id


def count(engine: sa.Engine, table: sa.Table) -> int:
    with engine.connect() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def test_saved_and_taken_off_again(engine: sa.Engine):
    who = person(engine)
    stored(engine, 1, 2)
    with database.writing(engine) as connection:
        marks.save(connection, who, key(1), NOW)
        marks.save(connection, who, key(1), NOW + DAY)
        marks.save(connection, who, key(2), NOW + 2 * DAY)
        assert [(one.key, one.saved_at) for one in marks.listed(connection, who)] == [
            (key(2), NOW + 2 * DAY),
            (key(1), NOW),
        ]
        marks.unsave(connection, who, key(1))
        marks.unsave(connection, who, key(1))
        assert marks.find(connection, who, key(1)) is None
    assert count(engine, marks_table) == 1


def test_hidden_is_a_review_too_and_leaves_the_digests(engine: sa.Engine):
    who, other = person(engine), person(engine, "other@theatre.example")
    (at,) = stored(engine, 1)
    match(engine, NOW)
    with database.writing(engine) as connection:
        assert [one.opportunity_id for one in matches.pending(connection, who)] == [at]
        marks.hide(connection, who, key(1), NOW, "too far away")
        marks.hide(connection, who, key(1), NOW + DAY)
        found = marks.find(connection, who, key(1))
        assert found
        assert (found.hidden_at, found.hidden_why) == (NOW, "too far away")
        assert matches.pending(connection, who) == []
        assert len(matches.pending(connection, other)) == 1
    with engine.connect() as connection:
        (row,) = connection.execute(sa.select(reviews)).all()
    assert (row.decision, row.subscriber_id, row.note) == ("not_for_us", who, "too far away")


def test_hidden_stays_hidden_when_it_changes(engine: sa.Engine):
    who = person(engine)
    (at,) = stored(engine, 1)
    match(engine, NOW)
    with database.writing(engine) as connection:
        matches.told(connection, who, {at: matches.Told.of(opportunity())}, NOW)
        marks.hide(connection, who, key(1), NOW)
    store(engine, opportunity(version=2, status="cancelled"), key=at)
    with engine.connect() as connection:
        assert matches.pending(connection, who) == []


def test_unhidden_as_if_it_had_never_been_said(engine: sa.Engine):
    who = person(engine)
    stored(engine, 1)
    match(engine, NOW)
    with database.writing(engine) as connection:
        marks.save(connection, who, key(1), NOW)
        marks.hide(connection, who, key(1), NOW)
        marks.unhide(connection, who, key(1))
        assert len(matches.pending(connection, who)) == 1
        found = marks.find(connection, who, key(1))
        assert found
        assert found.saved_at == NOW
    assert count(engine, reviews) == 0


def test_what_became_of_a_bid(engine: sa.Engine):
    who = person(engine)
    stored(engine, 1)
    with database.writing(engine) as connection:
        for word in marks.BID_OUTCOMES:
            marks.outcome(connection, who, key(1), word, NOW)
            assert marks.listed(connection, who)[0].outcome == word
        with pytest.raises(UsageError, match="bidding, won, lost, no_bid"):
            marks.outcome(connection, who, key(1), "maybe", NOW)
        marks.outcome(connection, who, key(1), None, NOW)
        assert marks.listed(connection, who) == []


@pytest.mark.parametrize("unknown", ["nothing", "../../etc", "ä", ""])
def test_an_unknown_opportunity_is_named(engine: sa.Engine, unknown: str):
    who = person(engine)
    with database.writing(engine) as connection, pytest.raises(UsageError, match="no opportunity"):
        marks.save(connection, who, unknown, NOW)


def test_reminders_of_each_deadline_once(engine: sa.Engine):
    who, other = person(engine), person(engine, "other@theatre.example")
    first, second = stored(engine, 1, 2)
    closes = opportunity().deadline
    assert closes
    before = closes - 2 * DAY
    with database.writing(engine) as connection:
        marks.save(connection, who, key(1), NOW)
        marks.save(connection, who, key(2), NOW)
        marks.outcome(connection, who, key(2), "no_bid", NOW)
        marks.save(connection, other, key(2), NOW)
        marks.hide(connection, other, key(2), NOW)
        assert marks.due(connection, DAY, before) == []
        (due,) = marks.due(connection, 3 * DAY, before)
        assert (due.subscriber_id, due.opportunity_id, due.deadline) == (who, first, closes)
        assert marks.due(connection, 3 * DAY, before, other) == []
        marks.reminded(connection, who, {first: closes})
        assert marks.due(connection, 3 * DAY, before, who) == []
    store(engine, opportunity(1, deadline=closes + DAY), key=first)
    with engine.connect() as connection:
        assert [one.deadline for one in marks.due(connection, 4 * DAY, before)] == [closes + DAY]
        assert marks.due(connection, 4 * DAY, closes + 2 * DAY) == []
    assert second


def test_a_merger_hands_marks_on(engine: sa.Engine):
    who, other = person(engine), person(engine, "other@theatre.example")
    loser, heir = stored(engine, 1, 2)
    with database.writing(engine) as connection:
        marks.save(connection, who, key(1), NOW)
        marks.hide(connection, who, key(2), NOW + DAY)
        marks.outcome(connection, other, key(1), "won", NOW)
        connection.execute(
            processes.update()
            .where(processes.c.opportunity_id == loser)
            .values(opportunity_id=heir)
        )
        opportunities.retire(connection, loser, heir)
        (mine,) = marks.listed(connection, who)
        assert (mine.opportunity_id, mine.saved_at, mine.hidden_at) == (heir, NOW, NOW + DAY)
        assert [one.outcome for one in marks.listed(connection, other)] == ["won"]
        marks.unsave(connection, who, key(1))
        assert marks.listed(connection, who)[0].saved_at is None


def test_marks_go_with_their_person(engine: sa.Engine):
    who = person(engine)
    stored(engine, 1)
    with database.writing(engine) as connection:
        marks.save(connection, who, key(1), NOW)
        subscribers.remove(connection, "hello@theatre.example")
    assert count(engine, marks_table) == 0
