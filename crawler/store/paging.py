"""In which order hits come, and markers by which the next page goes on where the last one ended.

A marker names the last hit's place in the order, not its number: what is inserted or removed
meanwhile moves nothing else. It is opaque to people but no secret, and good only for the search
that it came from.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Literal, get_args

import msgspec
import sqlalchemy as sa

from crawler.errors import UsageError
from crawler.store import search
from crawler.store.filters import Filters, as_data
from crawler.store.listings import seconds
from crawler.store.search import Words
from crawler.store.tables import listings

Sort = Literal["relevance", "closing", "newest", "value", "score"]
SORTS: tuple[Sort, ...] = get_args(Sort)

_HIGHEST = 2**63 - 1
_LONGEST = 300
_STALE = timedelta(days=30)


class _Place(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """What a marker holds: the search's name, its moment in seconds, and the last hit's keys."""

    search: str
    at: int
    keys: tuple[int, ...]


Condition = sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A part of all hits: rows of `source`, which holds `listings`, that fulfil `conditions`."""

    number: int
    source: sa.FromClause
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """`tiers` come one after another, the highest number first.

    Within a tier hits are ordered by `keys`, all falling and unique together. `after` is where the
    page before ended: the tier's number, then the keys.
    """

    tiers: tuple[Tier, ...]
    keys: tuple[sa.ColumnElement[int], ...]
    name: str
    at: int
    after: tuple[int, ...] | None = None

    def steps(self) -> Iterator[tuple[Tier, list[Condition]]]:
        """The tiers that are left, each with the conditions under which hits are still to come."""
        for tier in self.tiers:
            if self.after is None or tier.number < self.after[0]:
                yield tier, [*tier.conditions]
            elif tier.number == self.after[0]:
                reached = sa.tuple_(*(sa.literal(key, sa.BigInteger) for key in self.after[1:]))
                yield tier, [*tier.conditions, sa.tuple_(*self.keys) < reached]

    def marker(self, last: Sequence[int]) -> str:
        """What the next page is asked for with, given the tier and keys of this page's last hit."""
        data = msgspec.json.encode(_Place(self.name, self.at, tuple(last)))
        return base64.urlsafe_b64encode(data).decode().rstrip("=")


def order(
    connection: sa.Connection,
    filters: Filters,
    words: Words | None,
    sort: Sort,
    now: datetime,
    marker: str | None,
) -> Order:
    """The order of `sort`, going on after `marker`. Raises `UsageError` for a bad one."""
    if sort not in SORTS:
        raise UsageError(f"there is no order {str(sort)[:40]!r}. Use one of {', '.join(SORTS)}.")
    plain = repr((sort, words, as_data(filters))).encode(errors="replace")
    name = blake2b(plain, digest_size=6).hexdigest()
    place = _read(marker, name, now) if marker is not None else None
    at = place.at if place else seconds(now)
    keys = (*_keys(sort, at), listings.c.opportunity_id)
    if place and len(place.keys) != len(keys) + 1:
        raise _unknown()
    return Order(
        tiers=_tiers(connection, words, sort),
        keys=keys,
        name=name,
        at=at,
        after=place.keys if place else None,
    )


def _read(marker: str, name: str, now: datetime) -> _Place:
    try:
        if len(marker) > _LONGEST:
            raise _unknown()
        data = base64.b64decode(marker + "=" * (-len(marker) % 4), altchars=b"-_", validate=True)
        place = msgspec.json.decode(data, type=_Place)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise _unknown() from error
    if place.search != name:
        raise UsageError(
            "the page marker belongs to another search. Leave `after` out to begin with the first"
            " page of this one."
        )
    if not seconds(now - _STALE) <= place.at <= seconds(now) + 60:
        raise UsageError("the page marker is too old. Leave `after` out to begin again.")
    if any(abs(key) > _HIGHEST for key in place.keys):
        raise _unknown()
    return place


def _unknown() -> UsageError:
    return UsageError(
        "the page marker is not one that we gave. Leave `after` out to begin with the first page."
    )


def _keys(sort: Sort, at: int) -> tuple[sa.ColumnElement[int], ...]:
    table = listings.c
    if sort == "value":
        return (sa.func.coalesce(table.value_high, -1),)
    if sort == "score":
        return (table.chance,)
    if sort == "closing":
        # What can still be met comes first, then what names no date, then what is over.
        ahead, undated = table.closes >= at, table.closes.is_(None)
        return (
            sa.case((ahead, 2), (undated, 1), else_=0),
            sa.case((ahead, -table.closes), (undated, table.published), else_=table.closes),
        )
    return (table.published,)


def _tiers(connection: sa.Connection, words: Words | None, sort: Sort) -> tuple[Tier, ...]:
    """By relevance: hits in the title, then in title and buyer's name together, then all others.

    Weighing how often words occur would mean reading every hit, and every notice that comes would
    order the pages anew. Tier by tier, a common word's first page is found among titles alone.
    """

    def tier(number: int, where: search.Where, *others: Condition) -> Tier:
        source, conditions = search.among(connection, words, where)
        return Tier(number=number, source=source, conditions=(*conditions, *others))

    if words is None or sort != "relevance":
        return (tier(0, "anywhere"),)
    pk = listings.c.opportunity_id
    titles, heads = (
        pk.in_(search.hits(connection, words, where).correlate(None)) for where in ("title", "head")
    )
    return (
        tier(2, "title"),
        tier(1, "head", ~titles),
        tier(0, "anywhere", ~heads),
    )
