"""People who saved opportunities whose deadlines have passed."""

from __future__ import annotations

import zlib
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import sqlalchemy as sa
import web_app
from digest_samples import opportunity, store
from web_app import NOW

from crawler.store import database, impact, marks
from crawler.store.impact import Answer
from crawler.store.subscribers import Subscriber
from crawler.store.tables import outbox, processes

DAY = timedelta(days=1)


def someone(engine: sa.Engine, number: int = 1, organisation: str | None = None) -> Subscriber:
    return web_app.person(
        engine, email=f"p{number}@x.example", organisation=organisation or f"Organisation {number}"
    )


def closed(engine: sa.Engine, *numbers: int, days: int = 5, **more: object) -> list[int]:
    """Opportunities whose deadlines passed `days` ago."""
    found = [opportunity(number, deadline=NOW - days * DAY, **more) for number in numbers]
    ids = store(engine, *found)
    with database.writing(engine) as connection:
        for at, one in zip(ids, found, strict=True):
            row = {
                "source": one.sources[0],
                "ocid": one.ocids[0],
                "key": one.id,
                "first_date": one.published,
                "title_key": one.title,
                "opportunity_id": at,
            }
            connection.execute(processes.insert().values(**row))
    return ids


def key(number: int) -> str:
    return opportunity(number).id


def save(engine: sa.Engine, person: Subscriber, *numbers: int) -> None:
    with database.writing(engine) as connection:
        for number in numbers:
            marks.save(connection, person.id, key(number), NOW - 20 * DAY)


def said(engine: sa.Engine, person: Subscriber, number: int, **more: object) -> None:
    with database.writing(engine) as connection:
        answer = Answer(**{"outcome": "won", **more})  # type: ignore[arg-type]
        impact.answer(connection, person.id, key(number), answer, NOW)


def mails(engine: sa.Engine) -> list[EmailMessage]:
    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(outbox.c.message).where(outbox.c.kind == "asking").order_by(outbox.c.id)
        ).scalars()
        found = [message_from_bytes(zlib.decompress(row), policy=policy.default) for row in rows]
    assert all(isinstance(one, EmailMessage) for one in found)
    return found  # type: ignore[return-value]


def text(mail: EmailMessage, kind: str = "plain") -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())
