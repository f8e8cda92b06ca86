"""Who asked to be forgotten and has yet to say so from their own mailbox: mails in the outbox."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from crawler.store.tables import outbox

KIND = "removal"


def about(reference: str) -> str:
    """What the mail that asks for the word of an address's owner is about."""
    return f"removal {reference}"


def recipient(connection: sa.Connection, reference: str, since: datetime) -> str | None:
    """The address that was written to under `reference` since then, or None."""
    query = sa.select(outbox.c.recipient).where(
        outbox.c.about == about(reference), outbox.c.kind == KIND, outbox.c.queued_at >= since
    )
    return connection.execute(query).scalar()


def asked_since(connection: sa.Connection, email: str, since: datetime) -> int:
    """How many such mails an address has had since then."""
    query = (
        sa.select(sa.func.count())
        .select_from(outbox)
        .where(outbox.c.recipient == email, outbox.c.kind == KIND, outbox.c.queued_at >= since)
    )
    return connection.execute(query).scalar_one()
