"""Adds many subscribers at once: a few statements for hundreds of people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from crawler.store.statements import chunks
from crawler.store.subscribers import (
    Schedule,
    State,
    Subscription,
    new_handle,
    schedule_columns,
    wish_columns,
)
from crawler.store.tables import subscribers, subscriptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """Somebody whose address (in lower case) is not known yet."""

    email: str
    organisation: str | None
    wishes: tuple[Subscription, ...]
    schedule: Schedule
    state: State
    paused_until: datetime | None = None


def add(connection: sa.Connection, people: Sequence[Newcomer], now: datetime) -> dict[str, int]:
    """Adds everybody; their ids by address. One who is there already fails them all."""
    if not people:
        return {}
    connection.execute(
        subscribers.insert(),
        [
            {
                "email": one.email,
                "organisation": one.organisation,
                "created": now,
                "handle": new_handle(),
                "language": "en",
                "state": one.state,
                "confirmed_at": now if one.state in ("active", "paused") else None,
                "paused_until": one.paused_until if one.state == "paused" else None,
                **schedule_columns(one.schedule),
            }
            for one in people
        ],
    )
    ids: dict[str, int] = {}
    for part in chunks(one.email for one in people):
        rows = connection.execute(
            sa.select(subscribers.c.email, subscribers.c.id).where(subscribers.c.email.in_(part))
        )
        ids.update((row.email, row.id) for row in rows)
    connection.execute(
        subscriptions.insert(),
        [
            {"subscriber_id": ids[one.email], **wish_columns(wish)}
            for one in people
            for wish in one.wishes
        ],
    )
    return ids
