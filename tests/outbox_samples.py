"""People and mails in an outbox, and a clock that tests turn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import sqlalchemy as sa

from crawler.digest.bouncing import ReturnAddress
from crawler.jobs.deliver import Terms
from crawler.store import database, outbox, subscribers
from crawler.store.subscribers import Schedule, Subscriber, Subscription
from crawler.store.tables import bounces, suppressions
from crawler.store.tables import outbox as table

NOW = datetime(2026, 7, 13, 6, tzinfo=UTC)
KEY = b"k" * 32
RETURNS = ReturnAddress(local="bounce", domain="tenders.example", key=b"v" * 32)


class Clock:
    """Shows `now`; sleeping turns it on."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


def terms(clock: Clock, **changed: object) -> Terms:
    """Terms without a limit, on the test's clock."""
    given: dict[str, object] = {
        "returns": RETURNS, "key": KEY, "per_minute": None, "clock": clock, "sleep": clock.sleep,
    }  # fmt: skip
    return Terms(**(given | changed))  # type: ignore[arg-type]


def join(
    engine: sa.Engine, email: str, schedule: Schedule | None = None, now: datetime = NOW
) -> Subscriber:
    """An active subscriber who wants anything and was matched."""
    with database.writing(engine) as connection:
        person = subscribers.add(
            connection,
            email=email,
            organisation=None,
            subscription=Subscription(),
            now=now,
            schedule=schedule,
            state="active",
        )
        for one in person.subscriptions:
            subscribers.matched(connection, one.id, now)
        found = subscribers.find(connection, email)
    assert found is not None
    return found


def message(to: str, number: int = 1, kind: str = "digest") -> EmailMessage:
    """A small mail of our own."""
    made = EmailMessage(policy=SMTP)
    made["From"] = "Arts Tenders <digest@tenders.example>"
    made["To"] = to
    made["Subject"] = f"Mail {number}"
    made["Date"] = format_datetime(NOW)
    made["Message-ID"] = f"<{kind}.{number}.{to.replace('@', '.')}@tenders.example>"
    made.set_content(f".A line that begins with a dot.\r\nNumber {number}, größer.\r\n")
    return made


def post(
    engine: sa.Engine,
    to: str,
    number: int = 1,
    *,
    person: Subscriber | None = None,
    kind: str = "digest",
    now: datetime = NOW,
) -> bool:
    """Queues a mail; whether it is new."""
    with database.writing(engine) as connection:
        return outbox.queue(
            connection,
            about=f"{kind}:{to}:{number}",
            kind=kind,
            message=message(to, number, kind),
            subscriber_id=person.id if person else None,
            recipient=to,
            now=now,
        )


def states(engine: sa.Engine) -> dict[str, str]:
    """The state of each recipient's mail."""
    with engine.connect() as connection:
        rows = connection.execute(sa.select(table.c.recipient, table.c.state)).all()
    return {row.recipient: row.state for row in rows}


def row(engine: sa.Engine, recipient: str) -> sa.Row[tuple[object, ...]]:
    """The one mail to a recipient."""
    with engine.connect() as connection:
        return connection.execute(sa.select(table).where(table.c.recipient == recipient)).one()


def suppressed(engine: sa.Engine) -> list[str]:
    """Why addresses are on the suppression list."""
    with engine.connect() as connection:
        return sorted(connection.execute(sa.select(suppressions.c.reason)).scalars())


def bounced(engine: sa.Engine) -> list[tuple[str, str | None]]:
    """Kind and status of every bounce."""
    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(bounces.c.kind, bounces.c.status).order_by(bounces.c.id)
        )
        return [(row.kind, row.status) for row in rows]
