"""Subscribers who are open to partnering: their words and their consent, withdrawn at any time.

An entry is somebody's own, shown only while they agree and get our mail. Every change and its
evidence are one transaction; `origin` says where it came from, `network` may be the whole Internet
address it came from.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from crawler.digest import wording
from crawler.digest.consenting import PARTNERING
from crawler.errors import UsageError
from crawler.items import ART_FORMS, OUTCOMES
from crawler.jobs.organisations import place_of
from crawler.partners.bodies import name_key
from crawler.store import consents, database, introductions, organisations, subscribers
from crawler.store.organisations import Organisation
from crawler.store.subscribers import Subscriber

PITCH = 300
_ADDRESS = re.compile(
    r"@|://|\bwww\.|\b[\w-]+\.(?:com|org|net|uk|co|io|eu|info|biz|scot|wales|cymru|london)\b"
    r"|(?:\d[\s().-]*){9,}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What somebody says of themselves. `authority` is a GSS code; `words` are their own."""

    words: str
    art_forms: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    authority: str | None = None


def open_up(
    engine: sa.Engine,
    person: Subscriber,
    offer: Offer,
    *,
    origin: str,
    network: str | None = None,
    now: datetime,
) -> Organisation:
    """Shows somebody as a possible partner, or changes what their entry says.

    Raises `UsageError` for who gets no mail, has no organisation's name, or says what may not be
    said to everybody.
    """
    offer = _checked(offer)
    with database.writing(engine) as connection:
        known = subscribers.by_id(connection, person.id)
        if known is None or known.state != "active":
            raise UsageError(
                f"{person.email} does not get our emails at the moment, by which people would be"
                " introduced. Confirm them, or end the pause, first."
            )
        if not known.organisation:
            raise UsageError("Say first what your organisation is called, and save that.")
        before = organisations.own(connection, known.id)
        made = _entry(known, offer, before, now)
        if made == before:
            return made
        if before:
            organisations.change(connection, [made])
        else:
            organisations.add(connection, [made])
        consents.record(
            connection,
            known.id,
            "partnering",
            at=now,
            origin=origin,
            wording=PARTNERING,
            network=network,
        )
    return made


def public_words(said: str) -> str:
    """What somebody says to others, on one line. Raises `UsageError` for what may not be said."""
    words = wording.plain(said, 2 * PITCH)
    if len(words) > PITCH:
        raise UsageError(
            f"Your words have {len(words)} characters, {PITCH} are the most. Say it shorter."
        )
    if _ADDRESS.search(words):
        raise UsageError(
            "Leave addresses, links and telephone numbers out of your words. We pass email"
            " addresses on, to both of you, once an introduction is agreed."
        )
    return words


def _checked(offer: Offer) -> Offer:
    words = public_words(offer.words)
    if not words:
        raise UsageError("Say in a sentence or two what you could bring to a partnership.")
    forms = tuple(form for form in ART_FORMS if form in offer.art_forms)
    outcomes = tuple(one for one in OUTCOMES if one in offer.outcomes)
    if not forms and not outcomes:
        raise UsageError("Choose at least one art form or outcome that you could bring.")
    if not offer.authority:
        raise UsageError("Say in which council’s area you are, so that people nearby find you.")
    return replace(offer, words=words, art_forms=forms, outcomes=outcomes)


def _entry(
    person: Subscriber, offer: Offer, before: Organisation | None, now: datetime
) -> Organisation:
    region, authority = place_of(None, offer.authority, None)
    if authority is None:
        raise UsageError(f"{offer.authority!r} is no authority that we know. Write its name.")
    name = person.organisation or ""
    key = before.key if before else organisations.key_of(f"subscriber {secrets.token_hex(16)}")
    return Organisation(
        id=before.id if before else 0,
        key=key,
        name=name,
        name_key=name_key(name),
        region=region,
        authority=authority,
        art_forms=offer.art_forms,
        outcomes=offer.outcomes,
        subscriber_id=person.id,
        pitch=offer.words,
        opened=before.opened if before else now,
    )


def rename(connection: sa.Connection, person: Subscriber, name: str | None) -> None:
    """Follows a change of an organisation's name; without a name the entry goes."""
    entry = organisations.own(connection, person.id)
    if entry is None or entry.name == name:
        return
    if name:
        organisations.change(connection, [replace(entry, name=name, name_key=name_key(name))])
    else:
        organisations.withdraw(connection, person.id)


def withdraw(
    engine: sa.Engine,
    person: Subscriber,
    *,
    origin: str,
    network: str | None = None,
    now: datetime,
) -> bool:
    """Takes somebody out at once, and what they were asked with them; whether they were in."""
    with database.writing(engine) as connection:
        if not organisations.withdraw(connection, person.id):
            return False
        introductions.close_for(connection, person.id, now)
        consents.record(connection, person.id, "withdrew", at=now, origin=origin, network=network)
    return True
