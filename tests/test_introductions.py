"""Introductions: asked once, both agree, and no address before that."""

from __future__ import annotations

import email
import json
import re
import zlib
from email.policy import default

import pytest
import sqlalchemy as sa
import web_app
from partner_samples import (
    ADA,
    BEN,
    DAY,
    OFFER,
    WORDS,
    WORK,
    ask,
    key_of,
    mails,
)
from web_app import NOW

from crawler import keys
from crawler.config import Settings
from crawler.digest.outbox import name as file_name
from crawler.errors import UsageError
from crawler.jobs import introducing, partnering, preferences
from crawler.opportunity import Opportunity
from crawler.store import (
    database,
    introductions,
    opportunities,
    suppressions,
    tables,
)
from crawler.store.partner_tables import introductions as introductions_table
from crawler.store.subscribers import Subscriber


def test_both_get_each_others_address_once_both_agree(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber, ben: Subscriber
) -> None:
    made = ask(settings, engine, ben, ada)
    (told,) = web_app.queued(engine, "introduce")
    with engine.connect() as connection:
        (written,) = connection.execute(sa.select(tables.outbox.c.message)).scalars()
    message = email.message_from_bytes(zlib.decompress(written), policy=default)
    assert re.fullmatch(
        rf"\d{{4}}-\d\d-\d\d-{re.escape(ADA)}-introduction-\w{{8}}", file_name(message)
    )
    assert "“Kite Band”" in told
    assert "Shall we?" in told
    assert BEN not in told
    assert BEN.split("@")[1] not in told
    done = introducing.answer(settings, engine, ada, made.key, agree=True, now=NOW + DAY)
    assert (done.state, done.ended_at) == ("agreed", NOW + DAY)
    assert mails(engine) == [
        (ADA, "introduction asked"), (BEN, "introduction agreed asker"),
        (ADA, "introduction agreed asked"),
    ]  # fmt: skip
    to_ben, to_ada = web_app.queued(engine, "introduce")[1:]
    assert ADA in to_ben
    assert BEN not in to_ben
    assert BEN in to_ada
    assert ADA not in to_ada
    for agree in (True, False):
        with pytest.raises(UsageError, match="not open any more"):
            introducing.answer(settings, engine, ada, made.key, agree=agree, now=NOW + DAY)
    assert len(mails(engine)) == 3


def test_no_words_of_others_reach_headers_or_become_links(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber
) -> None:
    hostile = "=?utf-8?q?a=0d=0aBcc:_x@evil.example?= evil.example/now"
    eve = web_app.person(engine, email=BEN, organisation=hostile)
    made = ask(settings, engine, eve, ada, message="Come to us. Call it a day/night out")
    introducing.answer(settings, engine, ada, made.key, agree=True, now=NOW)
    with engine.connect() as connection:
        rows = connection.execute(sa.select(tables.outbox.c.message)).scalars().all()
    assert len(rows) == 3
    for row in rows:
        head, _, body = zlib.decompress(row).partition(b"\r\n\r\n")
        assert b"evil" not in head
        assert b"Bcc" not in head
        assert b"evil.example/now" not in body


def test_declining_tells_no_address(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber, ben: Subscriber
) -> None:
    made = ask(settings, engine, ben, ada)
    introducing.answer(settings, engine, ada, made.key, agree=False, now=NOW)
    asked, ended = web_app.queued(engine, "introduce")
    assert ADA not in ended
    assert BEN not in asked
    assert "They cannot take it up" in " ".join(ended.split())


def test_nobody_answers_for_somebody_else(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber, ben: Subscriber
) -> None:
    made = ask(settings, engine, ben, ada)
    for person, key in ((ben, made.key), (ada, "x" * 12)):
        with pytest.raises(UsageError, match="no such request"):
            introducing.answer(settings, engine, person, key, agree=True, now=NOW)
    assert not introducing.withdraw(engine, ada, made.key, NOW)
    assert introducing.withdraw(engine, ben, made.key, NOW)
    assert mails(engine) == []
    with pytest.raises(UsageError, match="not open any more"):
        introducing.answer(settings, engine, ada, made.key, agree=True, now=NOW)


def test_a_pair_is_asked_once_whoever_asks(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber, ben: Subscriber
) -> None:
    partnering.open_up(engine, ben, OFFER, origin="test", now=NOW)
    made = ask(settings, engine, ben, ada)
    with pytest.raises(UsageError, match="once is enough"):
        ask(settings, engine, ben, ada)
    introducing.withdraw(engine, ben, made.key, NOW)
    with pytest.raises(UsageError, match="once is enough"):
        ask(settings, engine, ada, ben)


def test_a_pair_is_asked_once_though_the_opportunity_was_merged(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber, ben: Subscriber
) -> None:
    made = ask(settings, engine, ben, ada)
    with database.writing(engine) as connection:
        pk = opportunities.internal(connection, WORK.id)
        assert pk is not None
        web_app._process(connection, pk, WORK, "theheirofit2", ocid="ocds-heir")
        connection.execute(
            sa.update(tables.opportunities)
            .where(tables.opportunities.c.key == WORK.id)
            .values(key="theheirofit2")
        )
    for name in (WORK.id, "theheirofit2"):
        with pytest.raises(UsageError, match="once is enough"):
            ask(settings, engine, ben, ada, opportunity=name)
    with engine.connect() as connection:
        assert introductions.of(connection, ben.id, "theheirofit2") == [made]
        assert introductions.of(connection, ben.id, "k" * 12) == []
    introducing.answer(settings, engine, ada, made.key, agree=True, now=NOW)
    assert "Stories by the water" in web_app.queued(engine, "introduce")[-1]


def test_five_a_week_each_way(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber, ben: Subscriber
) -> None:
    others = [
        web_app.person(engine, email=f"p{n}@x.example", organisation=f"Players {n}")
        for n in range(6)
    ]
    for one in others:
        partnering.open_up(engine, one, OFFER, origin="test", now=NOW)
    for one in others[:5]:
        ask(settings, engine, ben, one)
    with pytest.raises(UsageError, match="5 times within a week"):
        ask(settings, engine, ben, others[5])
    ask(settings, engine, ben, others[5], now=NOW + 8 * DAY)
    for one in others[:5]:
        ask(settings, engine, one, ada)
    with pytest.raises(UsageError, match="many requests this week"):
        ask(settings, engine, others[5], ada)


def test_who_is_not_open_cannot_be_asked(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber, ben: Subscriber
) -> None:
    key = key_of(engine, ada)
    with pytest.raises(UsageError, match="That is you"):
        ask(settings, engine, ada, ada)
    with pytest.raises(UsageError, match="not there any more"):
        ask(settings, engine, ben, ada, opportunity="k" * 12)
    with pytest.raises(UsageError, match="Leave addresses"):
        ask(settings, engine, ben, ada, message="write to me@x.example")
    with database.writing(engine) as connection:
        suppressions.suppress(connection, keys.suppression_key(settings), ADA, "complaint", "", NOW)
    with pytest.raises(UsageError, match="not open to introductions"):
        ask(settings, engine, ben, ada)
    partnering.withdraw(engine, ada, origin="test", now=NOW)
    with pytest.raises(UsageError, match="not open to introductions"):
        ask(settings, engine, ben, ada, partner=key)
    assert mails(engine) == []


def test_what_is_not_answered_runs_out_after_two_weeks(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber, ben: Subscriber
) -> None:
    made = ask(settings, engine, ben, ada)
    assert introducing.run_out(settings, engine, NOW + 13 * DAY) == 0
    late = NOW + 14 * DAY
    with pytest.raises(UsageError, match="not open any more"):
        introducing.answer(settings, engine, ada, made.key, agree=True, now=late)
    assert introducing.run_out(settings, engine, late) == 1
    assert introducing.run_out(settings, engine, late) == 0
    assert mails(engine)[-1] == (BEN, "introduction ended")
    assert "has run out" in " ".join(web_app.queued(engine, "introduce")[-1].split())
    introducing.run_out(settings, engine, NOW + 366 * DAY)
    with engine.connect() as connection:
        assert introductions.of(connection, ben.id) == []


def test_withdrawing_ends_what_was_asked(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber, ben: Subscriber
) -> None:
    made = ask(settings, engine, ben, ada)
    partnering.withdraw(engine, ada, origin="test", now=NOW)
    with pytest.raises(UsageError, match="not open any more"):
        introducing.answer(settings, engine, ada, made.key, agree=True, now=NOW)


def test_an_asker_who_left_is_not_introduced(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber, ben: Subscriber
) -> None:
    made = ask(settings, engine, ben, ada)
    preferences.stop(engine, ben, origin="test", now=NOW)
    with pytest.raises(UsageError, match="does not get our emails"):
        introducing.answer(settings, engine, ada, made.key, agree=True, now=NOW)
    assert len(mails(engine)) == 1


def test_erasing_takes_the_introductions_and_their_mails(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber, ben: Subscriber
) -> None:
    made = ask(settings, engine, ben, ada)
    introducing.answer(settings, engine, ada, made.key, agree=True, now=NOW)
    told = json.dumps(preferences.export_person(settings, engine, ben, NOW))
    assert "you asked" in told
    assert "Shall we?" in told
    assert ADA not in told
    assert "Paper Lantern" not in told
    told = json.dumps(preferences.export_person(settings, engine, ada, NOW))
    assert "you were asked" in told
    assert WORDS in told
    assert BEN not in told
    preferences.erase_person(settings, engine, ben)
    with engine.connect() as connection:
        assert connection.execute(sa.select(introductions_table)).all() == []
    assert mails(engine) == []
