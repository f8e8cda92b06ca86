"""What changes about a subscriber after they came: opting in, pausing, stopping, other wishes.

Whoever calls records the evidence in the same transaction (`crawler.store.consents`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from crawler.mailboxes import address
from crawler.store import organisations
from crawler.store import subscribers as people
from crawler.store.outbox import CONFIRMATION
from crawler.store.subscribers import Schedule, Subscription
from crawler.store.tables import consents, matches, outbox, subscribers, subscriptions


def confirm(connection: sa.Connection, subscriber_id: int, now: datetime) -> None:
    """They opted in: from now on they are written to."""
    _set(connection, subscriber_id, state="active", confirmed_at=now, paused_until=None)


def pause(connection: sa.Connection, subscriber_id: int, until: datetime | None) -> None:
    """Nothing is sent until `until`, or until they say so; what waits to be sent is dropped."""
    _set(connection, subscriber_id, state="paused", paused_until=until)
    drop_queued(connection, subscriber_id)


def resume(connection: sa.Connection, subscriber_id: int) -> None:
    """They are written to again."""
    _set(connection, subscriber_id, state="active", paused_until=None)


def stop(connection: sa.Connection, subscriber_id: int) -> None:
    """Nothing is sent any more, until they opt in anew; what waits to be sent is dropped.

    They are no possible partner any more either: who is asked to be one gets mail.
    """
    _set(connection, subscriber_id, state="stopped", paused_until=None)
    organisations.withdraw(connection, subscriber_id)
    drop_queued(connection, subscriber_id)


def ask_again(
    connection: sa.Connection,
    subscriber_id: int,
    *,
    organisation: str | None,
    wish: Subscription,
    schedule: Schedule,
) -> None:
    """Somebody who is not written to asks anew: these wishes take the place of all earlier ones."""
    _set(
        connection,
        subscriber_id,
        state="pending",
        paused_until=None,
        organisation=organisation,
        **people.schedule_columns(schedule),
    )
    theirs = subscriptions.c.subscriber_id == subscriber_id
    first = connection.execute(sa.select(sa.func.min(subscriptions.c.id)).where(theirs)).scalar()
    if first is None:
        people.subscribe(connection, subscriber_id, wish)
        return
    # One is kept and changed, not replaced: with it is kept what they have been told already.
    connection.execute(subscriptions.delete().where(theirs, subscriptions.c.id != first))
    change_wish(connection, subscriber_id, replace(wish, id=first))


def reopen(connection: sa.Connection, subscriber_id: int) -> None:
    """They are to opt in anew to what they asked for already."""
    _set(connection, subscriber_id, state="pending", paused_until=None)


def describe(connection: sa.Connection, subscriber_id: int, organisation: str | None) -> None:
    """Sets how the digest greets them."""
    _set(connection, subscriber_id, organisation=organisation)


def reschedule(connection: sa.Connection, subscriber_id: int, schedule: Schedule) -> None:
    """Sets when they are written to."""
    _set(connection, subscriber_id, **people.schedule_columns(schedule))


def readdress(connection: sa.Connection, subscriber_id: int, email: str) -> None:
    """Sets their address, which nobody else may have, and takes back links sent to the old one."""
    drop_queued(connection, subscriber_id)
    _set(connection, subscriber_id, email=address(email))
    rotate(connection, subscriber_id)


def rotate(connection: sa.Connection, subscriber_id: int) -> str:
    """A new handle: no link that was given out before works any more."""
    handle = people.new_handle()
    _set(connection, subscriber_id, handle=handle)
    return handle


def _set(connection: sa.Connection, subscriber_id: int, **values: object) -> None:
    connection.execute(
        subscribers.update().where(subscribers.c.id == subscriber_id).values(**values)
    )


def change_wish(connection: sa.Connection, subscriber_id: int, wish: Subscription) -> bool:
    """Replaces the subscription of that id if it is theirs, to be matched anew; whether it was."""
    changed = connection.execute(
        subscriptions.update()
        .where(subscriptions.c.id == wish.id, subscriptions.c.subscriber_id == subscriber_id)
        .values(**people.wish_columns(wish), matched_until=None)
    ).rowcount
    if changed:
        # What was found for the old wish and never told is found again, if it still fits.
        connection.execute(
            matches.delete().where(
                matches.c.subscription_id == wish.id, matches.c.told_at.is_(None)
            )
        )
    return bool(changed)


def remove_wish(connection: sa.Connection, subscriber_id: int, subscription_id: int) -> bool:
    """Removes a subscription if it is theirs; whether it was."""
    gone = connection.execute(
        subscriptions.delete().where(
            subscriptions.c.id == subscription_id, subscriptions.c.subscriber_id == subscriber_id
        )
    )
    return gone.rowcount > 0


def drop_queued(connection: sa.Connection, subscriber_id: int) -> int:
    """Drops mails to them that wait to be sent; how many. One on its way cannot be called back."""
    return connection.execute(
        outbox.delete().where(outbox.c.subscriber_id == subscriber_id, outbox.c.state == "queued")
    ).rowcount


def prune_pending(connection: sa.Connection, before: datetime) -> int:
    """Forgets those who asked before `before` and never opted in; how many.

    Who had opted in once is stopped instead: the evidence of that is kept until they are erased.
    """
    lately = sa.exists().where(
        consents.c.subscriber_id == subscribers.c.id, consents.c.at >= before
    )
    waiting = sa.and_(subscribers.c.state == "pending", subscribers.c.created < before, ~lately)
    returned = connection.execute(
        subscribers.update()
        .where(waiting, subscribers.c.confirmed_at.is_not(None))
        .values(state="stopped")
    )
    gone = connection.execute(subscribers.delete().where(waiting))
    return returned.rowcount + gone.rowcount


def asked_since(connection: sa.Connection, email: str, since: datetime) -> int:
    """How many mails that ask `email` to opt in were queued at `since` or later."""
    return connection.execute(
        sa.select(sa.func.count())
        .select_from(outbox)
        .where(
            outbox.c.recipient == email,
            outbox.c.kind == CONFIRMATION,
            outbox.c.queued_at > since,
        )
    ).scalar_one()
