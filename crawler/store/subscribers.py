"""Who gets digests and what they asked for: plain functions on a connection.

A subscriber has one or more subscriptions; an opportunity that fits two of them is told once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from crawler.errors import UsageError
from crawler.store.tables import subscribers, subscriptions

DEFAULT_BANDS = ("arts", "commissionable")
_LONGEST = 254
_ADDRESS = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What somebody wants to hear of. An empty field narrows nothing.

    `bands` are labels of relevance. `art_forms` narrow what is art, `outcomes` narrow what is
    commissionable. `matched_until` is the last time it was matched, None before the first.
    """

    id: int = 0
    regions: tuple[str, ...] = ()
    art_forms: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    bands: tuple[str, ...] = DEFAULT_BANDS
    matched_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """Somebody who gets digests. `digest_at` is when the last one was handed over."""

    id: int
    email: str
    created: datetime
    organisation: str | None = None
    digest_at: datetime | None = None
    subscriptions: tuple[Subscription, ...] = ()


def address(text: str) -> str:
    """The mail address in `text`, in lower case. Raises `UsageError` for what is none."""
    found = text.strip().lower()
    if len(found) <= _LONGEST and len(found.split("@")[0]) <= 64 and _ADDRESS.fullmatch(found):
        return found
    raise UsageError(
        f"email {text[:80]!r} is not an address we can write to;"
        " it should look like name@example.org, in plain letters and without blanks."
    )


def add(
    connection: sa.Connection,
    *,
    email: str,
    organisation: str | None,
    subscription: Subscription,
    now: datetime,
) -> Subscriber:
    """Adds a subscriber with one subscription. Raises `UsageError` for one who is there already."""
    email = address(email)
    if find(connection, email):
        raise UsageError(
            f"{email} is subscribed already. To begin anew, remove it first:"
            f" tenders subscribers erase {email}"
        )
    key = connection.execute(
        subscribers.insert().values(email=email, organisation=organisation, created=now)
    ).inserted_primary_key
    assert key is not None
    connection.execute(
        subscriptions.insert().values(
            subscriber_id=key[0],
            regions=list(subscription.regions),
            art_forms=list(subscription.art_forms),
            outcomes=list(subscription.outcomes),
            bands=list(subscription.bands),
        )
    )
    added = find(connection, email)
    assert added is not None
    return added


def listed(connection: sa.Connection) -> list[Subscriber]:
    """Every subscriber with their subscriptions, by address."""
    return _read(connection, sa.true())


def find(connection: sa.Connection, email: str) -> Subscriber | None:
    """The subscriber with this address, or None."""
    found = _read(connection, subscribers.c.email == email.strip().lower())
    return found[0] if found else None


def _read(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> list[Subscriber]:
    wanted: dict[int, list[Subscription]] = {}
    people = connection.execute(
        sa.select(subscribers).where(condition).order_by(subscribers.c.email)
    ).all()
    rows = connection.execute(
        sa.select(subscriptions).join(subscribers).where(condition).order_by(subscriptions.c.id)
    )
    for row in rows:
        wanted.setdefault(row.subscriber_id, []).append(
            Subscription(
                id=row.id,
                regions=tuple(row.regions),
                art_forms=tuple(row.art_forms),
                outcomes=tuple(row.outcomes),
                bands=tuple(row.bands),
                matched_until=row.matched_until,
            )
        )
    return [
        Subscriber(
            id=person.id,
            email=person.email,
            organisation=person.organisation,
            created=person.created,
            digest_at=person.digest_at,
            subscriptions=tuple(wanted.get(person.id, ())),
        )
        for person in people
    ]


def remove(connection: sa.Connection, email: str) -> bool:
    """Erases a subscriber with everything kept about them; whether there was one."""
    gone = connection.execute(subscribers.delete().where(subscribers.c.email == email.lower()))
    return gone.rowcount > 0


def matched(connection: sa.Connection, subscription_id: int, now: datetime) -> None:
    """Records that a subscription has been matched with everything known at `now`."""
    connection.execute(
        subscriptions.update()
        .where(subscriptions.c.id == subscription_id)
        .values(matched_until=now)
    )


def digested(connection: sa.Connection, subscriber_id: int, now: datetime) -> None:
    """Records that a digest was handed over at `now`."""
    connection.execute(
        subscribers.update().where(subscribers.c.id == subscriber_id).values(digest_at=now)
    )
