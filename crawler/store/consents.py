"""The evidence of who agreed to what: when, to which words, from where. Rows are only ever added.

Of an Internet address only its network is kept, which cannot single out a household's device.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv6Network, ip_address, ip_network
from typing import Literal, get_args

import sqlalchemy as sa

from crawler.store.tables import consents

Event = Literal[
    "asked", "confirmed", "changed", "paused", "resumed", "stopped", "imported", "suppressed",
    "partnering", "withdrew",
]  # fmt: skip
EVENTS: tuple[Event, ...] = get_args(Event)
_LONGEST_ORIGIN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One piece of evidence.

    `wording` is the version of the words they saw, `origin` the page, command or file it came by,
    `network` an IPv4 /24 or IPv6 /48.
    """

    id: int
    event: Event
    at: datetime
    origin: str
    wording: str | None = None
    network: str | None = None


def network_of(address: str | None) -> str | None:
    """The /24 (IPv4) or /48 (IPv6) that an Internet address, or a smaller network, lies in.

    None for what is no address.
    """
    if not address:
        return None
    words = address.strip().partition("%")[0]
    try:
        if "/" in words:
            found = ip_network(words, strict=False)
            if found.prefixlen < (48 if isinstance(found, IPv6Network) else 24):
                return None
            one = found.network_address
        else:
            one = ip_address(words)
        if one.version == 6 and one.ipv4_mapped:
            one = one.ipv4_mapped
        return str(ip_network(f"{one}/{24 if one.version == 4 else 48}", strict=False))
    except ValueError:
        return None


def record(
    connection: sa.Connection,
    subscriber_id: int,
    event: Event,
    *,
    at: datetime,
    origin: str,
    wording: str | None = None,
    network: str | None = None,
) -> int:
    """Keeps a piece of evidence; its number. `network` may be a whole address: it is shortened."""
    key = connection.execute(
        consents.insert().values(
            subscriber_id=subscriber_id,
            event=event,
            at=at,
            wording=wording,
            origin=origin[:_LONGEST_ORIGIN],
            network=network_of(network),
        )
    ).inserted_primary_key
    assert key is not None
    return int(key[0])


def record_all(
    connection: sa.Connection,
    subscriber_ids: Iterable[int],
    event: Event,
    *,
    at: datetime,
    origin: str,
) -> None:
    """Keeps the same evidence for many people."""
    row = {"event": event, "at": at, "origin": origin[:_LONGEST_ORIGIN]}
    if rows := [{"subscriber_id": one, **row} for one in subscriber_ids]:
        connection.execute(consents.insert(), rows)


def of(connection: sa.Connection, subscriber_id: int) -> list[Consent]:
    """Everything kept of one person, oldest first."""
    rows = connection.execute(
        sa.select(consents).where(consents.c.subscriber_id == subscriber_id).order_by(consents.c.id)
    )
    return [
        Consent(
            id=row.id,
            event=row.event,
            at=row.at,
            origin=row.origin,
            wording=row.wording,
            network=row.network,
        )
        for row in rows
    ]


def newest(
    connection: sa.Connection, subscriber_id: int, events: Iterable[Event] = EVENTS
) -> Consent | None:
    """The latest piece of evidence of one of `events`, or None."""
    wanted = frozenset(events)
    found = [one for one in of(connection, subscriber_id) if one.event in wanted]
    return found[-1] if found else None
