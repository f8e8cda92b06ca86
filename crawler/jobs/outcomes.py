"""Asks people, once an item, what became of what they saved; one mail with several items.

A mail and the note that they were asked are one transaction, and whoever paused, stopped, was
erased or must not be written to meanwhile is not asked.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from crawler import keys
from crawler.addresses import Addresses
from crawler.config import Settings
from crawler.digest import outcome_asking
from crawler.digest.wording import count
from crawler.jobs import letters
from crawler.store import database, impact, subscribers, suppressions

logger = logging.getLogger(__name__)

MOST = 10
"""Items of one mail; the rest are asked about the next day."""

KIND = "asking"


@dataclass(slots=True, kw_only=True)
class Done:
    """How many mails were written, about how many items; numbers of people for the rest."""

    mails: int = 0
    items: int = 0
    barred: int = 0
    broken: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """For logs: no addresses."""
        words = f"{count(self.mails, 'mail')} written, about {count(self.items, 'saved item')}"
        if self.barred:
            words += f"; {count(self.barred, 'person', 'people')} not to be written to"
        if self.broken:
            words += f"; {len(self.broken)} could not be composed ({self.broken[0]})"
        return words


def ask(settings: Settings, engine: sa.Engine, now: datetime) -> Done:
    """Queues a mail to each person with something to be asked about."""
    done, addresses = Done(), Addresses.of(settings)
    with engine.connect() as connection:
        waiting = impact.due(connection, now)
    for who, _ in groupby(waiting, key=lambda one: one.subscriber_id):
        try:
            _person(settings, engine, addresses, who, now, done)
        except Exception as error:  # the boundary: one person's mail is not another's
            logger.exception("the question to subscriber %d cannot be written", who)
            done.broken.append(f"{type(error).__name__}: {error}"[:200])
    return done


def _person(
    settings: Settings,
    engine: sa.Engine,
    addresses: Addresses,
    who: int,
    now: datetime,
    done: Done,
) -> None:
    today = now.astimezone(ZoneInfo(settings.timezone)).date()
    with database.writing(engine, alone=False) as connection:
        person = subscribers.by_id(connection, who)
        if person is None:
            return  # erased since
        barred = suppressions.of(connection, keys.suppression_key(settings), person.email)
        if barred or not person.may_be_written_to(now):
            done.barred += 1
            return
        questions = impact.due(connection, now, who)[:MOST]
        if not questions:
            return  # another round was quicker
        letter = outcome_asking.letter(person, questions, addresses, now)
        about = f"asking:{person.id}:{today.isoformat()}"
        if letters.post_to(settings, connection, letter, person, kind=KIND, about=about, now=now):
            impact.asked(connection, person.id, [one.opportunity_id for one in questions], now)
            done.mails, done.items = done.mails + 1, done.items + len(questions)
