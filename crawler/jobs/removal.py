"""People who want their details removed: asked by the web form, done when the mailbox agrees.

Anybody may type any address, so that the address itself must say yes: it gets a mail with a link,
and only a press of the button there forgets it. What is no address (a name on a page, a telephone
number) goes to staff. Whoever asks learns nothing about what is kept.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa

from crawler import dates, keys
from crawler.addresses import Addresses
from crawler.config import Settings
from crawler.digest import wording
from crawler.digest.consenting import Letter
from crawler.jobs import forgetting, letters
from crawler.mailboxes import address
from crawler.store import database, outbox, removals
from crawler.tokens import TokenExpired, TokenForged

GOOD_FOR = timedelta(days=7)
MAILS_A_DAY = 2
LONGEST = 2_000
_STAFF = "staff"


def ask(settings: Settings, engine: sa.Engine, *, email: str, words: str, now: datetime) -> None:
    """Writes to `email` for its word, if one is given, and to staff if there is more to read.

    Raises `UsageError` for an `email` that is no address.
    """
    asked = address(email) if email else None
    with database.writing(engine) as connection:
        if asked:
            _write_to_owner(settings, connection, asked, now)
        if words.strip():
            _write_to_staff(settings, connection, asked, words, now)


def _write_to_owner(
    settings: Settings, connection: sa.Connection, email: str, now: datetime
) -> None:
    if removals.asked_since(connection, email, now - timedelta(days=1)) >= MAILS_A_DAY:
        return
    reference = secrets.token_urlsafe(12)
    addresses = Addresses.of(settings)
    url = f"{addresses.base}/remove-my-details/{addresses.tokens.make('answer', reference)}"
    letter = Letter(
        subject="Remove your details?",
        preheader="One press of a button, and we forget this address.",
        date=wording.today(now),
        heading="Shall we forget this address?",
        opening=(
            f"On {dates.spell(now)} somebody asked us to remove this address from everything we"
            " keep: from contacts, from notices, and from what we read later.",
            "If that was you, press the button. If not, do nothing: nothing changes.",
        ),
        facts=(("The link works for", "seven days"),),
        action="Forget this address",
        url=url,
        closing=(),
    )
    about = removals.about(reference)
    letters.post(settings, connection, letter, email, kind=removals.KIND, about=about, now=now)


def _write_to_staff(
    settings: Settings, connection: sa.Connection, email: str | None, words: str, now: datetime
) -> None:
    told = wording.plain(words[:LONGEST], LONGEST)
    letter = Letter(
        subject="Somebody asks for their details to be removed",
        preheader="A request that needs a person’s eye.",
        date=wording.today(now),
        heading="A removal request",
        opening=("Somebody wrote this in the form “Remove my details”:", told),
        facts=(("Their address", email or "not given"),),
        action="Open the form’s page",
        url=f"{Addresses.of(settings).base}/remove-my-details",
        closing=(),
    )
    about = f"removal for staff {secrets.token_urlsafe(12)}"
    staff = address(settings.contact)
    letters.post(settings, connection, letter, staff, kind=_STAFF, about=about, now=now)


def owner(settings: Settings, engine: sa.Engine, token: str, now: datetime) -> str | None:
    """The address that may be forgotten with `token`; None for no token of ours, or an old one."""
    try:
        ticket = Addresses.of(settings).tokens.read("answer", token)
    except (TokenExpired, TokenForged):
        return None
    with engine.connect() as connection:
        return removals.recipient(connection, ticket.handle, now - GOOD_FOR)


def forget(settings: Settings, engine: sa.Engine, email: str, now: datetime) -> None:
    """Forgets an address whose owner has agreed: now, and in whatever is read later."""
    key = keys.forget_key(settings)
    forgetting.forget(engine, key, email, now, settings.forgotten)
    with database.writing(engine) as connection:
        outbox.erase(connection, email)
