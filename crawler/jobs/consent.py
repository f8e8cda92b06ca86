"""Asking, confirming and stopping: what the command line and the web app both call.

Every step and its evidence are one transaction. Whoever asks with an address learns nothing about
it: what there is to say goes to the address. `origin` says where a step came from ("sign-up page");
`network` may be the whole Internet address it came from, of which only the network is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from crawler import keys
from crawler.addresses import Addresses
from crawler.config import Settings
from crawler.digest import consenting, wording
from crawler.digest.consenting import WORDING
from crawler.jobs import letters
from crawler.mailboxes import address
from crawler.store import consents, database, membership, outbox, subscribers, suppressions
from crawler.store.subscribers import Schedule, Subscriber, Subscription
from crawler.store.suppressions import Suppression
from crawler.tokens import Purpose, TokenExpired, TokenForged

Answer = Literal["asked", "again", "known", "enough"]
"""``asked``: a confirmation mail to somebody new is queued; ``again``: one to somebody who was
asked before, has stopped or is suppressed; ``known``: a mail that says they are with us already;
``enough``: that address has had its mails of the day. The web tells people the same each time."""

MAILS_A_DAY = 3
ORGANISATION = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """How a confirmation went, and whose it was.

    ``confirmed``; ``already`` (nothing changed); ``superseded`` by a newer mail, or stopped or
    suppressed since; ``expired`` link; ``unknown``: no link of ours, or of somebody erased.
    """

    outcome: Literal["confirmed", "already", "superseded", "expired", "unknown"]
    person: Subscriber | None = None


def ask(
    settings: Settings,
    engine: sa.Engine,
    *,
    email: str,
    organisation: str | None,
    subscription: Subscription,
    schedule: Schedule,
    origin: str,
    network: str | None,
    now: datetime,
) -> Answer:
    """Somebody asks to be written to: queues the mail in which the address's owner may confirm.

    Raises `UsageError` for what is no address.
    """
    email = address(email)
    with database.writing(engine) as connection:
        if membership.asked_since(connection, email, now - timedelta(days=1)) >= MAILS_A_DAY:
            return "enough"
        person = subscribers.find(connection, email)
        if person and _is_written_to(settings, connection, person):
            _tell_known(settings, connection, person, now)
            return "known"
        name = named(organisation)
        new = person is None
        if person is None:
            person = subscribers.add(
                connection,
                email=email,
                organisation=name,
                subscription=subscription,
                schedule=schedule,
                now=now,
            )
        else:
            membership.ask_again(
                connection, person.id, organisation=name, wish=subscription, schedule=schedule
            )
        send_confirmation(settings, connection, person.id, origin, network, now)
    return "asked" if new else "again"


def _is_written_to(settings: Settings, connection: sa.Connection, person: Subscriber) -> bool:
    """Whether mail goes, or after a pause will go, to `person`: the suppressed get none at all."""
    if person.state not in ("active", "paused"):
        return False
    return suppressions.of(connection, keys.suppression_key(settings), person.email) is None


def enrol(
    settings: Settings,
    engine: sa.Engine,
    *,
    email: str,
    organisation: str | None,
    subscription: Subscription,
    schedule: Schedule,
    origin: str,
    now: datetime,
) -> Suppression | None:
    """Begins at once for somebody whose agreement staff hold: `origin` says how they agreed.

    Gives the suppression that this lifted, if there was one. Raises `UsageError` for somebody who
    is written to already.
    """
    with database.writing(engine) as connection:
        person = subscribers.find(connection, email)
        if person is None or _is_written_to(settings, connection, person):
            person = subscribers.add(
                connection,
                email=email,
                organisation=named(organisation),
                subscription=subscription,
                schedule=schedule,
                now=now,
            )
        else:
            membership.ask_again(
                connection,
                person.id,
                organisation=named(organisation),
                wish=subscription,
                schedule=schedule,
            )
        lifted = activate(settings, connection, person, now)
        consents.record(connection, person.id, "confirmed", at=now, origin=origin)
    return lifted


def named(organisation: str | None) -> str | None:
    """An organisation's name as it is kept, None for none."""
    return wording.plain(organisation, ORGANISATION) or None if organisation else None


def send_confirmation(
    settings: Settings,
    connection: sa.Connection,
    subscriber_id: int,
    origin: str,
    network: str | None,
    now: datetime,
) -> None:
    """Records that a pending person was asked for, and queues the mail; earlier ones go stale."""
    number = consents.record(
        connection,
        subscriber_id,
        "asked",
        at=now,
        origin=origin,
        wording=WORDING,
        network=network,
    )
    person = subscribers.by_id(connection, subscriber_id)
    assert person is not None
    url = Addresses.of(settings).confirm(person.handle, str(number))
    letter = consenting.asking(person, url, now)
    about = f"confirm {person.handle} {number}"
    kind = outbox.CONFIRMATION
    letters.post_to(settings, connection, letter, person, kind=kind, about=about, now=now)


def _tell_known(
    settings: Settings, connection: sa.Connection, person: Subscriber, now: datetime
) -> None:
    letter = consenting.known(person, Addresses.of(settings).preferences(person.handle), now)
    about = f"known {person.handle} {now.isoformat()}"
    kind = outbox.CONFIRMATION
    letters.post_to(settings, connection, letter, person, kind=kind, about=about, now=now)


def holder(
    settings: Settings, connection: sa.Connection, purpose: Purpose, token: str
) -> Subscriber | None:
    """Whose token this is, None for somebody erased. Raises `TokenExpired` or `TokenForged`."""
    ticket = Addresses.of(settings).tokens.read(purpose, token)
    return subscribers.by_handle(connection, ticket.handle)


def look_at(settings: Settings, engine: sa.Engine, token: str) -> Confirmation:
    """What `confirm` would say, for the page with the button; ``confirmed`` means it may be."""
    with engine.connect() as connection:
        return _confirmable(settings, connection, token)


def confirm(
    settings: Settings,
    engine: sa.Engine,
    token: str,
    *,
    origin: str,
    network: str | None,
    now: datetime,
) -> Confirmation:
    """The address's owner agrees: from now on they are written to, bounced before or not."""
    with database.writing(engine) as connection:
        found = _confirmable(settings, connection, token)
        if found.outcome != "confirmed" or found.person is None:
            return found
        activate(settings, connection, found.person, now)
        consents.record(
            connection,
            found.person.id,
            "confirmed",
            at=now,
            origin=origin,
            wording=WORDING,
            network=network,
        )
        person = subscribers.by_id(connection, found.person.id)
        return Confirmation(outcome="confirmed", person=person)


def activate(
    settings: Settings, connection: sa.Connection, person: Subscriber, now: datetime
) -> Suppression | None:
    """Makes somebody active who has agreed; the caller records how. Gives what it lifted."""
    membership.confirm(connection, person.id, now)
    return suppressions.lift(connection, keys.suppression_key(settings), person.email)


def _confirmable(settings: Settings, connection: sa.Connection, token: str) -> Confirmation:
    try:
        ticket = Addresses.of(settings).tokens.read("confirm", token)
    except TokenExpired:
        return Confirmation(outcome="expired")
    except TokenForged:
        return Confirmation(outcome="unknown")
    person = subscribers.by_handle(connection, ticket.handle)
    if person is None:
        return Confirmation(outcome="unknown")
    if _is_written_to(settings, connection, person):
        return Confirmation(outcome="already", person=person)
    # They agree to what the mail said: a newer asking has other wishes in it, perhaps a stranger's.
    asked = consents.newest(connection, person.id, ("asked",))
    if person.state != "pending" or asked is None or ticket.words != (str(asked.id),):
        return Confirmation(outcome="superseded")
    return Confirmation(outcome="confirmed", person=person)


def stop(
    settings: Settings,
    engine: sa.Engine,
    token: str,
    *,
    origin: str,
    network: str | None,
    now: datetime,
) -> bool:
    """One-click unsubscribe (RFC 8058): stops at once, and again is as good as once.

    False only for what is no unsubscribe token of ours: somebody erased counts as stopped.
    """
    with database.writing(engine) as connection:
        try:
            person = holder(settings, connection, "unsubscribe", token)
        except (TokenExpired, TokenForged):
            return False
        if person:
            stop_known(connection, person, origin, network, now)
    return True


def stop_known(
    connection: sa.Connection, person: Subscriber, origin: str, network: str | None, now: datetime
) -> bool:
    """Stops somebody, within the caller's transaction; whether anything changed."""
    if person.state == "stopped":
        return False
    membership.stop(connection, person.id)
    consents.record(connection, person.id, "stopped", at=now, origin=origin, network=network)
    return True
