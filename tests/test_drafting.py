"""From the store to a finished message: what a round drafts for whom, and what it is about."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from digest_samples import ADDRESSES, CHECKED, LETTERHEAD, NOW, moved, opportunity, store

from crawler.digest import mail
from crawler.items import Award, Buyer
from crawler.jobs import drafting
from crawler.jobs.drafting import Round
from crawler.jobs.match import match
from crawler.opportunity import Opportunity
from crawler.store import database, marks, matches, runs, subscribers, tables
from crawler.store.runs import Tally
from crawler.store.subscribers import Schedule, Subscriber, Subscription

EMAIL = "hello@theatre.example"
WEEK = timedelta(days=7)


def join(db: sa.Engine, wish: Subscription | None = None, **schedule: object) -> Subscriber:
    with database.writing(db) as connection:
        return subscribers.add(
            connection,
            email=EMAIL,
            organisation="Paper Lantern",
            subscription=wish or Subscription(regions=("TLE",)),
            now=NOW - timedelta(days=90),
            schedule=Schedule(**schedule),  # type: ignore[arg-type]
            state="active",
        )


def regular(db: sa.Engine) -> Subscriber:
    """The same person, who had a digest a week ago."""
    with database.writing(db) as connection:
        (person,) = subscribers.listed(connection)
        subscribers.digested(connection, person.id, NOW - WEEK)
        return subscribers.listed(connection)[0]


@contextmanager
def round_of(db: sa.Engine, now=NOW, addresses=ADDRESSES) -> Iterator[Round]:
    with db.connect() as connection:
        yield Round(
            connection,
            accounts=CHECKED,
            letterhead=LETTERHEAD,
            now=now,
            key=b"k",
            addresses=addresses,
        )


def plain(draft) -> str:
    body = draft.message.get_body(("plain",))
    return " ".join(body.get_content().split())


def test_a_digest_is_named_by_person_and_slot(engine: sa.Engine):
    person = join(engine)
    (key,) = store(engine, opportunity())
    match(engine, NOW)
    slot = NOW - timedelta(minutes=10)
    with round_of(engine) as one:
        first = one.digest(person, slot=slot, near_misses=14)
    with round_of(engine, now=NOW + timedelta(hours=3)) as one:
        again = one.digest(person, slot=slot)
        other = one.digest(person, slot=slot + WEEK)
    assert first.kind == "digest"
    assert first.about == f"digest:{person.id}:{slot.isoformat()}"
    assert set(first.told) == {key}
    assert first.message["Message-ID"] == again.message["Message-ID"]
    assert first.message["Message-ID"] != other.message["Message-ID"]
    assert "2 of 2 sources checked; 1 sent, 14 near misses." in plain(first)


def test_a_round_reads_and_words_each_opportunity_once(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
):
    person = join(engine)
    store(engine, *[opportunity(number) for number in range(1, 6)])
    match(engine, NOW)
    asked: list[int] = []
    several = drafting.opportunities.several

    def counted(connection, ids):
        asked.extend(ids)
        return several(connection, ids)

    monkeypatch.setattr(drafting.opportunities, "several", counted)
    with round_of(engine) as one:
        first, second = one.digest(person, slot=NOW), one.digest(person, slot=NOW)
        item = one.writer.item
        assert len(asked) == 5
        assert first.told == second.told
        assert item is not None


def test_what_was_told_and_moved_is_told_with_what_they_knew(engine: sa.Engine):
    person = join(engine)
    known = opportunity()
    (key,) = store(engine, known)
    match(engine, NOW)
    with round_of(engine) as one:
        told = one.digest(person, slot=NOW).told
    with database.writing(engine) as connection:
        matches.told(connection, person.id, told, NOW)
    store(engine, moved(known, NOW + timedelta(days=50, hours=4)), key=key)
    with round_of(engine) as one:
        draft = one.digest(regular(engine), slot=NOW + WEEK)
    assert "The deadline moved from 9 August 2026 to 29 August 2026." in plain(draft)
    assert draft.told[key].version == 2


def contract(number: int, days: int, **changed: object):
    start, end = NOW - timedelta(days=720), NOW + timedelta(days=days)
    award = Award(id="1", suppliers=("Ada Arts",), start=start, end=end)
    given = {"stage": "award", "status": "awarded", "deadline": None, "awards": (award,)}
    return opportunity(number, **(given | changed))


def test_contracts_that_end_within_a_year_are_told_once_and_where_they_fit(engine: sa.Engine):
    join(engine)
    store(
        engine,
        contract(1, 362, published=NOW - timedelta(days=400)),
        contract(2, 20),
        contract(3, 500),
        contract(4, 362, place=dataclasses.replace(opportunity().place, regions=("TLK",))),
    )
    with database.writing(engine) as connection:
        rows = drafting.opportunities.opportunities
        connection.execute(sa.update(rows).values(first_seen=NOW - timedelta(days=300)))
    person = regular(engine)
    with round_of(engine) as one:
        draft = one.digest(person, slot=NOW)
        later = one.digest(dataclasses.replace(person, slot=NOW - timedelta(hours=1)), slot=NOW)
    assert [item.id for section in draft.digest.sections for item in section.items] == [
        opportunity(1).id
    ]
    assert "Expected again in July 2027" in plain(draft)
    assert "now with Ada Arts" in plain(draft)
    assert draft.told == {}
    assert later.digest.quiet


def test_an_early_mail_is_for_what_closes_before_the_next_digest(engine: sa.Engine):
    person = join(engine, early_mail=True)
    soon, later, planned = store(
        engine,
        opportunity(1, deadline=NOW + timedelta(days=2)),
        opportunity(2, deadline=NOW + timedelta(days=9)),
        opportunity(3, stage="planning", deadline=NOW + timedelta(days=2)),
    )
    match(engine, NOW)
    with round_of(engine) as one:
        draft = one.early(person, NOW + timedelta(days=3))
        assert draft is not None
        assert set(draft.told) == {soon}
        assert draft.kind == "early"
        assert draft.about == f"early:{person.id}:k00000000001"
        assert str(draft.message["Message-ID"]).startswith("<early.")
        assert one.early(person, NOW + timedelta(days=1)) is None
        unasked = dataclasses.replace(person, schedule=Schedule(early_mail=False))
        assert one.early(unasked, NOW + timedelta(days=3)) is None
    with database.writing(engine) as connection:
        matches.told(connection, person.id, draft.told, NOW)
    with round_of(engine) as one:
        assert one.early(person, NOW + timedelta(days=3)) is None
        assert set(one.digest(person, slot=NOW).told) == {later, planned}


def test_a_reminder_is_about_the_deadline_that_it_names(engine: sa.Engine):
    person = join(engine)
    near = opportunity(1, deadline=NOW + timedelta(days=2))
    first, gone, past = store(
        engine,
        near,
        opportunity(2, status="cancelled"),
        opportunity(3, deadline=NOW - timedelta(days=1)),
    )
    with round_of(engine) as one:
        draft = one.reminder(person, [first, gone, past])
        assert draft is not None
        assert one.reminder(person, [gone, past, 999]) is None
    assert draft.kind == "reminder"
    assert draft.about == f"reminder:{person.id}:k00000000001:{near.deadline.isoformat()}"
    assert draft.told == {}
    assert draft.reminded == {first: near.deadline}
    assert "You saved this, and the closing date is near." in plain(draft)


def test_what_is_saved_is_reminded_of_once_for_each_deadline(engine: sa.Engine):
    person = join(engine, remind_days=3)
    near = opportunity(1, deadline=NOW + timedelta(days=2))
    key, _ = store(engine, near, opportunity(2, deadline=NOW + timedelta(days=9)))
    with database.writing(engine) as connection:
        for number in (1, 2):
            process(connection, opportunity(number), number)
            marks.save(connection, person.id, opportunity(number).id, NOW)
    with round_of(engine) as one:
        draft = one.reminder(person)
        assert draft is not None
        assert draft.reminded == {key: near.deadline}
        never = dataclasses.replace(person, schedule=Schedule(remind_days=None))
        assert one.reminder(never) is None
    with database.writing(engine) as connection:
        marks.reminded(connection, person.id, draft.reminded)
    with round_of(engine) as one:
        assert one.reminder(person) is None
    later = moved(near, NOW + timedelta(days=3))
    store(engine, later, key=key)
    with round_of(engine) as one:
        again = one.reminder(person)
    assert again is not None
    assert again.about != draft.about


def process(connection: sa.Connection, of: Opportunity, pk: int) -> None:
    """The process by whose key people name an opportunity."""
    row = {"source": "find-a-tender", "ocid": of.ocids[0], "key": of.id, "title_key": "x"}
    connection.execute(
        sa.insert(tables.processes).values(row | {"first_date": NOW, "opportunity_id": pk})
    )


def test_a_mail_of_the_longest_notices_is_never_cut_off(engine: sa.Engine):
    person = join(engine)
    words = "مهرجان " * 1_500
    store(
        engine,
        *[
            opportunity(
                number,
                title=words,
                buyer=Buyer(name=words, contact_email=f"{'a' * 60}@tenders.example"),
                urls=tuple(f"https://host{at}.example/{number}/{'x' * 370}" for at in range(4)),
            )
            for number in range(1, 30)
        ],
    )
    match(engine, NOW)
    with round_of(engine) as one:
        draft = one.digest(person, slot=NOW)
    raw = draft.message.as_bytes()
    assert len(raw) <= mail.LARGEST
    assert 0 < len(draft.told) < 15
    assert "List-Unsubscribe-Post" in draft.message
    assert draft.digest.see_all is not None


def finished(db: sa.Engine, source: str, verdict, days_ago: float) -> None:
    with database.writing(db) as connection:
        at = NOW - timedelta(days=days_ago)
        pk = runs.begin(connection, source, at)
        runs.finish(connection, pk, Tally(), verdict, "", at)


def test_a_source_fails_since_the_first_failure_after_its_last_good_reading(engine: sa.Engine):
    for days, verdict in ((9, "failed"), (8, "ok"), (3, "failed"), (2, "partial"), (1, "failed")):
        finished(engine, "sell2wales", verdict, days)
    finished(engine, "find-a-tender", "ok", 1)
    with database.writing(engine) as connection:
        runs.begin(connection, "find-a-tender", NOW)  # under way
        runs.begin(connection, "contracts-finder", NOW)
        checks = {one.name: one for one in drafting.accounts(connection, NOW).sources}
    wales = checks["Sell2Wales"]
    assert (wales.verdict, wales.since) == ("failed", NOW - timedelta(days=3))
    assert (checks["Find a Tender"].verdict, checks["Find a Tender"].since) == ("ok", None)
    assert checks["Contracts Finder"].verdict is None


def test_what_was_merged_away_meanwhile_is_passed_over(engine: sa.Engine):
    person = join(engine)
    store(engine, opportunity())
    match(engine, NOW)
    with round_of(engine) as one:
        assert one.stored([999]) == {}
        assert len(one.digest(person, slot=NOW).told) == 1


def test_a_contract_that_was_extended_is_told_by_its_last_end(engine: sa.Engine):
    join(engine)
    (award,) = contract(1, -30).awards
    extended = dataclasses.replace(
        award, start=NOW - timedelta(days=900), extension="Option to extend by 12 months"
    )
    gone = dataclasses.replace(award, status="cancelled", end=NOW + timedelta(days=200))
    store(
        engine,
        contract(1, 0, awards=(extended,)),
        contract(2, 0, awards=(gone,)),
        contract(3, 200, status="cancelled"),
        opportunity(4, start=NOW - timedelta(days=9), end=NOW + timedelta(days=200), deadline=NOW),
    )
    with round_of(engine) as one:
        draft = one.digest(regular(engine), slot=NOW)
    (item,) = [
        item
        for section in draft.digest.sections
        if section.key == "early"
        for item in section.items
    ]
    assert item.id == opportunity(1).id
    assert item.stage.startswith("If it was extended, it may run until June 2027")


def test_a_contract_that_came_just_before_the_writing_is_told_once(engine: sa.Engine):
    join(engine)
    store(engine, contract(1, 200))
    person = dataclasses.replace(
        regular(engine), slot=NOW - timedelta(hours=2), digest_at=NOW + timedelta(minutes=1)
    )
    with round_of(engine, now=NOW + WEEK) as one:
        assert one.digest(person, slot=NOW + WEEK).digest.quiet
