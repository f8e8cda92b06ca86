"""Puts one letter to one person into the outbox: confirmations, removals, links to sign in."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from crawler.config import Settings
from crawler.digest import consenting
from crawler.digest.consenting import Letter
from crawler.digest.mail import Letterhead
from crawler.store import outbox
from crawler.store.subscribers import Subscriber

_SPOKEN = {outbox.INTRODUCTION: "introduction", "sign-in": "signing"}
"""What a mail is called where people see it, if it is not by its kind."""


def post(
    settings: Settings,
    connection: sa.Connection,
    letter: Letter,
    recipient: str,
    *,
    kind: str,
    about: str,
    now: datetime,
    subscriber_id: int | None = None,
) -> bool:
    """Queues `letter`; False if `about` is queued already. Raises `ConfigError` as mails do."""
    letterhead = Letterhead(sender=settings.sender, contact=settings.contact)
    return outbox.queue(
        connection,
        about=about,
        kind=kind,
        message=consenting.message(
            letter, recipient, letterhead, about, now, kind=_SPOKEN.get(kind, kind)
        ),
        subscriber_id=subscriber_id,
        recipient=recipient,
        now=now,
    )


def post_to(
    settings: Settings,
    connection: sa.Connection,
    letter: Letter,
    person: Subscriber,
    *,
    kind: str,
    about: str,
    now: datetime,
) -> bool:
    """The same to a subscriber, with whom the letter goes when they are erased."""
    to, whose = person.email, person.id
    return post(
        settings, connection, letter, to, kind=kind, about=about, now=now, subscriber_id=whose
    )
