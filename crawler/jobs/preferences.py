"""What people change about themselves: pausing, other wishes, seeing and erasing what is kept.

Both the command line and the web app call here, for somebody whom they know by an address or by a
signed link. Every change and its evidence are one transaction; `origin` says where it came from,
`network` may be the whole Internet address it came from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crawler import dates, keys
from crawler.config import Settings
from crawler.digest import outbox as folders
from crawler.digest.consenting import WORDINGS
from crawler.digest.wishes import same
from crawler.errors import UsageError
from crawler.jobs import consent, introducing, partnering
from crawler.store import (
    consents,
    database,
    dossier,
    membership,
    outbox,
    subscribers,
    suppressions,
)
from crawler.store.subscribers import Schedule, Subscriber, Subscription

LONGEST_PAUSE = timedelta(days=366)
MOST_WISHES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """How many mails in the outbox and files in folders went with a person."""

    mails: int
    files: int


def pause(
    engine: sa.Engine,
    person: Subscriber,
    until: datetime | None,
    *,
    origin: str,
    network: str | None = None,
    now: datetime,
) -> None:
    """Sends nothing until `until`, None until they say so. Raises `UsageError`."""
    if until is not None and not now < until <= now + LONGEST_PAUSE:
        raise UsageError(
            f"a pause until {dates.spell(until)} is not possible."
            " Name a day within the next year, or none to pause until further notice."
        )
    with database.writing(engine) as connection:
        person = _again(connection, person)
        _written_to(person, "paused")
        if (person.state, person.paused_until) == ("paused", until):
            return
        membership.pause(connection, person.id, until)
        consents.record(connection, person.id, "paused", at=now, origin=origin, network=network)


def resume(
    engine: sa.Engine,
    person: Subscriber,
    *,
    origin: str,
    network: str | None = None,
    now: datetime,
) -> None:
    """Ends a pause. Raises `UsageError` for who has stopped: only their own opt-in helps then."""
    with database.writing(engine) as connection:
        person = _again(connection, person)
        _written_to(person, "resumed")
        if person.state == "paused":
            membership.resume(connection, person.id)
            consents.record(
                connection, person.id, "resumed", at=now, origin=origin, network=network
            )


def stop(
    engine: sa.Engine,
    person: Subscriber,
    *,
    origin: str,
    network: str | None = None,
    now: datetime,
) -> bool:
    """Sends nothing any more; whether anything changed."""
    with database.writing(engine) as connection:
        person = _again(connection, person)
        return consent.stop_known(connection, person, origin, network, now)


def change(
    engine: sa.Engine,
    person: Subscriber,
    *,
    organisation: str | None,
    schedule: Schedule,
    origin: str,
    network: str | None = None,
    now: datetime,
) -> Subscriber:
    """Sets how somebody is greeted and when they are written to; them as they are now."""
    with database.writing(engine) as connection:
        person = _again(connection, person)
        name = consent.named(organisation)
        if (person.organisation, person.schedule) != (name, schedule):
            membership.describe(connection, person.id, name)
            partnering.rename(connection, person, name)
            membership.reschedule(connection, person.id, schedule)
            _changed(connection, person, origin, network, now)
        return _again(connection, person)


def change_wish(
    engine: sa.Engine,
    person: Subscriber,
    wish: Subscription,
    *,
    origin: str,
    network: str | None = None,
    now: datetime,
) -> Subscriber:
    """Puts `wish` in the place of the subscription with its id; the person as they are now.

    Raises `UsageError` where the person has none with that id.
    """
    with database.writing(engine) as connection:
        person = _again(connection, person)
        old = theirs(person, wish.id)
        if not same(old, wish):
            membership.change_wish(connection, person.id, wish)
            _changed(connection, person, origin, network, now)
        return _again(connection, person)


def add_wish(
    engine: sa.Engine,
    person: Subscriber,
    wish: Subscription,
    *,
    origin: str,
    network: str | None = None,
    now: datetime,
) -> Subscriber:
    """Adds a subscription, unless the same is there; the person as they are now.

    Raises `UsageError` beyond `MOST_WISHES`.
    """
    with database.writing(engine) as connection:
        person = _again(connection, person)
        if any(same(one, wish) for one in person.subscriptions):
            return person
        if len(person.subscriptions) >= MOST_WISHES:
            raise UsageError(
                f"{person.email} has {MOST_WISHES} subscriptions, which is the most."
                " Change or remove one of them first."
            )
        subscribers.subscribe(connection, person.id, replace(wish, id=0))
        _changed(connection, person, origin, network, now)
        return _again(connection, person)


def remove_wish(
    engine: sa.Engine,
    person: Subscriber,
    subscription_id: int,
    *,
    origin: str,
    network: str | None = None,
    now: datetime,
) -> Subscriber:
    """Removes a subscription; the person as they are now. Raises `UsageError` for the last one."""
    with database.writing(engine) as connection:
        person = _again(connection, person)
        theirs(person, subscription_id)
        if len(person.subscriptions) == 1:
            raise UsageError(
                f"{person.email} has only this subscription. Change it, or stop the emails."
            )
        membership.remove_wish(connection, person.id, subscription_id)
        _changed(connection, person, origin, network, now)
        return _again(connection, person)


def readdress(
    settings: Settings,
    engine: sa.Engine,
    person: Subscriber,
    email: str,
    *,
    origin: str,
    now: datetime,
) -> Subscriber:
    """Sets another address, whose owner has agreed as `origin` says; the person as they are now.

    Links in earlier mails stop working. Raises `UsageError` for an address that somebody has.
    """
    with database.writing(engine) as connection:
        person = _again(connection, person)
        taken = subscribers.find(connection, email)
        if taken and taken.id != person.id:
            raise UsageError(f"{taken.email} is subscribed already. Erase one of the two first.")
        if taken is None:
            membership.readdress(connection, person.id, email)
            _changed(connection, person, origin, None, now)
            key = keys.suppression_key(settings)
            suppressions.lift(connection, key, _again(connection, person).email)
        return _again(connection, person)


def _changed(
    connection: sa.Connection,
    person: Subscriber,
    origin: str,
    network: str | None,
    now: datetime,
) -> None:
    consents.record(connection, person.id, "changed", at=now, origin=origin, network=network)


def theirs(person: Subscriber, subscription_id: int) -> Subscription:
    """The person's subscription of that id. Raises `UsageError` where they have none."""
    for one in person.subscriptions:
        if one.id == subscription_id:
            return one
    numbers = ", ".join(str(one.id) for one in person.subscriptions)
    raise UsageError(
        f"{person.email} has no subscription {subscription_id}. Theirs are: {numbers or 'none'}."
    )


def export_person(
    settings: Settings, engine: sa.Engine, person: Subscriber, now: datetime
) -> dict[str, Any]:
    """Everything kept about somebody, fit for JSON, with the words that they agreed to."""
    with engine.connect() as connection:
        person = _again(connection, person)
        key = keys.suppression_key(settings)
        suppressed = bool(suppressions.among(connection, key, [person.email]))
        found = dossier.of(connection, person.id)
    return {
        "exported_at": now.isoformat(),
        **found,
        "address_suppressed": suppressed,
        "wordings": dict(WORDINGS),
    }


def erase_person(settings: Settings, engine: sa.Engine, person: Subscriber) -> Erased:
    """Erases somebody: every row about them, and the mails to them that lie in folders.

    What stays is a keyed hash where their address bounced or complained: it is how that address is
    never written to again. Nothing here logs addresses.
    """
    with database.writing(engine) as connection:
        mails = introducing.erase_mails(connection, person.id)
        mails += outbox.erase(connection, person.email, person.id)
        subscribers.remove(connection, person.email)
    kept = (settings.outbox, settings.var / "preview")
    return Erased(mails=mails, files=sum(folders.erase(one, person.email) for one in kept))


def _again(connection: sa.Connection, person: Subscriber) -> Subscriber:
    """`person` as they are now. Raises `UsageError` if they were erased meanwhile."""
    found = subscribers.by_id(connection, person.id)
    if found is None:
        raise UsageError(f"{person.email} is not subscribed any more; nothing was changed.")
    return found


def _written_to(person: Subscriber, what: str) -> None:
    if person.state not in ("active", "paused"):
        why = "has stopped" if person.state == "stopped" else "has not confirmed yet"
        raise UsageError(
            f"{person.email} {why}, so there is nothing to be {what}."
            " Ask for the emails anew, and confirm them by the link in the mail that comes."
        )
