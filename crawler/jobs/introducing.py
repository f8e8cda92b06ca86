"""Introductions between two subscribers, by our mail: asking, agreeing, and what ends them.

The asked has agreed to be asked (`crawler.jobs.partnering`), the asker agrees by asking. Neither
learns the other's address before both agree, and nothing here tells whether an address is known.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa

from crawler import keys
from crawler.addresses import Addresses
from crawler.config import Settings
from crawler.digest import introducing, wording
from crawler.errors import UsageError
from crawler.jobs import letters, partnering
from crawler.mailboxes import address
from crawler.store import (
    database,
    introductions,
    opportunities,
    organisations,
    outbox,
    subscribers,
    suppressions,
)
from crawler.store.introductions import Introduction, State
from crawler.store.subscribers import Subscriber

A_WEEK = 5
"""How often somebody may ask, and be asked, within seven days."""

PAGES_A_DAY = 3
KEPT = timedelta(days=365)
_WEEK, _DAY = timedelta(days=7), timedelta(days=1)


def send_page(
    settings: Settings, engine: sa.Engine, *, email: str, opportunity: str, now: datetime
) -> None:
    """Mails the owner of `email` the link to their page of partners, if they get our mail.

    Whoever asked learns nothing. Raises `UsageError` for what is no address.
    """
    email = address(email)
    with database.writing(engine) as connection:
        person = subscribers.find(connection, email)
        found = opportunities.by_key(connection, opportunity)
        if person is None or found is None or not _reached(settings, connection, person):
            return
        since = now - _DAY
        if outbox.queued_since(connection, email, outbox.PARTNERS, since) >= PAGES_A_DAY:
            return
        url = Addresses.of(settings).partners(person.handle, found[1].id)
        letter = introducing.page(found[1].title, url, now)
        about = f"partners {secrets.token_hex(8)}"
        kind = outbox.PARTNERS
        letters.post_to(settings, connection, letter, person, kind=kind, about=about, now=now)


def ask(
    settings: Settings,
    engine: sa.Engine,
    person: Subscriber,
    *,
    opportunity: str,
    partner: str,
    message: str,
    now: datetime,
) -> Introduction:
    """Asks the subscriber whose entry has the public name `partner`; they get a mail.

    Raises `UsageError` where that is not possible, with the reason.
    """
    words = partnering.public_words(message) if message.strip() else ""
    with database.writing(engine) as connection:
        asker = subscribers.by_id(connection, person.id)
        if asker is None or not _reached(settings, connection, asker):
            raise UsageError(
                "You do not get our emails at the moment. Confirm them, or end the pause, first."
            )
        if not asker.organisation:
            raise UsageError(
                "Say first, on your own page, what your organisation is called: they want to know"
                " who asks."
            )
        other = _partner(settings, connection, partner, asker)
        found = opportunities.by_key(connection, opportunity)
        if found is None:
            raise UsageError("This opportunity is not there any more.")
        one = found[1]
        _within_limits(connection, asker, other, one.id, now)
        made = introductions.ask(
            connection,
            opportunity=one.id,
            asker_id=asker.id,
            asked_id=other.id,
            message=words,
            now=now,
        )
        pages = Addresses.of(settings)
        url, own = pages.introduction(other.handle, made.key), pages.partnering(other.handle)
        letter = introducing.asked(asker.organisation, words, one.title, url, own, made.until, now)
        letters.post_to(
            settings,
            connection,
            letter,
            other,
            kind=outbox.INTRODUCTION,
            about=_about(made, "asked"),
            now=now,
        )
    return made


def _partner(
    settings: Settings, connection: sa.Connection, key: str, asker: Subscriber
) -> Subscriber:
    entry = organisations.by_key(connection, key)
    other = (
        subscribers.by_id(connection, entry.subscriber_id)
        if entry and entry.subscriber_id is not None
        else None
    )
    if other is None or not _reached(settings, connection, other):
        raise UsageError("They are not open to introductions any more. Choose somebody else.")
    if other.id == asker.id:
        raise UsageError("That is you.")
    return other


def _within_limits(
    connection: sa.Connection,
    asker: Subscriber,
    other: Subscriber,
    opportunity: str,
    now: datetime,
) -> None:
    if introductions.between(connection, opportunity, asker.id, other.id):
        raise UsageError(
            "One of you has asked the other for this opportunity already; once is enough."
        )
    if introductions.asked_since(connection, now - _WEEK, asker_id=asker.id) >= A_WEEK:
        raise UsageError(
            f"You have asked {A_WEEK} times within a week, which is the most. Try again in a few"
            " days."
        )
    if introductions.waiting_for(connection, other.id, now - _WEEK) >= A_WEEK:
        raise UsageError("They have had many requests this week already. Try again in a few days.")


def answer(
    settings: Settings,
    engine: sa.Engine,
    person: Subscriber,
    key: str,
    *,
    agree: bool,
    now: datetime,
) -> Introduction:
    """Agrees or declines, for whoever was asked; both, or the asker, are told by mail.

    Raises `UsageError` where there is nothing to answer any more.
    """
    with database.writing(engine) as connection:
        made = introductions.by_key(connection, key)
        if made is None or made.asked_id != person.id:
            raise UsageError("There is no such request any more.")
        asker = subscribers.by_id(connection, made.asker_id)
        known = subscribers.by_id(connection, made.asked_id)
        if asker is None or known is None:
            raise UsageError("There is no such request any more.")
        if agree and not (
            _reached(settings, connection, asker) and _reached(settings, connection, known)
        ):
            raise UsageError(
                "One of you does not get our emails at the moment, so that we cannot introduce you."
            )
        state: State = "agreed" if agree else "declined"
        if not introductions.settle(connection, key, state, now):
            raise UsageError("This request is not open any more.")
        if agree:
            _introduce(settings, connection, made, asker, known, now)
        else:
            _tell_ended(settings, connection, made, asker, known, state, now)
        settled = introductions.by_key(connection, key)
        assert settled is not None
    return settled


def _introduce(
    settings: Settings,
    connection: sa.Connection,
    made: Introduction,
    asker: Subscriber,
    asked: Subscriber,
    now: datetime,
) -> None:
    title = _title(connection, made)
    url = Addresses.of(settings).opportunity(made.opportunity)
    for side, reader, other in (("asker", asker, asked), ("asked", asked, asker)):
        name = other.organisation or "Your partner"
        letter = introducing.agreed(name, other.email, title, url, now)
        letters.post_to(
            settings,
            connection,
            letter,
            reader,
            kind=outbox.INTRODUCTION,
            about=_about(made, f"agreed {side}"),
            now=now,
        )


def withdraw(engine: sa.Engine, person: Subscriber, key: str, now: datetime) -> bool:
    """Takes back what somebody asked, before it was answered; whether it was open."""
    with database.writing(engine) as connection:
        made = introductions.by_key(connection, key)
        if made is None or made.asker_id != person.id:
            return False
        outbox.drop_about(connection, _about(made, "asked"))
        return introductions.settle(connection, key, "withdrawn", now)


def run_out(settings: Settings, engine: sa.Engine, now: datetime) -> int:
    """Ends what was not answered in time, tells the askers, forgets what is a year old."""
    with database.writing(engine) as connection:
        late = introductions.run_out(connection, now)
        for made in late:
            asker = subscribers.by_id(connection, made.asker_id)
            asked = subscribers.by_id(connection, made.asked_id)
            if asker and asked and _reached(settings, connection, asker):
                _tell_ended(settings, connection, made, asker, asked, "expired", now)
        introductions.forget(connection, now - KEPT)
    return len(late)


def _tell_ended(
    settings: Settings,
    connection: sa.Connection,
    made: Introduction,
    asker: Subscriber,
    asked: Subscriber,
    state: State,
    now: datetime,
) -> None:
    url = Addresses.of(settings).partners(asker.handle, made.opportunity)
    name = asked.organisation or "Somebody"
    letter = introducing.ended(name, state, _title(connection, made), url, now)
    letters.post_to(
        settings,
        connection,
        letter,
        asker,
        kind=outbox.INTRODUCTION,
        about=_about(made, "ended"),
        now=now,
    )


def erase_mails(connection: sa.Connection, subscriber_id: int) -> int:
    """Deletes the mails in which somebody's name or address was told to others; how many."""
    return sum(
        outbox.drop_about(connection, _about(made, step))
        for made in introductions.of(connection, subscriber_id)
        for step in ("asked", "agreed asker", "agreed asked", "ended")
    )


def _title(connection: sa.Connection, made: Introduction) -> str:
    found = opportunities.by_key(connection, made.opportunity)
    return wording.plain(found[1].title, 200) if found else ""


def _about(made: Introduction, step: str) -> str:
    return f"introduction {made.key} {step}"


def _reached(settings: Settings, connection: sa.Connection, person: Subscriber) -> bool:
    """Whether somebody gets our mail now."""
    if person.state != "active":
        return False
    return suppressions.of(connection, keys.suppression_key(settings), person.email) is None
