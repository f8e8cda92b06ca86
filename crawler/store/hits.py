"""Opportunities as a list shows them: read for a page at a time, since their rows are wide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from crawler.bands import SHOWN_AS, ShownAs
from crawler.items import Stage, Status
from crawler.opportunity import status_at
from crawler.store import search
from crawler.store.listings import words_in
from crawler.store.search import Segment, Words
from crawler.store.statements import padded
from crawler.store.tables import listings, opportunities
from crawler.text import one_line

_LEDE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One opportunity in a list. Times are aware UTC, values whole currency units.

    `id` is public, `pk` internal; `status` is that of the day. `heading` is the title and `passage`
    a piece of the description, both with what was looked for marked: plain text, never HTML.
    `shown_as` and tags are as a reviewer decided, where one did; `relevance` is the judgement's.
    """

    pk: int
    id: str
    title: str
    heading: tuple[Segment, ...]
    passage: tuple[Segment, ...]
    buyer: str | None
    regions: tuple[str, ...]
    authority: str | None
    stage: Stage
    status: Status
    notice_type: str | None
    published: datetime
    deadline: datetime | None
    changed_at: datetime | None
    value_min: Decimal | None
    value_max: Decimal | None
    currency: str | None
    relevance: str | None
    shown_as: ShownAs
    scores: Mapping[str, float]
    art_forms: tuple[str, ...]
    outcomes: tuple[str, ...]
    sources: tuple[str, ...]


_AS_STORED = (
    "title", "authority", "stage", "notice_type", "published", "deadline", "changed_at",
    "value_min", "value_max", "currency", "relevance",
)  # fmt: skip
_LISTS = ("regions", "sources")


def load(
    connection: sa.Connection,
    ids: Sequence[int],
    now: datetime,
    words: Words | None = None,
    *,
    brief: bool = False,
) -> tuple[Hit, ...]:
    """The opportunities with these internal ids, in their order; what is gone is left out.

    If `brief`, without a piece of their descriptions: a long text takes a while to read.
    """
    if not ids:
        return ()
    query = _BRIEF_ROWS if brief else _ROWS
    rows = {row.id: row for row in connection.execute(query, {"ids": padded(ids)})}
    marked = search.passages(connection, words, list(rows)) if words and rows else {}
    return tuple(_hit(rows[pk], now, marked.get(pk)) for pk in ids if pk in rows)


def _rows_query(lede: sa.ColumnElement[str]) -> sa.Select[Any]:
    """The query behind `load`; to build one takes as long as its answer."""
    table = opportunities.c
    names = ("id", "key", "buyer_name", "status", "scores", *_AS_STORED, *_LISTS)
    return (
        sa.select(*(table[name] for name in names), lede.label("lede"), listings.c.card)
        .join(listings, listings.c.opportunity_id == table.id)
        .where(table.id.in_(sa.bindparam("ids", expanding=True)))
    )


_ROWS = _rows_query(sa.func.substr(opportunities.c.description, 1, 2 * _LEDE))
_BRIEF_ROWS = _rows_query(sa.literal(""))


def _hit(
    row: Any, now: datetime, marked: tuple[tuple[Segment, ...], tuple[Segment, ...]] | None
) -> Hit:
    heading, passage = marked or ((), ())
    same: dict[str, Any] = {name: getattr(row, name) for name in _AS_STORED}
    lists: dict[str, Any] = {name: tuple(getattr(row, name)) for name in _LISTS}
    return Hit(
        pk=row.id,
        id=row.key,
        heading=heading or (Segment(search.printable(row.title)),),
        passage=passage or (Segment(search.printable(one_line(row.lede, _LEDE))),),
        buyer=row.buyer_name,
        status=status_at(row.status, row.deadline, now),
        shown_as=_shown_as(row.card),
        art_forms=words_in(row.card, "art_forms"),
        outcomes=words_in(row.card, "outcomes"),
        scores=row.scores or {},
        **same,
        **lists,
    )


def _shown_as(card: int) -> ShownAs:
    return next(word for word in SHOWN_AS if word in words_in(card, "relevance"))
