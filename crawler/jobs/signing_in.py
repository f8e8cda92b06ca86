"""Signing in by mail: a link that works once, for a quarter of an hour, in the browser that asked.

Whoever asks learns nothing about who may sign in: a stranger's request takes the same steps, and
only the mail is thrown away.
"""

from __future__ import annotations

import logging
import secrets
import threading
from datetime import datetime

import sqlalchemy as sa

from crawler.addresses import Addresses
from crawler.config import Settings
from crawler.digest import wording
from crawler.digest.consenting import Letter
from crawler.errors import TendersError
from crawler.jobs import letters, send
from crawler.jobs.clock import ticking
from crawler.mailboxes import address
from crawler.store import audit, database, users

log = logging.getLogger(__name__)

KIND = "sign-in"


def ask(settings: Settings, engine: sa.Engine, *, email: str, browser: str, now: datetime) -> bool:
    """Sends `email` a link if its owner may sign in. Raises `UsageError` for what is no address.

    Gives whether a mail was queued: for the sender that is to be woken, never for whoever asked.
    """
    asked = address(email)
    with database.writing(engine) as connection:
        user = users.find(connection, asked)
        token = users.ask(connection, user, browser, now)
        about = f"{KIND} {secrets.token_hex(12)}"
        with connection.begin_nested() as attempt:
            letter = _letter(settings, token or secrets.token_urlsafe(32), now)
            letters.post(settings, connection, letter, asked, kind=KIND, about=about, now=now)
            if token is None:
                attempt.rollback()
        if user is not None:
            detail = "" if token else "too many at once: no mail was sent"
            audit.record(
                connection, who=user.name, what="asked to sign in", about="", at=now, detail=detail
            )
    return token is not None


def _letter(settings: Settings, token: str, now: datetime) -> Letter:
    minutes = int(users.LINK_LASTS.total_seconds() // 60)
    return Letter(
        subject="Your link to sign in",
        preheader="It works once, in the browser where you asked for it.",
        date=wording.today(now),
        heading="Sign in",
        opening=(
            "You asked to sign in as a reviewer or as staff. The link opens a page with a button.",
        ),
        facts=(("The link works", f"once, for {minutes} minutes, in the browser that asked"),),
        action="Go to the page to sign in",
        url=f"{Addresses.of(settings).base}/sign-in/{token}",
        closing=("If it was not you who asked, do nothing: nobody else can use this link.",),
    )


def hand_over(settings: Settings, engine: sa.Engine, now: datetime) -> threading.Thread:
    """Empties the outbox in a thread of its own: a link that comes in five minutes is no use."""
    worker = threading.Thread(target=_hand_over, args=(settings, engine, now), name="handing over")
    worker.start()
    return worker


def _hand_over(settings: Settings, engine: sa.Engine, now: datetime) -> None:
    """The job boundary: what fails here waits in the outbox for the scheduler's next round."""
    try:
        send.deliver_due(settings, engine, ticking(now))
    except (TendersError, sa.exc.SQLAlchemyError) as error:
        log.warning("the outbox was not emptied at once (%s)", type(error).__name__)
