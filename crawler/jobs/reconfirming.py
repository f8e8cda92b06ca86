"""The way back for who is suppressed: why nothing reaches them, and asking them to confirm anew.

An address that bounced or complained gets nothing until its owner opts in anew; that lifts it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from crawler import keys
from crawler.config import Settings
from crawler.errors import UsageError
from crawler.jobs import consent
from crawler.store import database, membership, subscribers, suppressions
from crawler.store.subscribers import Subscriber
from crawler.store.suppressions import Suppression


def suppression(settings: Settings, engine: sa.Engine, email: str) -> Suppression | None:
    """Why `email`, in lower case, is not written to; None where it did not bounce or complain."""
    with engine.connect() as connection:
        return suppressions.of(connection, keys.suppression_key(settings), email)


def ask_anew(
    settings: Settings,
    engine: sa.Engine,
    person: Subscriber,
    *,
    origin: str,
    network: str | None,
    now: datetime,
) -> None:
    """Queues a mail in which somebody suppressed may confirm anew; their wishes stay.

    Raises `UsageError` where nothing is suppressed, they have stopped, or had such mails enough.
    """
    with database.writing(engine) as connection:
        found = subscribers.by_id(connection, person.id)
        if found is None or found.state == "stopped":
            raise UsageError("you have stopped these emails. To have them again, sign up again.")
        if suppressions.of(connection, keys.suppression_key(settings), found.email) is None:
            raise UsageError("your mailbox takes our mail: there is nothing to confirm anew.")
        day_ago = now - timedelta(days=1)
        if membership.asked_since(connection, found.email, day_ago) >= consent.MAILS_A_DAY:
            raise UsageError(
                f"we have sent {consent.MAILS_A_DAY} such mails within a day. Try again tomorrow."
            )
        membership.reopen(connection, found.id)
        consent.send_confirmation(settings, connection, found.id, origin, network, now)
