"""Browsing and searching: what the web app, feeds and the API ask the store.

`find` goes by `listings` (narrow rows) and the full text index; only the hits of one page are read
in full. What surrounds one opportunity or authority is in `dossiers`, and named here as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

import sqlalchemy as sa

from crawler.errors import UsageError
from crawler.store import counting, hits, paging, search, spelling
from crawler.store.dossiers import (
    Contract,
    Dossier,
    Event,
    Published,
    Related,
    Week,
    of_authority,
    related,
    releases_of,
    timeline,
    week,
)
from crawler.store.filters import DEFAULT, FACETS, Filters, check, choices, spans
from crawler.store.hits import Hit
from crawler.store.open_ones import OpenOnes
from crawler.store.paging import SORTS, Sort
from crawler.store.search import Segment, Words

__all__ = [
    "DEFAULT", "FACETS", "MOST", "SORTS", "Contract", "Dossier", "Event", "Filters", "Found", "Hit",
    "OpenOnes", "Published", "Related", "Segment", "Sort", "Week", "find", "of_authority",
    "related", "releases_of", "timeline", "week",
]  # fmt: skip

MOST = 100
"""Hits of one page."""

_FAR = 10_000
"""How far a page number reaches; markers reach everything."""

_CAP = 1000
"""How far a total is counted when counts were not asked for."""

_FEW = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One page of hits.

    `total` is exact, or with `capped` at least so many. `facets` are empty unless counts were asked
    for. `suggestion` are words that may have been meant; with `corrected` nothing had the words as
    written, and the hits are those of the suggestion. `next` asks for the page after this one.
    """

    items: tuple[Hit, ...] = ()
    total: int = 0
    capped: bool = False
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=lambda: MappingProxyType({}))
    suggestion: str | None = None
    corrected: bool = False
    next: str | None = None


def find(
    connection: sa.Connection,
    filters: Filters,
    sort: Sort = "relevance",
    *,
    now: datetime,
    limit: int = 20,
    offset: int = 0,
    after: str | None = None,
    counts: bool = False,
) -> Found:
    """What fulfils `filters`, in the order of `sort`, `limit` hits from `offset` or `after` on.

    ``relevance`` without words to look for is ``newest``. Raises `UsageError` for a filter value,
    order, page or marker that cannot be meant.
    """
    check(filters)
    if not 1 <= limit <= MOST:
        raise UsageError(f"a page of {limit} cannot be had; ask for 1 to {MOST}.")
    if not 0 <= offset <= _FAR or (offset and after is not None):
        raise UsageError(f"pages go up to hit {_FAR}. Narrow the search, or go on by marker.")
    asked = _Asked(filters=filters, sort=sort, now=now, limit=limit, after=after, counts=counts)
    if filters.q is None or not filters.q.strip():
        return _page(connection, asked, _Meant(words=None), offset)
    with search.by_index(connection):
        meant = _meant(connection, filters.q)
        return _page(connection, asked, meant, offset) if meant else Found()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What `find` was asked for."""

    filters: Filters
    sort: Sort
    now: datetime
    limit: int
    after: str | None
    counts: bool


def _page(connection: sa.Connection, asked: _Asked, meant: _Meant, offset: int) -> Found:
    filters, now, limit, counts = asked.filters, asked.now, asked.limit, asked.counts
    order = paging.order(connection, filters, meant.words, asked.sort, now, asked.after)
    rows = _rows(connection, filters, order, now, offset + limit + 1)[offset:]
    items = hits.load(connection, [pk for pk, _ in rows[:limit]], now, meant.words)
    count = counting.count if counts else _total
    source, conditions = search.among(connection, meant.words)
    counted = count(connection, source, [*conditions, *spans(filters, now)], filters, now)
    return Found(
        items=items,
        total=counted.total,
        capped=not counts and counted.total > _CAP,
        facets=counted.facets,
        suggestion=meant.suggestion,
        corrected=meant.corrected,
        next=order.marker(rows[limit - 1][1]) if len(rows) > limit else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meant:
    """The words to look for (None for all there is), and what to say about them."""

    words: Words | None
    suggestion: str | None = None
    corrected: bool = False


def _meant(connection: sa.Connection, query: str) -> _Meant | None:
    """What `query` means; None when it asks for something that nothing can be."""
    words = search.read(query)
    if not words.parts:
        return None
    number = search.occurs(connection, words, _FEW)
    if number >= _FEW:
        return _Meant(words=words)
    if not number:
        going_on = words.opened()
        if going_on and search.occurs(connection, going_on):
            return _Meant(words=going_on)
    better = spelling.mended(connection, words)
    if better is None or not search.occurs(connection, better):
        return _Meant(words=words)
    return _Meant(words=words if number else better, suggestion=better.text, corrected=not number)


def _rows(
    connection: sa.Connection, filters: Filters, order: paging.Order, now: datetime, most: int
) -> list[tuple[int, tuple[int, ...]]]:
    """Up to `most` hits in order: the internal id of each, and its place in the order."""
    conditions = [*spans(filters, now), *choices(filters, now).values()]
    falling = [key.desc() for key in order.keys]
    rows: list[tuple[int, tuple[int, ...]]] = []
    for tier, further in order.steps():
        query = sa.select(*order.keys).select_from(tier.source).where(*conditions, *further)
        found = connection.execute(query.order_by(*falling).limit(most - len(rows)))
        rows += [(keys[-1], (tier.number, *keys)) for keys in found]
        if len(rows) >= most:
            break
    return rows


def _total(
    connection: sa.Connection,
    source: sa.FromClause,
    conditions: Sequence[sa.ColumnElement[bool]],
    filters: Filters,
    now: datetime,
) -> counting.Counted:
    wanted = (*conditions, *choices(filters, now).values())
    some = sa.select(sa.literal(1)).select_from(source).where(*wanted).limit(_CAP + 1)
    number = connection.execute(sa.select(sa.func.count()).select_from(some.subquery()))
    return counting.Counted(total=number.scalar_one(), facets={})
