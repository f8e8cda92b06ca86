"""Who gets digests and what they asked for: plain functions on a connection.

A subscriber has one or more subscriptions; an opportunity that fits two of them is told once.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, get_args

import sqlalchemy as sa

from crawler.errors import UsageError
from crawler.mailboxes import address
from crawler.store.statements import chunks
from crawler.store.tables import subscribers, subscriptions

Rhythm = Literal["daily", "weekly", "fortnightly"]
State = Literal["pending", "active", "paused", "stopped"]
WishStage = Literal["early", "open", "awards"]

RHYTHMS: tuple[Rhythm, ...] = get_args(Rhythm)
STATES: tuple[State, ...] = get_args(State)
WISH_STAGES: tuple[WishStage, ...] = get_args(WishStage)
DEFAULT_BANDS = ("arts", "commissionable")
DEFAULT_STAGES: tuple[WishStage, ...] = ("early", "open")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What somebody wants to hear of. An empty field narrows nothing.

    `regions` (ITL1 codes), `authorities` (GSS codes) and a circle of `near_km` kilometres around
    the postcode `near` are places: work in any of them fits. `bands` are labels of relevance.
    `art_forms` narrow what is art, `outcomes` narrow what is commissionable. `stages` are those of
    `WISH_STAGES`. `value_min` and `value_max` are what a contract may be worth, `largest` is what
    the organisation could carry: beyond it an opportunity comes with a caveat. `require` holds
    words or phrases that must all occur, `exclude` those of which none may. `maybes` lets in what
    no reviewer has seen yet. `matched_until` is the last time it was matched, None before.
    """

    id: int = 0
    label: str | None = None
    regions: tuple[str, ...] = ()
    authorities: tuple[str, ...] = ()
    near: str | None = None
    near_km: int | None = None
    art_forms: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    bands: tuple[str, ...] = DEFAULT_BANDS
    stages: tuple[str, ...] = DEFAULT_STAGES
    value_min: Decimal | None = None
    value_max: Decimal | None = None
    largest: Decimal | None = None
    buyer_kinds: tuple[str, ...] = ()
    require: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    maybes: bool = False
    matched_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When somebody is written to: one mail for all of their subscriptions.

    `weekday` (0 is Monday) and `hour` are local time; daily mail comes on every day. `only_new`
    leaves out digests with nothing to tell. `early_mail` writes at once of what closes before the
    next digest. `remind_days` is how long before a saved item closes to remind, None for never.
    """

    rhythm: Rhythm = "weekly"
    weekday: int = 0
    hour: int = 7
    only_new: bool = False
    early_mail: bool = False
    remind_days: int | None = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """Somebody who gets digests.

    `handle` is their name in links: random, and saying nothing. Only who is `active` is written to
    (a `paused` one again once `paused_until` has passed). `digest_at` is when the last digest was
    queued, `slot` the digest time it was for.
    """

    id: int
    email: str
    created: datetime
    handle: str = ""
    organisation: str | None = None
    language: str = "en"
    state: State = "active"
    confirmed_at: datetime | None = None
    paused_until: datetime | None = None
    schedule: Schedule = field(default_factory=Schedule)
    slot: datetime | None = None
    digest_at: datetime | None = None
    subscriptions: tuple[Subscription, ...] = ()

    def may_be_written_to(self, now: datetime) -> bool:
        """Whether they opted in and have not paused or stopped."""
        if self.state == "paused":
            return self.paused_until is not None and self.paused_until <= now
        return self.state == "active"


_WISHES = tuple(one.name for one in fields(Subscription) if one.name not in ("id", "matched_until"))
_SCHEDULE = tuple(one.name for one in fields(Schedule))


def new_handle() -> str:
    """A random name for links."""
    return secrets.token_urlsafe(12)


def add(
    connection: sa.Connection,
    *,
    email: str,
    organisation: str | None,
    subscription: Subscription,
    now: datetime,
    schedule: Schedule | None = None,
    state: State = "pending",
) -> Subscriber:
    """Adds a subscriber with one subscription; without their opt-in they are `pending`.

    Raises `UsageError` for one who is there already.
    """
    email = address(email)
    if find(connection, email):
        raise UsageError(
            f"{email} is subscribed already. See what for with: tenders subscribers show {email}"
        )
    key = connection.execute(
        subscribers.insert().values(
            email=email,
            organisation=organisation,
            created=now,
            handle=new_handle(),
            language="en",
            state=state,
            confirmed_at=now if state == "active" else None,
            **schedule_columns(schedule or Schedule()),
        )
    ).inserted_primary_key
    assert key is not None
    subscribe(connection, key[0], subscription)
    added = find(connection, email)
    assert added is not None
    return added


def subscribe(connection: sa.Connection, subscriber_id: int, wish: Subscription) -> int:
    """Adds a subscription to a subscriber; its id."""
    key = connection.execute(
        subscriptions.insert().values(subscriber_id=subscriber_id, **wish_columns(wish))
    ).inserted_primary_key
    assert key is not None
    return int(key[0])


def wish_columns(wish: Subscription) -> dict[str, Any]:
    """What a subscription asks for, by column."""
    return _columns(wish, _WISHES)


def schedule_columns(schedule: Schedule) -> dict[str, Any]:
    """A schedule by column."""
    return _columns(schedule, _SCHEDULE)


def _columns(one: Subscription | Schedule, names: tuple[str, ...]) -> dict[str, Any]:
    values = ((name, getattr(one, name)) for name in names)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values}


def listed(connection: sa.Connection) -> list[Subscriber]:
    """Every subscriber with their subscriptions, by address."""
    return _read(connection, sa.true())


def iterate(
    connection: sa.Connection, *, states: Collection[State] = STATES, page: int = 500
) -> Iterator[Subscriber]:
    """Subscribers in one of `states` in the order they came, `page` of them in memory at a time."""
    last = 0
    while True:
        rows = sa.select(subscribers.c.id).where(
            subscribers.c.id > last, subscribers.c.state.in_(states)
        )
        numbers = connection.execute(rows.order_by(subscribers.c.id).limit(page)).scalars().all()
        if not numbers:
            return
        found = _read(connection, subscribers.c.id.in_(numbers))
        yield from sorted(found, key=lambda one: one.id)
        last = numbers[-1]


def among(connection: sa.Connection, emails: Collection[str]) -> dict[str, Subscriber]:
    """Those of `emails` (in lower case) who are known, by address."""
    found: dict[str, Subscriber] = {}
    for part in chunks(emails):
        people = _read(connection, subscribers.c.email.in_(part))
        found.update((one.email, one) for one in people)
    return found


def find(connection: sa.Connection, email: str) -> Subscriber | None:
    """The subscriber with this address, or None."""
    found = _read(connection, subscribers.c.email == email.strip().lower())
    return found[0] if found else None


def by_handle(connection: sa.Connection, handle: str) -> Subscriber | None:
    """The subscriber whom links name by `handle`, or None."""
    found = _read(connection, subscribers.c.handle == handle)
    return found[0] if found else None


def by_id(connection: sa.Connection, id: int) -> Subscriber | None:  # noqa: A002
    """The subscriber with this internal key, or None."""
    found = _read(connection, subscribers.c.id == id)
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
        wanted.setdefault(row.subscriber_id, []).append(_subscription(row))
    return [_subscriber(person, tuple(wanted.get(person.id, ()))) for person in people]


def _subscription(row: Any) -> Subscription:
    values: dict[str, Any] = {name: getattr(row, name) for name in _WISHES}
    for name, value in values.items():
        if isinstance(value, list):
            values[name] = tuple(value)
    return Subscription(id=row.id, matched_until=row.matched_until, **values)


def _subscriber(row: Any, wishes: tuple[Subscription, ...]) -> Subscriber:
    return Subscriber(
        id=row.id,
        email=row.email,
        created=row.created,
        handle=row.handle,
        organisation=row.organisation,
        language=row.language,
        state=row.state,
        confirmed_at=row.confirmed_at,
        paused_until=row.paused_until,
        schedule=Schedule(**{name: getattr(row, name) for name in _SCHEDULE}),
        slot=row.slot,
        digest_at=row.digest_at,
        subscriptions=wishes,
    )


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


def all_matched(
    connection: sa.Connection, subscription_ids: Collection[int], now: datetime
) -> None:
    """The same of many subscriptions."""
    for part in chunks(subscription_ids):
        connection.execute(
            subscriptions.update().where(subscriptions.c.id.in_(part)).values(matched_until=now)
        )


def digested(connection: sa.Connection, subscriber_id: int, now: datetime) -> None:
    """Records that a digest was handed over at `now`."""
    connection.execute(
        subscribers.update().where(subscribers.c.id == subscriber_id).values(digest_at=now)
    )


def slot_done(connection: sa.Connection, subscriber_id: int, slot: datetime) -> None:
    """Records that the digest time `slot` was dealt with, whether by a mail or by silence."""
    connection.execute(
        subscribers.update().where(subscribers.c.id == subscriber_id).values(slot=slot)
    )
