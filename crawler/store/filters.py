"""What somebody wants to see of all opportunities, and the conditions on `listings` it comes to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from crawler.errors import UsageError
from crawler.items import STATUSES
from crawler.store.listings import BITS, WORDS, gss_number, mask, pence, seconds
from crawler.store.tables import listings, origins

FACETS = (*WORDS, "authorities", "sources")
"""The filters whose values can be counted; each is a field of `Filters`."""

DEFAULT = ("arts", "commissionable")
"""What everybody is shown unless they ask for more: found to be for arts organisations."""

_LONGEST = 400
_SOURCE = re.compile(r"[a-z0-9-]{1,40}")
_SOON = 3660
_RUNS_OUT = mask("status", ["open", "unknown"])
_ALL_STATUSES = mask("status", STATUSES)
_CLOSED = BITS["status"]["closed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Every field narrows; an empty one does not. Values of one field are alternatives.

    `relevance` holds what a notice is shown as (`crawler.bands.SHOWN_AS`), `authorities` GSS codes,
    `regions` ITL1 codes, ``UK`` for nationwide work and ``unknown``. Values are whole currency
    units; a notice fits if its span of values touches the span asked for, and one that names no
    value fits only where none is asked for. `closing_within` are days from now; of moments the
    first is included, the last is not. `buyer` is a name as `crawler.text.key` makes it.
    """

    q: str | None = None
    regions: Sequence[str] = ()
    authorities: Sequence[str] = ()
    art_forms: Sequence[str] = ()
    outcomes: Sequence[str] = ()
    relevance: Sequence[str] = DEFAULT
    stages: Sequence[str] = ()
    status: Sequence[str] = ()
    buyer_kinds: Sequence[str] = ()
    sources: Sequence[str] = ()
    value_min: Decimal | None = None
    value_max: Decimal | None = None
    closing_within: int | None = None
    closing_from: datetime | None = None
    closing_to: datetime | None = None
    published_from: datetime | None = None
    published_to: datetime | None = None
    buyer: str | None = None


def check(filters: Filters) -> None:
    """Raises `UsageError` for what no filter can mean."""
    for facet, words in WORDS.items():
        for value in getattr(filters, facet):
            if value not in words:
                raise UsageError(
                    f"{facet} has no value {value[:40]!r}. Use one of {', '.join(words)}."
                )
    for facet in ("authorities", "sources"):
        if len(getattr(filters, facet)) > _LONGEST:
            raise UsageError(f"{facet} names too many values; name {_LONGEST} at most.")
    for code in filters.authorities:
        if not gss_number(code):
            raise UsageError(f"{code[:40]!r} is no GSS code. They look like E08000003.")
    for source in filters.sources:
        if not _SOURCE.fullmatch(source):
            raise UsageError(f"{source[:40]!r} is no source. `tenders sources` lists their keys.")
    days = filters.closing_within
    if days is not None and not 0 <= days <= _SOON:
        raise UsageError(f"closing_within is {days} days; ask for 0 to {_SOON}.")


def card_at(now: datetime) -> sa.ColumnElement[int]:
    """The bits of a listing on the day: what was open is closed once its deadline has passed."""
    table = listings.c
    over = sa.and_(table.closes < seconds(now), table.card.bitwise_and(_RUNS_OUT) != 0)
    closed = table.card.bitwise_and(~_ALL_STATUSES).bitwise_or(_CLOSED)
    return sa.case((over, closed), else_=table.card)


def spans(filters: Filters, now: datetime) -> list[sa.ColumnElement[bool]]:
    """The conditions of all filters but the words looked for and those in `FACETS`."""
    table = listings.c
    found: list[sa.ColumnElement[bool]] = []
    if filters.value_min is not None:
        found.append(table.value_high >= pence(filters.value_min))
    if filters.value_max is not None:
        found.append(table.value_low <= pence(filters.value_max))
    if filters.closing_within is not None:
        until = now + timedelta(days=filters.closing_within)
        found.append(table.closes.between(seconds(now), seconds(until)))
    if filters.closing_from is not None:
        found.append(table.closes >= seconds(filters.closing_from))
    if filters.closing_to is not None:
        found.append(table.closes < seconds(filters.closing_to))
    if filters.published_from is not None:
        found.append(table.published >= seconds(filters.published_from))
    if filters.published_to is not None:
        found.append(table.published < seconds(filters.published_to))
    if filters.buyer is not None:
        found.append(table.buyer_key == filters.buyer.replace("\0", ""))
    return found


def choices(filters: Filters, now: datetime) -> dict[str, sa.ColumnElement[bool]]:
    """The conditions of the facets that are narrowed, by facet."""
    card = card_at(now)
    found: dict[str, sa.ColumnElement[bool]] = {}
    for facet in WORDS:
        wanted = mask(facet, getattr(filters, facet))
        if wanted:
            narrow = card if facet == "status" else listings.c.card
            found[facet] = narrow.bitwise_and(wanted) != 0
    if filters.authorities:
        numbers = [gss_number(code) for code in filters.authorities]
        found["authorities"] = listings.c.authority.in_(numbers)
    if filters.sources:
        one = (
            origins.c.sources.contains(f" {source} ", autoescape=True) for source in filters.sources
        )
        found["sources"] = listings.c.origin.in_(sa.select(origins.c.id).where(sa.or_(*one)))
    return found


def as_data(filters: Filters) -> Mapping[str, Any]:
    """`filters` as plain data, equal for equal filters in whatever order."""
    plain: dict[str, Any] = {}
    for name in Filters.__slots__:
        value = getattr(filters, name)
        plain[name] = sorted(value) if isinstance(value, (list, tuple)) else value
    return plain
