"""Bounces and complaints, and the list of addresses that are not written to because of them.

The list holds keyed hashes (`crawler.keys.suppression_key`): it says whether an address that comes
along is on it, and outlives the person's erasure. Only their own new opt-in takes it off again.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from crawler.store.forgotten import digest
from crawler.store.outbox import Origin
from crawler.store.statements import chunks, inserted
from crawler.store.tables import bounces, outbox, subscribers, suppressions

BounceKind = Literal["hard", "soft", "complaint", "policy"]
"""``policy`` is a refusal of what we sent or of who we are: no fault of the address."""

Effect = Literal["known", "recorded", "suppressed"]
SOFT_DAYS = 3
SOFT_WITHIN = timedelta(days=30)
_ADDRESS = re.compile(r"[^\s<>()\"',;:]+@[^\s<>()\"',;:]+")
_LONGEST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """One report of a failure or complaint; `report` is its hash: the same again counts once.

    `status` is an RFC 3463 code such as ``5.1.1``.
    """

    report: str
    kind: BounceKind
    at: datetime
    words: str
    status: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """Why an address is on the list, and since when; `words` are its server's, untrusted."""

    reason: BounceKind
    at: datetime
    words: str


def record(connection: sa.Connection, key: bytes, bounce: Bounce, origin: Origin) -> Effect:
    """Records a bounce of the mail `origin`, and suppresses its address where that is due.

    A hard bounce and a complaint suppress at once, soft bounces on three different days within 30.
    A bounce of a mail that went out before its person opted in last says nothing of today.
    """
    row = {
        "subscriber_id": origin.subscriber_id,
        "outbox_id": origin.id,
        "report": bounce.report,
        "at": bounce.at,
        "kind": bounce.kind,
        "status": bounce.status,
        "words": _without_addresses(bounce.words),
    }
    if not inserted(connection, bounces, row):
        return "known"
    since = _opted_in(connection, origin.subscriber_id)
    stale = since is not None and origin.sent_at < since
    due = bounce.kind == "complaint" or (
        not stale
        and (
            bounce.kind == "hard"
            or (bounce.kind == "soft" and _worn_out(connection, origin, bounce.at, since))
        )
    )
    if not due:
        return "recorded"
    suppress(connection, key, origin.recipient, bounce.kind, bounce.words, bounce.at)
    return "suppressed"


def _opted_in(connection: sa.Connection, subscriber_id: int | None) -> datetime | None:
    if subscriber_id is None:
        return None
    query = sa.select(subscribers.c.confirmed_at).where(subscribers.c.id == subscriber_id)
    found: datetime | None = connection.execute(query).scalar_one_or_none()
    return found


def _worn_out(
    connection: sa.Connection, origin: Origin, now: datetime, since: datetime | None
) -> bool:
    start = max(now - SOFT_WITHIN, since) if since else now - SOFT_WITHIN
    moments = connection.execute(
        sa.select(bounces.c.at)
        .join(outbox, outbox.c.id == bounces.c.outbox_id)
        .where(
            outbox.c.recipient == origin.recipient,
            bounces.c.kind == "soft",
            bounces.c.at > start,
            bounces.c.at <= now,
        )
    ).scalars()
    return len({moment.date() for moment in moments}) >= SOFT_DAYS


def suppress(
    connection: sa.Connection,
    key: bytes,
    address: str,
    reason: BounceKind,
    words: str,
    now: datetime,
) -> bool:
    """Puts `address` on the list; whether it was not on it before."""
    row = {
        "digest": digest(key, address),
        "reason": reason,
        "at": now,
        "words": _without_addresses(words),
    }
    return inserted(connection, suppressions, row)


def lift(connection: sa.Connection, key: bytes, address: str) -> Suppression | None:
    """Takes `address` off the list, because it opted in anew; how it stood on it, if it did."""
    found = of(connection, key, address)
    connection.execute(suppressions.delete().where(suppressions.c.digest == digest(key, address)))
    return found


def among(connection: sa.Connection, key: bytes, addresses: Collection[str]) -> set[str]:
    """Which of `addresses` are on the list."""
    return set(found(connection, key, addresses))


def found(
    connection: sa.Connection, key: bytes, addresses: Collection[str]
) -> dict[str, Suppression]:
    """Those of `addresses` that are on the list, each with why and since when."""
    digests = {digest(key, address): address for address in addresses}
    listed: dict[str, Suppression] = {}
    for part in chunks(digests):
        query = sa.select(suppressions).where(suppressions.c.digest.in_(part))
        for row in connection.execute(query):
            listed[digests[row.digest]] = Suppression(
                reason=row.reason, at=row.at, words=row.words or ""
            )
    return listed


def of(connection: sa.Connection, key: bytes, address: str) -> Suppression | None:
    """Why `address` is not written to, None where it is not on the list."""
    return found(connection, key, [address]).get(address)


def _without_addresses(words: str) -> str:
    """Server's words for keeping: they often repeat the address, which must not stay."""
    return _ADDRESS.sub("[address]", " ".join(words.split()))[:_LONGEST]
